"""Languages, by ISO 639 code or English name in any case, as the codes that the catalog uses."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # 0.3 s to import, which the codes below save nearly every question
    from iso639 import Language

MOST_LETTERS = 60
"""Letters of a name that are looked at; ISO 639's longest are of some fifty."""
_ISO_639_1 = """
aa=aar ab=abk ae=ave af=afr ak=aka am=amh an=arg ar=ara as=asm av=ava ay=aym az=aze ba=bak
be=bel bg=bul bi=bis bm=bam bn=ben bo=bod br=bre bs=bos ca=cat ce=che ch=cha co=cos cr=cre
cs=ces cu=chu cv=chv cy=cym da=dan de=deu dv=div dz=dzo ee=ewe el=ell en=eng eo=epo es=spa
et=est eu=eus fa=fas ff=ful fi=fin fj=fij fo=fao fr=fra fy=fry ga=gle gd=gla gl=glg gn=grn
gu=guj gv=glv ha=hau he=heb hi=hin ho=hmo hr=hrv ht=hat hu=hun hy=hye hz=her ia=ina id=ind
ie=ile ig=ibo ii=iii ik=ipk io=ido is=isl it=ita iu=iku ja=jpn jv=jav ka=kat kg=kon ki=kik
kj=kua kk=kaz kl=kal km=khm kn=kan ko=kor kr=kau ks=kas ku=kur kv=kom kw=cor ky=kir la=lat
lb=ltz lg=lug li=lim ln=lin lo=lao lt=lit lu=lub lv=lav mg=mlg mh=mah mi=mri mk=mkd ml=mal
mn=mon mr=mar ms=msa mt=mlt my=mya na=nau nb=nob nd=nde ne=nep ng=ndo nl=nld nn=nno no=nor
nr=nbl nv=nav ny=nya oc=oci oj=oji om=orm or=ori os=oss pa=pan pi=pli pl=pol ps=pus pt=por
qu=que rm=roh rn=run ro=ron ru=rus rw=kin sa=san sc=srd sd=snd se=sme sg=sag sh=hbs si=sin
sk=slk sl=slv sm=smo sn=sna so=som sq=sqi sr=srp ss=ssw st=sot su=sun sv=swe sw=swa ta=tam
te=tel tg=tgk th=tha ti=tir tk=tuk tl=tgl tn=tsn to=ton tr=tur ts=tso tt=tat tw=twi ty=tah
ug=uig uk=ukr ur=urd uz=uzb ve=ven vi=vie vo=vol wa=wln wo=wol xh=xho yi=yid yo=yor za=zha
zh=zho zu=zul
"""
_THREE_LETTERS = {pair[3:]: pair[:2] for pair in _ISO_639_1.split()}
_TWO_LETTERS = frozenset(_THREE_LETTERS.values())
# What ISO 639 calls otherwise, or not at all: English names of Unicode CLDR, and Flemish.
_EVERYDAY = {
    "bangla": "bn", "bihari": "bh", "buryat": "bxr", "cantonese": "yue", "dimli": "diq",
    "doteli": "dty",
    "emiliano-romagnolo": "eml", "farsi": "fa", "flemish": "nl", "ilocano": "ilo",
    "mandarin": "zh", "maori": "mi", "nahuatl": "nah", "odia": "or", "palatine german": "pfl",
    "piedmontese": "pms", "slovene": "sl", "tongan": "to", "tuvan": "tyv", "west flemish": "vls",
    "west frisian": "fy", "western punjabi": "pnb",
}  # fmt: skip
# Codes that ISO 639-1 gave up, and the collective ones of 639-2 that publishers list.
_OLD_CODES = {
    "bh": "bh", "bih": "bh", "in": "id", "iw": "he", "ji": "yi", "jw": "jv", "mo": "ro",
    "nah": "nah",
}  # fmt: skip
# The language of several that a code without it means, of CLDR's aliases for macrolanguages those
# with a code of two letters; and Bokmål and Filipino, which publishers list as Wikipedia has them.
_PREDOMINANT = {
    "als": "sq", "arb": "ar", "ayr": "ay", "azj": "az", "cmn": "zh", "cwd": "cr", "ekk": "et",
    "esk": "ik", "fil": "tl", "fuc": "ff", "gaz": "om", "gug": "gn", "ike": "iu", "khk": "mn",
    "kmr": "ku", "knc": "kr", "kng": "kg", "kpv": "kv", "lvs": "lv", "nb": "no", "nob": "no",
    "npi": "ne", "ojg": "oj", "ory": "or", "pbu": "ps", "pes": "fa", "plt": "mg", "quz": "qu",
    "src": "sc", "swh": "sw", "uzn": "uz", "ydd": "yi", "zsm": "ms", "zyb": "za",
}  # fmt: skip
# What people write for one: countries, and names that languages have for themselves.
_MISTAKEN = {
    "at": "de", "bokmal": "no", "brazilian": "pt", "cambodian": "km", "cn": "zh", "cz": "cs",
    "deutsch": "de", "dk": "da", "espanol": "es", "francais": "fr", "gb": "en", "gr": "el",
    "italiano": "it", "jp": "ja", "magyar": "hu", "myanmar": "my", "nederlands": "nl",
    "norsk": "no", "polski": "pl", "portugues": "pt", "simplified chinese": "zh", "sorani": "ckb",
    "suomi": "fi", "svenska": "sv", "traditional chinese": "zh", "turkce": "tr", "ua": "uk",
    "us": "en", "vn": "vi",
}  # fmt: skip

