"""In which language is a text: scripts first, then statistics."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from xling.errors import InvalidInput
from xling.language import cjk
from xling.language.candidates import SCRIPT_LANGUAGES, SHARED_SCRIPTS, Candidates, LabelMap, known_languages
from xling.language.codes import UND
from xling.language.evidence import WordEvidence, log_prior
from xling.language.scripts import Script, count_scripts, dominant_script, only_script
from xling.language.statistical import LangdetectModel, Py3LangidModel, shared_model
from xling.language.text import readable

DetectorKind: TypeAlias = Literal["auto", "py3langid", "langdetect"]


class Detection(NamedTuple):
    """The language of a text.

    Attributes:
        lang: BCP 47 code, or `und` where the text does not say: no letters, one letter, a name, a word of many
            languages.
        confidence: Estimated probability, 0 to 1, that `lang` is right, given that the text is in one of the
            candidate languages. With the `auto` detector, on sentences of Tatoeba, answers given with 0.7 are right
            seven times in ten. The two models alone are surer than they should be. 0.0 for `und`.
    """

    lang: str
    confidence: float


_ASSAMESE: Final = "\u09f0\u09f1"  # its own r and v
# Yiddish writes vowels as letters: pointed alef or yod, doubled vav and yod; fe has a bar. Hebrew that is pointed
# at all has other points too.
_YIDDISH = re.compile(
    "\u05d0[\u05b7\u05b8]|\u05d9\u05d9\u05b7|\u05e4\u05bf|[\u05f0-\u05f2]"
    r"|\b(?:איז|נישט|ניט|דער|איך|פון|מיט|האט|דאס|וואס|אונדז|זיך)\b"
)
_HEBREW_POINTS = re.compile("[\u05b0-\u05b3\u05b6\u05bb\u05c1\u05c2]")

UNKNOWN: Final = Detection(UND, 0.0)


@runtime_checkable
class Detector(Protocol):
    """Text → language. Any object with these two methods can be brought."""

    def detect(self, text: str) -> Detection:
        """The language of one text. Never raises, whatever the string holds."""
        ...

    def detect_many(self, texts: Sequence[str]) -> list[Detection]:
        """The languages of many texts, in order; the same answers as `detect` one by one."""
        ...


def _softmax(scores: NDArray[np.float32], temperature: float) -> NDArray[np.float32]:
    exps: NDArray[np.float32] = np.exp((scores - scores.max()) / np.float32(temperature))
    exps /= exps.sum()
    return exps


class ModelDetector:
    """A statistical model alone, without scripts or word lists. Safe to share between threads.

    Args:
        kind: `py3langid` or `langdetect`.
        languages: Candidate languages; all that the model knows by default.
    """

    _ENOUGH: Final = {"py3langid": 0.02, "langdetect": 0.1}
    """Below this probability there is no answer; langdetect's own limit, and about twice chance for py3langid."""

    def __init__(self, kind: Literal["py3langid", "langdetect"], languages: Sequence[str] | None = None) -> None:
        self._model = shared_model(Py3LangidModel if kind == "py3langid" else LangdetectModel)
        candidates = Candidates(languages, known_languages(self._model.labels, scripts=False))
        self._answers = candidates.answers
        self._map = LabelMap(self._model.labels, candidates)
        self._enough = self._ENOUGH[kind]

    def detect(self, text: str) -> Detection:
        """See `Detector.detect`."""
        text = readable(text)
        if count_scripts(text)[1:].sum() < 2:
            return UNKNOWN
        scores = self._model.scores(text)
        if scores is None:
            return UNKNOWN
        probabilities = _softmax(self._map.fold(scores), self._model.temperature(text))
        best = int(probabilities.argmax())
        code, confidence = self._map.codes[best], float(probabilities[best])
        if code == "zxx" or confidence < self._enough:
            return UNKNOWN
        return Detection(self._answers[code], confidence)

    def detect_many(self, texts: Sequence[str]) -> list[Detection]:
        """See `Detector.detect_many`."""
        return [self.detect(text) for text in texts]


