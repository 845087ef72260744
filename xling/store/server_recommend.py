"""Recommendations from examples in a collection on a server."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xling.store.base import FilterJson, Record, Store, Strategy
from xling.store.records import to_record
from xling.store.server_filters import client_filter
from xling.store.server_storage import search_params
from xling.store.steps import Steps, stepwise
from xling.store.vectors import check_queries


class ServerRecommend(Store):
    """What `ServerStore` offers to search with several examples. `sum_scores` came with Qdrant 1.14."""

    _local: bool
    _quantized: bool

    @abstractmethod
    def _call(self, doing: str, method: str, *args: Any, **kwargs: Any) -> Steps[Any]: ...

    @abstractmethod
    def _size_of(self, vector_name: str) -> Steps[int]: ...

    @stepwise("_perform")
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
    ) -> Steps[list[list[Record]]]:
        from qdrant_client import models

        for examples in (liked, disliked):
            check_queries(examples, (yield from self._size_of(vector_name)))
        given = models.RecommendInput(
            positive=liked.tolist(), negative=disliked.tolist(), strategy=models.RecommendStrategy(strategy)
        )
        requests = [
            models.QueryRequest(
                query=models.RecommendQuery(recommend=given),
                using=vector_name or None,
                filter=client_filter(filter),
                limit=limit,
                with_payload=True,
                params=None if self._local else search_params(exact=exact, quantized=self._quantized),
            )
            for filter in filters
        ]
        if not requests:
            return []
        responses = yield from self._call("recommend", "query_batch_points", requests)
        return [[to_record(point, None, point.score) for point in response.points] for response in responses]
