"""The verb of a collection that draws it: `map`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xling.errors import InvalidInput
from xling.explore.colouring import by_values, colourings
from xling.explore.maps import Layer, Map
from xling.explore.projecting import project
from xling.explore.reading import Documents, ReadingVerbs
from xling.explore.results import Clusters
from xling.search.filters import Where
from xling.search.plan import Neutrality
from xling.store.steps import Steps, stepwise, work
from xling.types import DocumentId

MOST_POINTS = 20_000
CLUSTER = "cluster"


class MappingVerbs(ReadingVerbs):
    """What `Collection` offers to see all of it at once."""

    @stepwise("store")
    def map(
        self,
        *,
        languages: Sequence[str] | None = None,
        where: Where | None = None,
        source: str | None = None,
        fields: Sequence[str] | None = None,
        clusters: Clusters | None = None,
        labels: Mapping[str, Mapping[DocumentId, str]] | None = None,
        neutral: float = 1.0,
        compare: bool = False,
        most: int = MOST_POINTS,
        seed: int = 0,
    ) -> Steps[Map]:
        """Lay documents out on a plane, so that what means the same lies together, whatever its language.

        Args:
            languages: Only documents of these languages.
            where: Only those whose metadata meet this, as in `search`.
            source: Only those of this source.
            fields: Metadata fields that points can be coloured by; by default those that have few values, or numbers.
            clusters: What `clusters` found, to colour by: `color_by="cluster"`.
            labels: More to colour by: for each name the label of documents by their ids, such as those of `classify`.
            neutral: How far the language is taken out: 0 maps the vectors as the model gives them.
            compare: Map the vectors as the model gives them too, to be shown beside. Takes twice the time.
            most: Documents to map; of more a random part. 20,000 take about 40 seconds.
            seed: Equal seeds give equal maps, on one machine.

        Returns:
            The map: `save("map.html")` to look around in, `save("map.png")`, `place(texts)`, `to_dict()`.

        Raises:
            InvalidInput: There are no documents, or an argument makes no sense.
            MissingExtra: openTSNE is not installed.
        """
        self._check_open()
        if not (isinstance(neutral, (int, float)) and 0.0 <= neutral <= 1.0):
            raise InvalidInput(f"neutral must lie between 0 and 1, got {neutral!r}")
        documents = yield from self._read(languages, where, source, most)
        neutrality = yield from self._searcher.neutrality()
        assert neutrality is not None  # it is computed where it is not at hand
        both = compare and neutral > 0
        layers = yield from work(_layers, documents, neutrality, neutral, both, seed)
        more = {**({} if clusters is None else {CLUSTER: _topics(clusters)}), **(labels or {})}
        given = {name: [of.get(id) for id in documents.ids] for name, of in more.items()}
        return Map(
            name=self.name,
            ids=documents.ids,
            texts=documents.texts,
            langs=documents.langs,
            colourings=(
                *(c for c in colourings(documents.langs, documents.metadata, fields) if c.name not in given),
                *(by_values(name, values) for name, values in given.items()),
            ),
            layers=layers,
            total=documents.total,
            seed=seed,
            model=self.space.name,
            _space=self.space,
            _basis=neutrality.basis,
        )


def _topics(clusters: Clusters) -> dict[DocumentId, str]:
    """What to call the cluster of each document that is in one. Names may be equal, so that numbers go with them."""
    names = {cluster.number: f"{cluster.number} {cluster.name}".strip() for cluster in clusters.clusters}
    known = zip(clusters.ids, clusters.labels, strict=True)
    return {id: names[label] for id, label in known if label in names}


def _layers(documents: Documents, neutrality: Neutrality, neutral: float, both: bool, seed: int) -> tuple[Layer, ...]:
    forms = [("raw", 0.0)] if both or not neutral else []
    if neutral:
        forms.append(("neutral" if neutral == 1 else f"neutral={neutral:g}", neutral))
    layers = []
    for title, alpha in forms:
        vectors = neutrality.basis.centre(documents.vectors, alpha)
        layers.append(Layer(title, alpha, project(vectors, seed=seed), vectors))
    return tuple(layers)
