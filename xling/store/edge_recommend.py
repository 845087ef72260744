"""Recommendations from examples in an embedded collection."""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
import qdrant_edge as qe
from numpy.typing import NDArray

from xling.store.base import FilterJson, Record, Store, Strategy
from xling.store.edge_filters import to_edge_filter
from xling.store.records import to_record
from xling.store.vectors import check_queries


class EdgeRecommend(Store):
    """What `EdgeStore` offers to search with several examples."""

    @abstractmethod
    def _shard(self) -> qe.EdgeShard: ...

    @abstractmethod
    def _errors(self, doing: str) -> contextlib.AbstractContextManager[None]: ...

    @abstractmethod
    def _size_of(self, vector_name: str) -> int: ...

    @abstractmethod
    def _params(self, *, exact: bool) -> qe.SearchParams: ...

    def recommend(
        self,
        liked: NDArray[np.float32],
        disliked: NDArray[np.float32],
        *,
        strategy: Strategy,
        vector_name: str,
        filters: Sequence[FilterJson | None],
        limit: int,
        exact: bool = False,
    ) -> list[list[Record]]:
        for examples in (liked, disliked):
            check_queries(examples, self._size_of(vector_name))
        kinds = {"best_score": qe.Query.RecommendBestScore, "sum_scores": qe.Query.RecommendSumScores}
        query = kinds[strategy](qe.RecommendQuery(liked.tolist(), disliked.tolist()), using=vector_name or None)
        requests = [
            qe.QueryRequest(
                limit=limit,
                query=query,
                filter=to_edge_filter(filter),
                with_payload=True,
                params=self._params(exact=exact),
            )
            for filter in filters
        ]
        if not requests:
            return []
        with self._errors("recommend"):
            pages = self._shard().query_batch(qe.QueryBatchRequest(requests))
        return [[to_record(point, None, point.score) for point in page] for page in pages]
