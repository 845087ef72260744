"""The verb of a collection that measures its space: `probe`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from xling.errors import InvalidInput
from xling.explore import geometry
from xling.explore.probe import NEIGHBOURS, Probe, savings_of, shape_of
from xling.explore.reading import Documents, ReadingVerbs
from xling.search.filters import Where
from xling.search.plan import Neutrality
from xling.store.steps import Steps, stepwise, work

SAMPLE = 5000
_QUERIES = 500
_HUBS = 5


class ProbingVerbs(ReadingVerbs):
    """What `Collection` offers to know how far its space can be trusted."""

    @stepwise("store")
    def probe(
        self,
        *,
        languages: Sequence[str] | None = None,
        where: Where | None = None,
        source: str | None = None,
        neighbours: int = NEIGHBOURS,
        sample: int = SAMPLE,
        seed: int = 0,
    ) -> Steps[Probe]:
        """Measure the space of the collection's own documents, as the model gives it and without the language.

        Language bias (does a document lie among those of its language, whatever they say?), hubs (documents that are
        near to everything), isotropy and effective dimension (how much of the space is used), and what keeping
        vectors smaller would cost: 16-bit, `int8` and `binary` copies, and vectors that are cut.

        Args:
            languages: Only documents of these languages.
            where: Only those whose metadata meet this, as in `search`.
            source: Only those of this source.
            neighbours: How many nearest of each document are looked at.
            sample: Documents to look at; of more a random part. Hubs grow with their number, so compare like with like.
            seed: Chooses the documents that are asked for in the comparison with exact search.

        Returns:
            The report: `rows()` and `savings` for people, `to_dict()`, `save("probe.png")`.

        Raises:
            InvalidInput: There are fewer than two documents, or an argument makes no sense.
        """
        self._check_open()
        if isinstance(neighbours, bool) or not isinstance(neighbours, int) or not 1 <= neighbours <= 100:
            raise InvalidInput(f"neighbours must be 1 to 100, got {neighbours!r}")
        documents = yield from self._read(languages, where, source, sample)
        if len(documents) < 2:
            raise InvalidInput(f"a space is measured between documents, and {self.name!r} has one here")
        neutrality = yield from self._searcher.neutrality()
        assert neutrality is not None  # it is computed where it is not at hand
        return (yield from work(measured, self.name, self.space.name, documents, neutrality, neighbours, seed))


def measured(name: str, model: str, documents: Documents, neutrality: Neutrality, neighbours: int, seed: int) -> Probe:
    """The report on documents at hand; the arguments are those of the verb."""
    k = min(neighbours, len(documents) - 1)
    languages = dict(Counter(documents.langs).most_common())
    shapes = [
        shape_of(neutrality.basis.centre(documents.vectors, alpha), documents.texts, documents.langs, k, _HUBS)
        for alpha in (0.0, 1.0)
    ]
    return Probe(
        name=name,
        model=model,
        dimension=documents.vectors.shape[1],
        documents=len(documents),
        total=documents.total,
        languages=languages,
        neighbours=k,
        pool_share=geometry.pool_share(documents.langs) if shapes[0].own_share is not None else None,
        raw=shapes[0],
        neutral=shapes[1],
        savings=savings_of(documents.vectors, neutrality.basis, k, _QUERIES, seed),
    )
