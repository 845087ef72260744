"""The statistical models: py3langid's classifier and langdetect's profiles.

Both are read once a process and never changed afterwards. The packages' own entry points are not used: their
candidate languages and seeds are module-wide, langdetect draws n-grams at random, and neither is meant for threads.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from operator import itemgetter
from threading import Lock
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float32]


class LabelModel(Protocol):
    """A classifier over a fixed list of labels. Immutable, so that threads may share it."""

    @property
    def labels(self) -> tuple[str, ...]: ...

    def scores(self, text: str) -> Scores | None:
        """Natural-log posteriors up to a constant, shape (len(labels),); None where nothing was recognised."""
        ...

    def temperature(self, text: str) -> float:
        """What to divide the scores by before the softmax, so that they are probabilities."""
        ...


class Py3LangidModel:
    """py3langid's naive Bayes over byte n-grams: 140 labels, `zxx` (not a language) among them."""

    def __init__(self) -> None:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier

        identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
        self._rank: Callable[[str], list[tuple[str, float]]] = identifier.rank
        self._labels: tuple[str, ...] = tuple(identifier.labels)
        self._in_order = itemgetter(*self._labels)
        # `rank` sorts and merges labels for every text, which takes as long as the scoring itself. The step before
        # it is not public, so it is used only where it shows that it gives the same.
        self._decide: Callable[[str], Scores] | None = getattr(identifier, "_decide", None)
        classes = list(getattr(identifier, "nb_classes", ()))
        self._columns = np.array([classes.index(c) if c in classes else 0 for c in self._labels], dtype=np.intp)
        if not self._fast_path_agrees():
            self._decide = None

    def _fast_path_agrees(self) -> bool:
        if self._decide is None:
            return False
        try:
            return all(
                np.array_equal(self._decide(text)[self._columns], self._slow_scores(text))
                for text in ("Good morning", "Добар дан", "salom")  # sr and uz have two columns each
            )
        except Exception:  # whatever a private method does that has changed
            return False

    @property
    def labels(self) -> tuple[str, ...]:
        return self._labels

    def _slow_scores(self, text: str) -> Scores:
        return np.array(self._in_order(dict(self._rank(text))), dtype=np.float32)

    def scores(self, text: str) -> Scores | None:
        scores = self._slow_scores(text) if self._decide is None else self._decide(text)[self._columns]
        if scores[0] < -1e30:  # py3langid's mark for "no n-gram known"
            return None
        return scores

    def temperature(self, text: str) -> float:
        return math.sqrt(max(1, len(text.encode("utf-8", "surrogatepass"))))  # as py3langid itself


class LangdetectModel:
    """langdetect's profiles (55 languages; n-grams of 1 to 3 characters), evaluated exactly.

    langdetect itself draws n-grams at random until one language leads, seven times over. Here every n-gram of the
    text is read once, by the same formula: the same profiles and accuracy, but the same answer every time, and
    some fifty times as fast.
    """

    _SMOOTHING: Final = 0.5 / 10000  # langdetect's alpha over its base frequency
    _LATIN = re.compile("[A-Za-z]")

    def __init__(self) -> None:
        from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory
        from langdetect.utils.ngram import NGram

        factory = DetectorFactory()
        factory.load_profile(PROFILES_DIRECTORY)
        names: list[str] = factory.langlist  # in the order of the directory, which is not defined
        order = sorted(range(len(names)), key=names.__getitem__)
        self._labels = tuple(names[i] for i in order)
        grams: dict[str, list[float]] = factory.word_lang_prob_map
        self._row = {gram: i for i, gram in enumerate(grams)}
        self._row.pop(" ", None)
        table = np.array(list(grams.values()), dtype=np.float32)[:, order]
        self._table: Scores = np.log(table + self._SMOOTHING)
        self._normalise: Callable[[str], str] = NGram.normalize
        self._normalise_text: Callable[[str], str] = NGram.normalize_vi

    @property
    def labels(self) -> tuple[str, ...]:
        return self._labels

    def scores(self, text: str) -> Scores | None:
        rows = self._rows(text)
        return self._table[rows].sum(axis=0) if rows else None

    def temperature(self, text: str) -> float:
        return 1.0

    def _rows(self, text: str) -> list[int]:
        """Table rows of the n-grams that the profiles know, as langdetect reads them."""
        text = self._normalise_text(text)
        latin = len(self._LATIN.findall(text))
        if 2 * latin < sum(c >= "\u0300" and not "\u1e00" <= c <= "\u1eff" for c in text):
            text = self._LATIN.sub("", text)  # names in another script
        rows: list[int] = []
        get = self._row.get
        window, all_capitals = " ", False
        for char in map(self._normalise, text):
            last = window[-1]
            if last == " ":
                window, all_capitals = " ", False
                if char == " ":
                    continue
            window = window[-2:] + char
            all_capitals = char.isupper() and (last.isupper() or all_capitals)
            if all_capitals:  # abbreviations
                continue
            for n in range(1, len(window) + 1):
                row = get(window[-n:])
                if row is not None:
                    rows.append(row)
        return rows


_models: dict[type, LabelModel] = {}
_lock = Lock()


def shared_model(kind: type[Py3LangidModel] | type[LangdetectModel]) -> LabelModel:
    """The one instance of a model in this process, read on first use (0.5 to 1 s). Safe from any thread."""
    with _lock:
        if kind not in _models:
            _models[kind] = kind()
        return _models[kind]
