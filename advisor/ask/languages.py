"""Languages, by ISO 639 code or English name in any case, as the codes that the catalog uses."""

from __future__ import annotations

import difflib
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # 0.3 s to import, which the codes below save nearly every question
    from iso639 import Language

MOST_LETTERS = 60
"""Letters of a name that are looked at; ISO 639's longest are of some fifty."""
_ISO_639_1 = """
aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de
dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia
id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo
lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl
ps pt qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti
tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
_TWO_LETTERS = frozenset(_ISO_639_1.split())
# What ISO 639 calls otherwise, or not at all: English names of Unicode CLDR, and Flemish.
_EVERYDAY = {
    "bangla": "bn", "cantonese": "yue", "farsi": "fa", "flemish": "nl", "mandarin": "zh",
    "maori": "mi", "odia": "or", "slovene": "sl", "tongan": "to", "west flemish": "vls",
}  # fmt: skip
# Codes that ISO 639-1 gave up, and the collective ones of 639-2 that publishers list.
_OLD_CODES = {
    "bh": "bh", "bih": "bh", "in": "id", "iw": "he", "ji": "yi", "jw": "jv", "mo": "ro",
    "nah": "nah",
}  # fmt: skip
# The one language of several that a code without it means: CLDR's aliases for macrolanguages.
_PREDOMINANT = {
    "arb": "ar", "azj": "az", "cmn": "zh", "ekk": "et", "khk": "mn", "kmr": "ku", "lvs": "lv",
    "npi": "ne", "ory": "or", "pbu": "ps", "pes": "fa", "plt": "mg", "quz": "qu", "swh": "sw",
    "uzn": "uz", "ydd": "yi", "zsm": "ms",
}  # fmt: skip
# What people write for one: countries, and names that languages have for themselves.
_MISTAKEN = {
    "at": "de", "cn": "zh", "cz": "cs", "deutsch": "de", "dk": "da", "espanol": "es",
    "francais": "fr", "gb": "en", "gr": "el", "italiano": "it", "jp": "ja", "nederlands": "nl",
    "polski": "pl", "portugues": "pt", "svenska": "sv", "turkce": "tr", "ua": "uk", "us": "en",
    "vn": "vi",
}  # fmt: skip


@lru_cache(maxsize=4096)
def code(text: str) -> str | None:
    """The code of a language, of two letters where ISO 639-1 has one; None for no language.

    >>> code("German"), code("DE"), code("deu"), code("tlh"), code("Germn")
    ('de', 'de', 'de', 'tlh', None)
    """
    word = _plain(text[:MOST_LETTERS])
    if word in _TWO_LETTERS:
        return word
    if special := _OLD_CODES.get(word) or _PREDOMINANT.get(word):
        return special
    if len(word) in (2, 3) and (language := _by_code(word)):
        return language.part1 or language.part3
    known = _names().get(word)
    return known and _PREDOMINANT.get(known, known)


def nearest(text: str) -> str | None:
    """The code of the language that is likely meant by what is none; None where nothing is near."""
    word = _plain(text[:MOST_LETTERS])
    head = word.replace("_", "-").partition("-")[0]  # en-US
    if key := _MISTAKEN.get(word) or (code(head) if len(head) in (2, 3) else None):
        return key
    common = {name: key for name, key in _names().items() if len(key) == 2} | _EVERYDAY
    codes = {key: key for key in common.values() if key[0] == word[:1]}
    written, cutoff = (codes, 0.5) if len(word) <= 3 else (common, 0.6)
    near = difflib.get_close_matches(word, written, n=1, cutoff=cutoff)
    return written[near[0]] if near else None


def remedy(text: str) -> str:
    """`Did you mean German (de)?`, or how a language is written where nothing is near."""
    key = nearest(text)
    if key is None:
        return "Write its ISO 639 code, such as de, or its English name, such as German."
    return f"Did you mean {english(key)} ({key})?"


def english(key: str) -> str:
    """The English name of a language, by its code; the code where the standard has none."""
    language = _by_code(key)
    return language.name.partition(" (")[0] if language else key


def _by_code(word: str) -> Language | None:
    from iso639 import Language, LanguageNotFoundError

    try:
        language = Language.match(word)
    except LanguageNotFoundError:
        return None
    return None if word not in (language.part1, language.part2b, language.part3) else language


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """Codes by English name; of names that several share, the one of ISO 639-1, then the living."""
    from iso639 import ALL_LANGUAGES

    ordered = sorted(
        (language for language in ALL_LANGUAGES if language.retire_reason is None),
        key=lambda language: (language.part1 is None, language.type != "L", language.part3),
    )
    whole: dict[str, str] = {}
    short: dict[str, str] = {}
    first: dict[str, str] = {}
    for language in ordered:
        others = [
            name for other in language.other_names or () for name in (other.print, other.inverted)
        ]
        for name in (language.name, *others):
            key = language.part1 or language.part3
            bare = name.partition(" (")[0]  # without years and the like: Modern Greek (1453-)
            whole.setdefault(_plain(name), key)
            short.setdefault(_plain(bare), key)
            first.setdefault(_plain(bare.partition(",")[0]), key)  # Greek, Modern
    return first | short | whole | _EVERYDAY


def _plain(text: str) -> str:
    """In small letters, without accents and doubled spaces."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(x for x in letters if not unicodedata.combining(x)).split())
