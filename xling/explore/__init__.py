"""Looking at a collection: more like this, recommendations, labels, topics, maps."""

from __future__ import annotations

from xling.explore.labels import Classifier
from xling.explore.maps import Map
from xling.explore.results import (
    Agreement,
    Cluster,
    Clusters,
    Coverage,
    DuplicatePair,
    Gap,
    Member,
    NearDuplicates,
    Outlier,
    Placed,
    Prediction,
)

__all__ = [
    "Agreement",
    "Classifier",
    "Cluster",
    "Clusters",
    "Coverage",
    "DuplicatePair",
    "Gap",
    "Map",
    "Member",
    "NearDuplicates",
    "Outlier",
    "Placed",
    "Prediction",
]
