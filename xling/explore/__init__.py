"""Looking at a collection: more like this, recommendations, labels, topics, maps."""

from __future__ import annotations

from xling.explore.labels import Classifier
from xling.explore.results import Prediction

__all__ = ["Classifier", "Prediction"]
