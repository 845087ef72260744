"""Looking at a collection: more like this, recommendations, labels, topics, maps."""

from __future__ import annotations

from xling.explore.labels import Classifier
from xling.explore.maps import Map
from xling.explore.results import Agreement, Cluster, Clusters, Coverage, Gap, Member, Placed, Prediction

__all__ = ["Agreement", "Classifier", "Cluster", "Clusters", "Coverage", "Gap", "Map", "Member", "Placed", "Prediction"]
