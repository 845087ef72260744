"""The verbs of a collection that give labels: `fit_classifier` and `classify`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from xling.errors import InvalidInput
from xling.explore.labels import Classifier, Method, check_threshold, fit
from xling.explore.reading import ReadingVerbs, values_of
from xling.explore.results import Prediction
from xling.search.filters import Where
from xling.search.query import check_queries, encode_as_documents
from xling.space import Vectors
from xling.store.steps import Steps, stepwise, work
from xling.types import DocumentId

UNDECIDED = "und"
MOST_EXAMPLES = 20_000
DEFAULT_THRESHOLD = 0.5


class ClassifyingVerbs(ReadingVerbs):
    """What `Collection` offers to sort texts into labels."""

    @stepwise("store")
    def fit_classifier(
        self,
        label: str | None = None,
        *,
        examples: Mapping[str, Sequence[DocumentId]] | None = None,
        method: Method = "logistic",
        threshold: float = DEFAULT_THRESHOLD,
        languages: Sequence[str] | None = None,
        where: Where | None = None,
        source: str | None = None,
        neutral: float = 1.0,
        most: int = MOST_EXAMPLES,
    ) -> Steps[Classifier]:
        """Learn what labels are given for, from stored documents or from examples; for texts of any language.

        Args:
            label: The metadata field that holds the label. Documents without it are left out.
            examples: Instead of it, for each label some texts, or ids of documents, in whatever languages.
            method: `logistic` regression (extra `explore`), or the `nearest` examples.
            threshold: Probability below which `classify` answers `und`.
            languages: Learn from documents of these languages only.
            where: Only from documents whose metadata meet this, as in `search`.
            source: Only from documents of this source.
            neutral: How far the language is taken out: with 0 labels are learnt with the language they come in.
            most: Documents to learn from; of more a random part.

        Returns:
            The classifier, for `classify`; `save` keeps it as JSON. Its `accuracy` is that on held-out documents.

        Raises:
            InvalidInput: No document has the field, or there are fewer than two labels.
            MissingExtra: scikit-learn is not installed.
        """
        self._check_open()
        if (examples is None) == (label is None):
            raise InvalidInput("give the metadata field of the label, or examples={label: texts}, one of the two")
        if label is None:
            return (yield from self._from_examples(examples or {}, method, neutral, threshold))
        documents = yield from self._read(languages, where, source, most)
        values = values_of(documents, label)
        known = [i for i, value in enumerate(values) if value is not None]
        labels = [str(values[i]) for i in known]
        return (yield from self._fitted(documents.vectors[known], labels, method, neutral, threshold))

    @stepwise("store")
    def classify(
        self,
        texts: Sequence[str] | None = None,
        *,
        examples: Mapping[str, Sequence[DocumentId]] | None = None,
        classifier: Classifier | None = None,
        method: Method = "logistic",
        threshold: float | None = None,
        languages: Sequence[str] | None = None,
        where: Where | None = None,
        source: str | None = None,
        neutral: float = 1.0,
        most: int | None = None,
    ) -> Steps[list[Prediction]]:
        """Give each text, or each stored document, the label whose examples it is most like, in any language.

        Args:
            texts: Texts in any language; without them the stored documents that `languages`, `where` and `source`
                select, whose vectors are there already.
            examples: For each label some texts, or ids of documents, in whatever languages.
            classifier: One that was fitted before, instead of examples.
            method: How `examples` tell labels apart: `logistic` regression, or the `nearest` of them vote.
            threshold: Least probability of an answer, else it is `und`; 0.5, or what the classifier was fitted with.
            languages: Of the stored documents, only those of these languages.
            where: Only those whose metadata meet this, as in `search`.
            source: Only those of this source.
            neutral: How far the language is taken out, for `examples`.
            most: Most stored documents to look at.

        Returns:
            One for each text, in their order; for stored documents with their ids.

        Raises:
            InvalidInput: There is nothing to tell labels apart by, or both; or a text is blank.
            SpaceMismatch: The classifier belongs to another model.
            MissingExtra: scikit-learn is not installed (`logistic`).
        """
        self._check_open()
        if (examples is None) == (classifier is None):
            raise InvalidInput("give examples={label: texts} or classifier=, one of the two")
        if texts is not None and (languages or where or source or most):
            raise InvalidInput("languages=, where=, source= and most= select stored documents: leave texts out")
        if isinstance(texts, str):
            raise InvalidInput("classify takes a list of texts")
        if classifier is None:
            classifier = yield from self._from_examples(examples or {}, method, neutral, threshold)
        classifier.check(self.space)
        if threshold is not None:
            check_threshold(threshold)
        least = classifier.threshold if threshold is None else threshold
        if texts is None:
            documents = yield from self._read(languages, where, source, most)
            rows = yield from work(classifier.probabilities, documents.vectors)
            return _predictions(classifier, rows, least, documents.texts, documents.langs, documents.ids)
        if not texts:
            return []
        check_queries(texts)
        vectors: Vectors = yield from work(encode_as_documents, self.space, texts)
        rows = yield from work(classifier.probabilities, vectors)
        found = yield from work(self._detector.detect_many, list(texts))
        return _predictions(classifier, rows, least, texts, [one.lang for one in found], [None] * len(texts))

    def _from_examples(
        self, examples: Mapping[str, Sequence[DocumentId]], method: Method, neutral: float, threshold: float | None
    ) -> Steps[Classifier]:
        for label, items in examples.items():
            if not isinstance(label, str) or not label or label == UNDECIDED:
                raise InvalidInput(f"{label!r} is no label: it is a string, and {UNDECIDED!r} means that there is none")
            if isinstance(items, str) or not items:
                raise InvalidInput(f"the examples of {label!r} are a list of texts, one or more")
        labels = [label for label, items in examples.items() for _ in items]
        given = [item for items in examples.values() for item in items]
        found = (yield from self._examples(given, None)) if given else []
        vectors: Vectors = np.zeros((len(found), self.space.dimension), np.float32)
        for row, example in zip(vectors, found, strict=True):
            row[:] = example.vector
        return (yield from self._fitted(vectors, labels, method, neutral, threshold))

    def _fitted(
        self, vectors: Vectors, labels: Sequence[str], method: Method, neutral: float, threshold: float | None
    ) -> Steps[Classifier]:
        neutrality = yield from self._searcher.neutrality()
        assert neutrality is not None  # it is computed where it is not at hand
        least = DEFAULT_THRESHOLD if threshold is None else threshold
        options: dict[str, Any] = {"method": method, "neutral": neutral, "threshold": least}
        return (yield from work(fit, vectors, labels, neutrality.basis, self.space, **options))


def _predictions(
    classifier: Classifier,
    probabilities: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    threshold: float,
    texts: Sequence[str],
    langs: Sequence[str],
    ids: Sequence[DocumentId | None],
) -> list[Prediction]:
    found = []
    for row, text, lang, id in zip(probabilities, texts, langs, ids, strict=True):
        best = int(row.argmax())
        found.append(
            Prediction(
                text=text,
                label=classifier.labels[best] if row[best] >= threshold else UNDECIDED,
                probability=float(row[best]),
                probabilities={label: float(p) for label, p in zip(classifier.labels, row, strict=True)},
                lang=lang,
                id=id,
            )
        )
    return found