# The usual English names of languages that questions often name, which saves reading the standard,
# and of those that it calls otherwise, as Modern Greek, or not at all.
_USUAL = {
    "ar": "Arabic", "bh": "Bihari", "bxr": "Buryat", "cs": "Czech",
    "da": "Danish", "de": "German", "dty": "Doteli", "el": "Greek",
    "en": "English", "es": "Spanish", "fi": "Finnish", "fr": "French", "fy": "West Frisian",
    "he": "Hebrew", "hi": "Hindi", "ht": "Haitian Creole", "hu": "Hungarian", "id": "Indonesian",
    "ilo": "Ilocano", "it": "Italian", "ja": "Japanese", "ko": "Korean", "ky": "Kyrgyz",
    "li": "Limburgish", "nah": "Nahuatl", "new": "Newar", "nl": "Dutch", "no": "Norwegian",
    "or": "Odia", "os": "Ossetic", "pa": "Punjabi", "pam": "Kapampangan",
    "pfl": "Palatine German", "pl": "Polish", "pms": "Piedmontese", "pnb": "Western Punjabi",
    "ps": "Pashto", "pt": "Portuguese", "ru": "Russian", "sv": "Swedish", "th": "Thai",
    "tr": "Turkish", "tyv": "Tuvan", "ug": "Uyghur", "uk": "Ukrainian", "vi": "Vietnamese",
    "vls": "West Flemish", "yue": "Cantonese", "zh": "Chinese",
}  # fmt: skip


def code(text: str) -> str | None:
    """The code of a language, of two letters where ISO 639-1 has one; None for no language.

    >>> code("German"), code("DE"), code("deu"), code("tlh"), code("Germn")
    ('de', 'de', 'de', 'tlh', None)
    """
    word = text.strip()
    return _code(_plain(word)) if len(word) <= MOST_LETTERS else None


def is_catalog_code(text: str) -> bool:
    """Whether it can be the very code of a language, without reading the whole standard."""
    if len(text) == 2:
        known = text in _TWO_LETTERS or text in _OLD_CODES.values()
        return known and text not in _PREDOMINANT
    is_three = len(text) == 3 and text.isascii() and text.islower() and text.isalpha()
    return is_three and text not in _THREE_LETTERS and text not in _PREDOMINANT


def codes(texts: Iterable[str]) -> list[str]:
    """Languages by code, each once; what is none stays as it is."""
    return list(dict.fromkeys(code(text) or text for text in texts))


