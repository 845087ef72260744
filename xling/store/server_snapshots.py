"""Snapshots of a collection on a server: files that Qdrant writes there and reads again."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from xling.errors import InvalidInput
from xling.store.base import Store
from xling.store.steps import Steps, stepwise
from xling.types import Snapshot


class ServerSnapshots(Store):
    """What a server store offers for backup beside an export."""

    _local: bool
    _client: Any

    @abstractmethod
    def _call(self, doing: str, method: str, *args: Any, **kwargs: Any) -> Steps[Any]: ...

    @stepwise("_perform")
    def create_snapshot(self) -> Steps[Snapshot]:
        """Have the server write a snapshot of the collection as it is now.

        Raises:
            InvalidInput: Parts of it lie on other nodes of a cluster.
        """
        self._check_server()
        yield from self._check_whole()
        return _snapshot((yield from self._call("make a snapshot", "create_snapshot", wait=True)))

    @stepwise("_perform")
    def snapshots(self) -> Steps[list[Snapshot]]:
        """The snapshots of the collection that lie on the server, oldest first."""
        self._check_server()
        found = yield from self._call("list the snapshots", "list_snapshots")
        return sorted((_snapshot(one) for one in found), key=lambda one: (one.created or "", one.name))

    @stepwise("_perform")
    def recover(self, location: str) -> Steps[None]:
        """Replace the collection by a snapshot, wherever the server can read it from."""
        self._check_server()
        if "://" not in location:
            location = f"file:///qdrant/snapshots/{self.name}/{location}"
        yield from self._call("restore a snapshot", "recover_snapshot", location, priority="snapshot", wait=True)

    def _check_whole(self) -> Steps[None]:
        """Refuse where the node that answers has a part only: its snapshot would look like one of the whole."""
        if not hasattr(self._client, "collection_cluster_info"):  # an older qdrant-client
            return
        info = yield from self._call("see where its parts lie", "collection_cluster_info")
        here = {shard.shard_id for shard in info.local_shards}
        if elsewhere := {shard.shard_id for shard in info.remote_shards} - here:
            raise InvalidInput(
                f"{len(elsewhere)} of the {len(elsewhere | here)} parts of {self.name!r} lie on other nodes of the "
                f"cluster than {self.location}, and would be missing in a snapshot made there: use export()"
            )

    def _check_server(self) -> None:
        if self._local:
            raise self._no_snapshots()


def _snapshot(description: Any) -> Snapshot:
    return Snapshot(name=description.name, bytes=description.size, created=description.creation_time)