class AutoDetector:
    """Script first, then py3langid with what is known of languages besides. Safe to share between threads.

    The script decides where it has one language (Thai, Greek, …) or where its characters tell (Chinese, Japanese,
    Korean). For Latin, Cyrillic, Arabic and Devanagari letters, the log posteriors of py3langid over the languages
    so written are added to how common each language is (only where the caller did not choose the candidates) and
    to a weight for each common word of the language; a softmax makes probabilities of them.

    Args:
        languages: Candidate languages; by default all that py3langid or a script can name. Macrolanguages stand
            for their members (`zh` for `yue`, `no` for `nn`, `ar` for `arz`) unless these are given by name.
    """

    _ENOUGH: Final = 0.3
    """Below this probability the answer is `und`: it would be wrong two times in three."""

    _TEMPERATURE: Final = 0.5
    """Of the softmax, in units of py3langid's own; fitted so that probabilities are right on average."""

    _SURE: Final = 0.99
    """Confidence where the script alone decides."""

    def __init__(self, languages: Sequence[str] | None = None) -> None:
        self._model = shared_model(Py3LangidModel)
        candidates = Candidates(languages, known_languages(self._model.labels, scripts=True))
        self._answers = candidates.answers
        self._map = LabelMap(self._model.labels, candidates)
        self._words = WordEvidence(self._map.codes)
        prior = np.zeros(len(self._map.codes), dtype=np.float32)
        if not candidates.restricted:
            prior += np.array([log_prior(code) for code in self._map.codes], dtype=np.float32)
        self._bias = {script: prior + self._map.script_mask(script) for script in (Script.LATIN, *SHARED_SCRIPTS)}

    def detect(self, text: str) -> Detection:
        """See `Detector.detect`."""
        text = readable(text)
        counts = count_scripts(text)
        script = dominant_script(counts)
        if script is Script.OTHER:
            return UNKNOWN
        if script is Script.HAN:
            return self._east_asian(text, counts)
        if script in self._bias:
            if counts[script] < 2:
                return UNKNOWN
            if counts[1:].sum() > counts[script]:  # quotations in other scripts are only noise to a model
                text = only_script(text, script)
            return self._statistical(text, script)
        if script is Script.GREEK and counts[script] == 1:  # π, Ω
            return UNKNOWN
        return self._first_allowed(self._by_letters(script, text))

    def detect_many(self, texts: Sequence[str]) -> list[Detection]:
        """See `Detector.detect_many`."""
        return [self.detect(text) for text in texts]

    def _first_allowed(self, languages: Sequence[str], confidence: float = _SURE) -> Detection:
        for language in languages:
            if language in self._answers:
                return Detection(self._answers[language], confidence)
        return UNKNOWN

    @staticmethod
    def _by_letters(script: Script, text: str) -> tuple[str, ...]:
        """Languages of a script of one or few, the likeliest first."""
        languages = SCRIPT_LANGUAGES[script]
        if script is Script.BENGALI and any(c in text for c in _ASSAMESE):
            return languages[::-1]
        if script is Script.HEBREW and _YIDDISH.search(text) and not _HEBREW_POINTS.search(text):
            return ("yi", *languages)
        return languages

    def _east_asian(self, text: str, counts: NDArray[np.intp]) -> Detection:
        han, hangul = int(counts[Script.HAN]), int(counts[Script.HANGUL])
        hiragana, katakana = int(counts[Script.HIRAGANA]), int(counts[Script.KATAKANA])
        evidence = cjk.cjk_evidence(text)
        if cjk.is_korean(evidence, hangul=hangul, han=han, kana=hiragana + katakana):
            return self._first_allowed(("ko",))
        if counts[Script.BOPOMOFO] > han + hiragana + katakana:
            return self._chinese(text, self._SURE)
        if hiragana + katakana:
            if cjk.is_chinese_quoting_kana(evidence, han=han, hiragana=hiragana, katakana=katakana):
                found = self._chinese(text, 0.9)
                return found if found.lang != UND else self._first_allowed(("ja",), 0.5)
            found = self._first_allowed(("ja",))
            return found if found.lang != UND or not han else self._chinese(text, 0.5)
        if not han:
            return self._first_allowed(("ko",))
        chinese = cjk.chinese_probability(evidence, han=han)
        if han == 1 and "ja" in self._answers and abs(evidence.chinese - evidence.japanese) < 1.0:
            return UNKNOWN  # one character of both languages
        if chinese < 0.5:
            found = self._first_allowed(("ja",), 1.0 - chinese)
            return found if found.lang != UND else self._chinese(text, 0.5)
        found = self._chinese(text, chinese)
        return found if found.lang != UND else self._first_allowed(("ja",), 0.5)

    def _chinese(self, text: str, confidence: float) -> Detection:
        """`zh`, or which Chinese language where a caller asks for several."""
        allowed = [code for code in ("zh", "yue", "wuu") if code in self._answers]
        if len(allowed) < 2:
            return self._first_allowed(allowed, confidence)
        scores = self._model.scores(text)
        if scores is None:
            return self._first_allowed(allowed, confidence / len(allowed))
        columns = [self._map.codes.index(code) for code in allowed]
        probabilities = _softmax(self._map.fold(scores)[columns], self._temperature(text))
        best = int(probabilities.argmax())
        return Detection(self._answers[allowed[best]], confidence * float(probabilities[best]))

    def _temperature(self, text: str) -> float:
        return self._TEMPERATURE * self._model.temperature(text)

    def _statistical(self, text: str, script: Script) -> Detection:
        scores = self._model.scores(text)
        words = self._words.scores(text)
        if scores is None and isinstance(words, float):
            return UNKNOWN
        evidence = self._bias[script] + words
        if scores is not None:
            evidence = evidence + self._map.fold(scores)
        best = int(evidence.argmax())
        if not np.isfinite(evidence[best]):
            return UNKNOWN  # no candidate is written in this script
        code = self._map.codes[best]
        confidence = min(1.0, float(_softmax(evidence, self._temperature(text))[best]))
        if code == "zxx" or confidence < self._ENOUGH:
            return UNKNOWN
        return Detection(self._answers[code], confidence)