@lru_cache(maxsize=4096)
def _code(word: str) -> str | None:
    if special := _OLD_CODES.get(word) or _PREDOMINANT.get(word):
        return special
    if word in _TWO_LETTERS:
        return word
    if short := _THREE_LETTERS.get(word):
        return short
    if len(word) in (2, 3) and (language := _by_code(word)):
        return _key(language)
    known = _names().get(word)
    return known and _PREDOMINANT.get(known, known)


def nearest(text: str) -> str | None:
    """The code of the language that is likely meant by what is none; None where nothing is near."""
    word = _plain(text[:MOST_LETTERS])
    head = word.replace("_", "-").partition("-")[0]  # en-US
    if key := _MISTAKEN.get(word) or (code(head) if len(head) in (2, 3) else None):
        return key
    if len(word) <= 3:
        written = {key: key for key in _TWO_LETTERS if key[0] == word[:1]}
    else:
        written = _common_names()
    near = difflib.get_close_matches(word, written, n=1, cutoff=0.5 if len(word) <= 3 else 0.75)
    return written[near[0]] if near else None


def remedy(text: str) -> str:
    """`Did you mean German (de)?`, or how a language is written where nothing is near."""
    key = nearest(text)
    if key is None:
        return "Write its ISO 639 code, such as de, or its English name, such as German."
    return f"Did you mean {english(key)} ({key})?"


def english(key: str) -> str:
    """The usual English name of a language, by its code; the code where the standard has none."""
    if usual := _USUAL.get(key):
        return usual
    language = _by_code(key)
    return language.name.partition(" (")[0] if language else key


def _by_code(word: str) -> Language | None:
    from iso639 import Language, LanguageNotFoundError

    try:
        language = Language.match(word)
    except LanguageNotFoundError:
        return None
    own = (language.part1, language.part2b, language.part3)
    return language if word in own and language.scope != "S" else None  # S: no language, as und


@lru_cache(maxsize=1)
def _languages() -> list[Language]:
    """All that are in use, those of ISO 639-1 first, then macrolanguages, then the living."""
    from iso639 import ALL_LANGUAGES

    return sorted(
        (one for one in ALL_LANGUAGES if one.retire_reason is None and one.scope != "S"),
        key=lambda one: (one.part1 is None, one.scope != "M", one.type != "L", one.part3),
    )


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """Codes by English name: by main names first, then others, then without what tells them apart.

    A first word alone, as Greek of `Greek, Modern (1453-)`, is the one living language that has it.
    """
    main: dict[str, str] = {}
    others: dict[str, str] = {}
    bare: dict[str, str] = {}
    first: dict[str, set[str]] = {}
    for language in _languages():
        key = _key(language)
        main.setdefault(_plain(language.name), key)
        for name in (language.name, *_other_names(language)):
            short = name.partition(" (")[0]  # without years and the like
            others.setdefault(_plain(name), key)
            bare.setdefault(_plain(short), key)
            if language.type == "L":
                first.setdefault(_plain(short.partition(",")[0]), set()).add(key)
    alone = {name: next(iter(keys)) for name, keys in first.items() if len(keys) == 1}
    return alone | bare | others | main | _EVERYDAY


@lru_cache(maxsize=1)
def _common_names() -> dict[str, str]:
    """The names by which typing errors are mended: those of ISO 639-2, which has some 480."""
    common = [one for one in _languages() if one.part2b]
    return {_plain(one.name.partition(" (")[0]): _key(one) for one in common} | _EVERYDAY


def _key(language: Language) -> str:
    key: str = language.part1 or language.part3
    return key


def _other_names(language: Language) -> list[str]:
    return [name for other in language.other_names or () for name in (other.print, other.inverted)]


def _plain(text: str) -> str:
    """In small letters, without accents and doubled spaces."""
    letters = unicodedata.normalize("NFKD", text.lower())
    return " ".join("".join(x for x in letters if not unicodedata.combining(x)).split())
