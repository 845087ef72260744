"""Looking at a collection: more like this, recommendations, labels, topics, maps, and how the space is."""

from __future__ import annotations

from xling.explore.labels import Classifier
from xling.explore.maps import Map
from xling.explore.probe import Hub, Probe, Saving, Shape
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
    "Hub",
    "Map",
    "Member",
    "NearDuplicates",
    "Outlier",
    "Placed",
    "Prediction",
    "Probe",
    "Saving",
    "Shape",
]
