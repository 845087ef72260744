"""Language codes: BCP 47 tags (RFC 5646) in their canonical form, as short as they can be."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from xling.errors import InvalidInput

UND: Final = "und"
"""The code of text whose language is not known."""

_TAG = re.compile(
    r"""(?P<language>[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4}|[a-z]{5,8})
    (?P<script>-[a-z]{4})?
    (?P<region>-(?:[a-z]{2}|[0-9]{3}))?
    (?P<variants>(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)
    (?P<extensions>(?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*)
    (?P<private>-x(?:-[a-z0-9]{1,8})+)?""",
    re.VERBOSE | re.ASCII,
)
_PRIVATE = re.compile(r"x(?:-[a-z0-9]{1,8})+", re.ASCII)

_GRANDFATHERED: Final = {
    "art-lojban": "jbo",
    "i-ami": "ami",
    "i-bnn": "bnn",
    "i-hak": "hak",
    "i-klingon": "tlh",
    "i-lux": "lb",
    "i-navajo": "nv",
    "i-pwn": "pwn",
    "i-tao": "tao",
    "i-tay": "tay",
    "i-tsu": "tsu",
    "no-bok": "nb",
    "no-nyn": "nn",
    "zh-guoyu": "zh",
    "zh-hakka": "hak",
    "zh-min-nan": "nan",
    "zh-xiang": "hsn",
}


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split(":") for pair in text.split())


# ISO 639-3 (and the 639-2 "bibliographic" ones, ger for deu) to the two-letter code that BCP 47 wants.
_TWO_LETTER: Final = _pairs(
    """aar:aa abk:ab afr:af aka:ak amh:am ara:ar arg:an asm:as ava:av ave:ae aym:ay aze:az bak:ba bam:bm
    bel:be ben:bn bis:bi bod:bo bos:bs bre:br bul:bg cat:ca ces:cs cha:ch che:ce chu:cu chv:cv cor:kw cos:co cre:cr
    cym:cy dan:da deu:de div:dv dzo:dz ell:el eng:en epo:eo est:et eus:eu ewe:ee fao:fo fas:fa fij:fj fin:fi fra:fr
    fry:fy ful:ff gla:gd gle:ga glg:gl glv:gv grn:gn guj:gu hat:ht hau:ha hbs:sh heb:he her:hz hin:hi hmo:ho hrv:hr
    hun:hu hye:hy ibo:ig ido:io iii:ii iku:iu ile:ie ina:ia ind:id ipk:ik isl:is ita:it jav:jv jpn:ja kal:kl kan:kn
    kas:ks kat:ka kau:kr kaz:kk khm:km kik:ki kin:rw kir:ky kom:kv kon:kg kor:ko kua:kj kur:ku lao:lo lat:la lav:lv
    lim:li lin:ln lit:lt ltz:lb lub:lu lug:lg mah:mh mal:ml mar:mr mkd:mk mlg:mg mlt:mt mon:mn mri:mi msa:ms mya:my
    nau:na nav:nv nbl:nr nde:nd ndo:ng nep:ne nld:nl nno:nn nob:nb nor:no nya:ny oci:oc oji:oj ori:or orm:om oss:os
    pan:pa pli:pi pol:pl por:pt pus:ps que:qu roh:rm ron:ro run:rn rus:ru sag:sg san:sa sin:si slk:sk slv:sl sme:se
    smo:sm sna:sn snd:sd som:so sot:st spa:es sqi:sq srd:sc srp:sr ssw:ss sun:su swa:sw swe:sv tah:ty tam:ta tat:tt
    tel:te tgk:tg tgl:tl tha:th tir:ti ton:to tsn:tn tso:ts tuk:tk tur:tr twi:tw uig:ug ukr:uk urd:ur uzb:uz ven:ve
    vie:vi vol:vo wln:wa wol:wo xho:xh yid:yi yor:yo zha:za zho:zh zul:zu
    alb:sq arm:hy baq:eu bur:my chi:zh cze:cs dut:nl fre:fr geo:ka ger:de gre:el ice:is mac:mk mao:mi may:ms per:fa
    rum:ro slo:sk tib:bo wel:cy"""
)

# The main member of a macrolanguage is written as the macrolanguage (CLDR), and withdrawn codes as the new ones.
_CANONICAL: Final = _pairs(
    """cmn:zh arb:ar pes:fa zsm:ms swh:sw lvs:lv ekk:et azj:az kmr:ku als:sq khk:mn ydd:yi uzn:uz npi:ne
    ory:or plt:mg fuc:ff gaz:om gug:gn gom:kok pnb:lah iw:he in:id ji:yi jw:jv mo:ro mol:ro"""
)

_MEMBERS: Final = {
    "ar": ("ary", "arz"),
    "ff": ("fuv",),
    "gn": ("gug",),
    "ki": ("kik",),
    "kok": ("gom",),
    "ku": ("sdh",),
    "lv": ("ltg",),
    "no": ("nb", "nn"),
    "tl": ("fil",),
    "uz": ("uzs",),
    "zh": ("yue", "wuu"),
}
MACROLANGUAGE: Final = {member: macro for macro, members in _MEMBERS.items() for member in members}
"""Languages that detection counts to a larger one (ISO 639 macrolanguages) unless a caller asks for them by name."""


@lru_cache(maxsize=4096)
def normalise_code(code: str) -> str:
    """The canonical form of a language code: `EN` → `en`, `en_us` → `en-US`, `jpn` → `ja`, `cmn` → `zh`.

    Codes that are well-formed but unknown are kept (`tlh`, `qaa`). Scripts and regions are kept as given, variants,
    extensions and private parts in lower case.

    Args:
        code: A BCP 47 tag, with `-` or `_`, or an ISO 639-1, 639-2 or 639-3 code; case does not matter.

    Raises:
        InvalidInput: Not a well-formed code.
    """
    if not isinstance(code, str):
        raise InvalidInput(f"a language code must be a string such as 'ja' or 'pt-BR', not {type(code).__name__}")
    tag = code.strip().replace("_", "-").lower()
    if tag in _GRANDFATHERED:
        return _GRANDFATHERED[tag]
    if _PRIVATE.fullmatch(tag):
        return tag
    match = _TAG.fullmatch(tag)
    if match is None:
        raise InvalidInput(
            f"{code[:40]!r} is not a language code; give a BCP 47 code such as 'ja', 'pt-BR' or 'zh-Hans', "
            "or leave the language out to have it detected"
        )
    language, *extended = match["language"].split("-")
    if extended:  # zh-yue is yue, and zh-cmn is zh
        language = extended[0]
    language = _TWO_LETTER.get(language, language)
    script = match["script"] or ""
    if language == "sh":  # withdrawn: Serbo-Croatian, which was Serbian in Latin script by default
        language, script = "sr", script or "-latn"
    language = _CANONICAL.get(language, language)
    rest = match["variants"] + match["extensions"] + (match["private"] or "")
    return language + ("-" + script[1:].title() if script else "") + (match["region"] or "").upper() + rest


def primary(code: str) -> str:
    """The language without script, region and the rest: `pt-BR` → `pt`.

    Raises:
        InvalidInput: Not a well-formed code.
    """
    tag = normalise_code(code)
    return tag if tag.startswith("x-") else tag.split("-", 1)[0]
