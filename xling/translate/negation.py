"""Whether a sentence denies something, by the words that do so in its language.

Lists of the closed class of negators: particles, negative pronouns and adverbs, and in languages that negate within the
verb its endings (The World Atlas of Language Structures, chapter 112, names the kind for each language). A sentence
with two of them counts as denying, though it may not: what is wanted is that somebody looks.
"""

from __future__ import annotations

import functools
import re
import unicodedata

from xling.language import primary

# Whole words where a script has spaces; what begins or ends with ~ may go on there.
_WORDS = {
    "en": "not no never none nobody nothing nowhere neither nor cannot without ~n't ~n’t unable hardly",
    "de": "nicht kein keine keinen keinem keiner keines nie niemals niemand niemanden nichts nirgends weder ohne",
    "fr": "ne n'~ n’~ pas jamais rien personne aucun aucune ni sans nulle guère",
    "es": "no nunca jamás nadie nada ningún ninguno ninguna ni sin tampoco",
    "it": "non mai nessuno nessuna nessun niente nulla né senza neanche neppure",
    "pt": "não nunca jamais ninguém nada nenhum nenhuma nem sem",
    "nl": "niet geen nooit niemand niets nergens noch zonder",
    "sv": "inte ej icke aldrig ingen inget inga ingenting utan",
    "da": "ikke ej aldrig ingen intet ingenting uden",
    "no": "ikke ikkje aldri ingen inget ingenting uten",
    "fi": "ei en et emme ette eivät älä älkää ilman",
    "pl": "nie nigdy nikt nic żaden żadna żadne ani bez",
    "cs": "ne není nejsou nikdy nikdo nic žádný žádná žádné ani bez",
    "ru": "не нет никогда никто ничего ничто никакой никакая ни без нельзя",
    "uk": "не ні немає ніколи ніхто нічого ніякий жоден без",
    "el": "δεν δε μη μην όχι ποτέ κανείς κανένας τίποτα χωρίς",
    "tr": "değil yok hayır asla hiç hiçbir",
    "hu": "nem ne nincs nincsenek soha senki semmi sem nélkül",
    "ro": "nu niciodată nimeni nimic nici fără",
    "id": "tidak bukan jangan belum tanpa tak",
    "vi": "không chẳng chưa đừng chả",
    "hi": "नहीं न मत बिना कभी नहीं",
    "ar": "لا لم لن ليس ليست لست بدون دون غير",
    "fa": "نه نیست نمی~ هرگز هیچ بدون",
    "he": "לא אין אל בלי אף",
}
# Where no spaces tell words apart, or endings are glued to the verb.
_WITHIN = {
    "ja": r"ない(?!で(?:す|しょう)か)|なかった|なく(?!な[いっ])|ません|ざる|ずに|せず|できず|無[いく]|不[可能要明]",
    "zh": r"不(?!但|仅|僅|过|過|同|断|斷|少)|没|沒|無|无(?!线|線|锡)|未(?!来|來)|非(?!常|洲)|勿|别(?!的|人|墅)|莫",
    "ko": r"않|못|없|(?:^|\s)안\s|아니|말아|마세요|마십시오",
    "th": r"ไม่|มิได้|อย่า(?!ง)|ปราศจาก",
}


def negated(text: str, lang: str) -> bool | None:
    """Whether a sentence denies something; None in a language whose negators are not known."""
    pattern = _pattern(primary(lang)) if lang != "und" else None
    if pattern is None:
        return None
    return pattern.search(unicodedata.normalize("NFKC", text).casefold()) is not None


@functools.cache
def _pattern(language: str) -> re.Pattern[str] | None:
    if language in _WITHIN:
        return re.compile(_WITHIN[language])
    words = _WORDS.get({"nb": "no", "nn": "no"}.get(language, language))
    if words is None:
        return None
    alternatives = []
    for word in words.split():
        core = re.escape(word.strip("~").casefold())
        start = r"\b\w+" if word.startswith("~") else r"(?<!\w)"
        alternatives.append(start + core + ("" if word.endswith("~") else r"(?!\w)"))
    return re.compile("|".join(alternatives))
