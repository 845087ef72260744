"""Labels from examples in the neutral space: a classifier that is trained in one language and used in any. Pure.

Vectors are made neutral on both sides first, so that a label is learnt from what is said and not from the language it
is said in. Two ways to tell labels apart: logistic regression, and the nearest examples. The scores of either are
turned into probabilities by one temperature, chosen on examples that were held out (Guo et al., ICML 2017, "On
Calibration of Modern Neural Networks", arXiv 1706.04599).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from xling.errors import InvalidInput, MissingExtra, SpaceMismatch
from xling.space import SharedSpace, Vectors
from xling.space.neutral import NeutralBasis
from xling.space.stats import pack, unpack
from xling.store.files import read_json, write_json

Method: TypeAlias = Literal["logistic", "nearest"]

NEIGHBOURS = 15
"""Examples that have a say by `nearest`."""

SHARPNESS = 10.0
"""How much more a nearer example says, in units of its cosine."""

REGULARISATION = 3.0
"""C of the logistic regression. These were chosen on NTREX, whose documents were the labels."""

FOLDS = 5
_MOST_HELD_OUT = 5000
_FORMAT = 1
_TEMPERATURES = np.geomspace(0.05, 20, 60)

Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Classifier:
    """What tells labels apart. Made by `Collection.fit_classifier` or `Collection.classify`.

    Attributes:
        labels: The labels, sorted.
        method: `logistic` or `nearest`.
        examples: Number of examples of each label that it was made from.
        accuracy: On examples that were held out, each once; None where there were too few.
        neutral: How far the language is taken out of vectors.
        threshold: Probability below which the answer is `und`.
        temperature: What scores are divided by.
        rows: Of `logistic` the weights, shape (labels, dimension); of `nearest` the examples, shape (n, dimension).
        column: Of `logistic` the intercepts, shape (labels,); of `nearest` the label of each example, shape (n,).
        basis: What makes vectors neutral.
        space: Fingerprint of the space that it belongs to.
        model: Name of its model.
    """

    labels: tuple[str, ...]
    method: Method
    examples: Mapping[str, int]
    accuracy: float | None
    neutral: float
    threshold: float
    temperature: float
    rows: Vectors
    column: NDArray[np.float32]
    basis: NeutralBasis
    space: str
    model: str

    def probabilities(self, vectors: Vectors) -> Floats:
        """Probability of each label.

        Args:
            vectors: Unit document vectors as the model gives them, shape (n, dimension).

        Returns:
            Shape (n, labels); rows sum to 1.
        """
        if not len(vectors):
            return np.zeros((0, len(self.labels)))
        turned = self.basis.centre(vectors, self.neutral)
        products: Floats = (turned @ self.rows.T).astype(np.float64)
        if self.method == "logistic":
            scores: Floats = products + self.column.astype(np.float64)
        else:
            scores = _votes(products, self.column.astype(np.int64), len(self.labels))
        return _softmax(scores / self.temperature)

    def check(self, space: SharedSpace) -> None:
        """Raises `SpaceMismatch` if it was made in another space."""
        if self.space != space.fingerprint:
            raise SpaceMismatch(
                f"the classifier was made with the model {self.model!r} (space {self.space}), but is used with "
                f"{space.name!r} (space {space.fingerprint}): fit one for this collection"
            )

    def save(self, path: str | Path) -> None:
        """Write it to a JSON file; nothing in it is executed when it is read.

        Raises:
            InvalidInput: The file cannot be written.
        """
        data = {
            "xling_classifier": _FORMAT,
            "model": self.model,
            "space": self.space,
            "method": self.method,
            "labels": list(self.labels),
            "examples": dict(self.examples),
            "accuracy": self.accuracy,
            "neutral": self.neutral,
            "threshold": self.threshold,
            "temperature": self.temperature,
            "shape": list(self.rows.shape),
            "rows": pack(self.rows),
            "column": pack(self.column),
            "basis": self.basis.to_dict(),
        }
        try:
            write_json(Path(path), data)
        except OSError as exc:
            raise InvalidInput(f"{path}: the classifier cannot be written ({exc.strerror or exc})") from exc

    @classmethod
    def load(cls, path: str | Path) -> Classifier:
        """Read what `save` wrote.

        Raises:
            InvalidInput: There is no such file, or it is something else.
        """
        try:
            data = read_json(Path(path))
            if data["xling_classifier"] != _FORMAT:
                raise InvalidInput(f"{path} is a classifier of another version of xling: upgrade with pip install -U")
            rows = unpack(data["rows"], (int(data["shape"][0]), int(data["shape"][1])))
            method: Method = "logistic" if data["method"] == "logistic" else "nearest"
            found = cls(
                labels=tuple(map(str, data["labels"])),
                method=method,
                examples={str(label): int(n) for label, n in data["examples"].items()},
                accuracy=None if data["accuracy"] is None else float(data["accuracy"]),
                neutral=float(data["neutral"]),
                threshold=float(data["threshold"]),
                temperature=float(data["temperature"]),
                rows=rows,
                column=unpack(data["column"], (len(rows),)),
                basis=NeutralBasis.from_dict(data["basis"]),
                space=str(data["space"]),
                model=str(data["model"]),
            )
        except OSError as exc:
            raise InvalidInput(f"{path}: cannot be read ({exc.strerror or exc})") from exc
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as exc:
            if isinstance(exc, InvalidInput):
                raise
            raise InvalidInput(f"{path} is no classifier that xling wrote: {exc!r}") from exc
        return found


def fit(
    vectors: Vectors,
    labels: Sequence[str],
    basis: NeutralBasis,
    space: SharedSpace,
    *,
    method: Method = "logistic",
    neutral: float = 1.0,
    threshold: float = 0.5,
) -> Classifier:
    """Learn labels from examples.

    Args:
        vectors: Unit document vectors as the model gives them, shape (n, dimension).
        labels: The label of each.
        basis: What makes them neutral.
        space: What they belong to.
        method: `logistic`: one weight vector a label, small and quick however many examples; `nearest`: the nearest
            examples vote, which needs few of them and follows labels that have several meanings.
        neutral: How far the language is taken out.
        threshold: Probability below which the answer is `und`.

    Raises:
        InvalidInput: There are fewer than two labels, or an argument makes no sense.
        MissingExtra: scikit-learn is not installed (`logistic`).
    """
    if method not in get_args(Method):
        raise InvalidInput(f"method= is one of {', '.join(map(repr, get_args(Method)))}, not {method!r}")
    check_threshold(threshold)
    counts = Counter(labels)
    names = tuple(sorted(counts))
    if len(names) < 2:
        raise InvalidInput(f"a classifier tells two labels or more apart; the examples have {len(names)}")
    turned = basis.centre(vectors, neutral)
    index = np.array([names.index(label) for label in labels])
    rows: NDArray[Any] = turned
    column: NDArray[Any] = index
    if method == "logistic":
        rows, column = _logistic(turned, index, len(names))
    # Some thousands say as well as all how far scores can be trusted.
    tried = np.random.default_rng(0).permutation(len(index))[:_MOST_HELD_OUT]
    held_out = (_held_out if method == "logistic" else _without_itself)(turned[tried], index[tried], len(names))
    return Classifier(
        labels=names,
        method=method,
        examples={name: counts[name] for name in names},
        accuracy=None if held_out is None else float((held_out.argmax(axis=1) == index[tried]).mean()),
        neutral=float(neutral),
        threshold=float(threshold),
        temperature=1.0 if held_out is None else _temperature(held_out, index[tried]),
        rows=np.asarray(rows, np.float32),
        column=np.asarray(column, np.float32),
        basis=basis,
        space=space.fingerprint,
        model=space.name,
    )


def check_threshold(threshold: float) -> None:
    """Raises `InvalidInput` for what is no probability."""
    if not (isinstance(threshold, (int, float)) and 0.0 <= threshold <= 1.0):
        raise InvalidInput(f"threshold must lie between 0 and 1, got {threshold!r}")


def _logistic(vectors: Vectors, index: NDArray[np.int64], labels: int) -> tuple[Floats, Floats]:
    """Weights, shape (labels, dimension), and intercepts; labels without examples get none."""
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError as exc:
        raise MissingExtra("method='logistic' (unlike 'nearest')", "explore", "scikit-learn") from exc
    model = LogisticRegression(C=REGULARISATION, class_weight="balanced", max_iter=500).fit(vectors, index)
    weights, intercepts = np.zeros((labels, vectors.shape[1])), np.full(labels, -1e3)
    if len(model.classes_) == 2:  # one row that decides between the two
        weights[model.classes_], intercepts[model.classes_] = [-model.coef_[0] / 2, model.coef_[0] / 2], 0.0
        intercepts[model.classes_] = [-model.intercept_[0] / 2, model.intercept_[0] / 2]
    else:
        weights[model.classes_], intercepts[model.classes_] = model.coef_, model.intercept_
    return weights, intercepts


def _held_out(vectors: Vectors, index: NDArray[np.int64], labels: int) -> Floats | None:
    """Scores of each example by a regression that did not see it; None where a label has but one."""
    from sklearn.model_selection import StratifiedKFold

    folds = min(FOLDS, int(np.bincount(index, minlength=labels).min()))
    if folds < 2:
        return None
    scores = np.zeros((len(index), labels))
    for seen, held in StratifiedKFold(folds, shuffle=True, random_state=0).split(vectors, index):
        weights, intercepts = _logistic(vectors[seen], index[seen], labels)
        scores[held] = vectors[held] @ weights.T + intercepts
    return scores


def _without_itself(vectors: Vectors, index: NDArray[np.int64], labels: int) -> Floats | None:
    """Scores of each example by the nearest others; None where a label has but one."""
    counts = np.bincount(index, minlength=labels)
    if int(counts.min()) < 2:
        return None
    similarity = (vectors @ vectors.T).astype(np.float64)
    np.fill_diagonal(similarity, -np.inf)
    scores = _votes(similarity, index, labels)
    # Its own label has one voter less than it will have for a text that is none of the examples.
    scores[np.arange(len(index)), index] += np.log(counts / (counts - 1))[index]
    return scores


def _votes(similarity: Floats, index: NDArray[np.int64], labels: int) -> Floats:
    """Score of each label: the log of what the nearest examples say for it.

    A label that is not among them is given half the say of the farthest of them, so that it is never impossible.

    Args:
        similarity: Of texts and examples, shape (n, examples); -inf where an example is to be left out.
        index: The label of each example.
        labels: How many there are.

    Returns:
        Shape (n, labels).
    """
    k = min(NEIGHBOURS, similarity.shape[1])
    nearest = np.argpartition(-similarity, k - 1, axis=1)[:, :k]
    said = SHARPNESS * np.take_along_axis(similarity, nearest, axis=1)
    strength = np.exp(said - said.max(axis=1, keepdims=True))
    least = np.where(strength > 0, strength, np.inf).min(axis=1, keepdims=True)
    total = np.repeat(least / 2, labels, axis=1)
    np.add.at(total, (np.arange(len(total))[:, None], index[nearest]), strength)
    return np.asarray(np.log(total), dtype=np.float64)


def _temperature(scores: Floats, index: NDArray[np.int64]) -> float:
    """The temperature under which held-out labels are most likely.

    One example more than there are is counted as of any label (Platt, 1999): else the probabilities of a few examples
    that are told apart without an error would be 0 and 1.
    """
    doubt = 1 / (len(index) + 2)
    wanted = np.full(scores.shape, doubt / (scores.shape[1] - 1))
    wanted[np.arange(len(index)), index] = 1 - doubt

    def loss(temperature: float) -> float:
        return float(-(wanted * np.log(np.maximum(_softmax(scores / temperature), 1e-300))).sum())

    return min((float(t) for t in _TEMPERATURES), key=loss)


def _softmax(scores: Floats) -> Floats:
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    result: Floats = shifted / shifted.sum(axis=1, keepdims=True)
    return result