def detector(kind: DetectorKind = "auto", languages: Sequence[str] | None = None) -> Detector:
    """Make a detector. The models behind it are read once a process and shared.

    Args:
        kind: `auto` (scripts, py3langid, word lists), or one of the models alone: `py3langid`, `langdetect`.
        languages: Answer with one of these only, or `und`. Codes are normalised; a region or script is kept in the
            answer (`["pt-BR", "es"]` answers `pt-BR`), but cannot be told from another of the same language.

    Raises:
        InvalidInput: An unknown kind, a code that is ill-formed or that the detector does not know, an empty list,
            or two variants of one language.
    """
    if kind == "auto":
        return _Unread() if languages is None else AutoDetector(languages)
    if kind in ("py3langid", "langdetect"):
        return ModelDetector(kind, languages)
    raise InvalidInput(f"unknown detector {kind!r}; choose 'auto', 'py3langid' or 'langdetect'")


class _Unread:
    """The `auto` detector of all languages, which reads its model for the first text: a search never asks it."""

    def detect(self, text: str) -> Detection:
        """See `Detector.detect`."""
        return _cached(None).detect(text)

    def detect_many(self, texts: Sequence[str]) -> list[Detection]:
        """See `Detector.detect_many`."""
        return _cached(None).detect_many(texts)


@lru_cache(maxsize=32)
def _cached(languages: tuple[str, ...] | None) -> Detector:
    return AutoDetector(languages)


def detect(text: str, languages: Sequence[str] | None = None) -> Detection:
    """The language of a text, by the `auto` detector, which is made once.

    Args:
        text: Any string.
        languages: Candidate languages, see `detector`.

    Raises:
        InvalidInput: `languages` is not usable.
    """
    if isinstance(languages, str):
        raise InvalidInput(f"languages must be a list of codes, such as [{languages!r}], not one string")
    return _cached(None if languages is None else tuple(languages)).detect(text)
