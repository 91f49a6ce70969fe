"""Figures as text, with their unit, the same everywhere on the screen."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from advisor.base.units import GIB

NOT_KNOWN = "not known"


def count(number: float | Decimal | None) -> str:
    """`1,234,567`, or `not known`; a fraction keeps up to two digits."""
    if number is None:
        return NOT_KNOWN
    if number == int(number):
        return f"{int(number):,}"
    return f"{number:,.2f}".rstrip("0").rstrip(".")


def counted(number: int, noun: str, nouns: str = "") -> str:
    """`1 request`, `2,000 requests`, `2 queries`: a count with its noun; `nouns`: not just an s."""
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


def usd(amount: float | Decimal | None) -> str:
    """`$1,234`, `$34.70`, `$0.0031`: cents below 100, two significant digits below a cent."""
    if amount is None:
        return NOT_KNOWN
    if amount == 0:
        return "$0"
    exact = Decimal(amount)
    if abs(exact) >= 100:
        return f"${amount:,.0f}"
    if abs(exact) >= Decimal("0.01"):
        return f"${amount:,.2f}"
    digits = 1 - exact.adjusted()
    return f"${amount:.{digits}f}" if digits <= 12 else "less than $0.000000000001"


def usd_range(low: float | Decimal | None, high: float | Decimal | None) -> str:
    """`$32 to $52`, or one figure where both read the same."""
    first, last = usd(low), usd(high)
    return first if first == last else f"{first} to {last}"


def price(usd_per_1m: Decimal | None) -> str:
    """`$0.01 / 1M`: a price for a million tokens with every digit of its source."""
    return NOT_KNOWN if usd_per_1m is None else f"${usd_per_1m} / 1M"


def points(score: float | None, sign: bool = False) -> str:
    """`51.7`: a score in points of 100 with one digit, halves rounded up as published tables do."""
    if score is None:
        return "not measured"
    rounded = Decimal(repr(round(score, 6))).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"{rounded:+}" if sign else str(rounded)


def large(number: float | None) -> str:
    """`2.5 million`, `1 billion`: the words beside a field that shows bare digits."""
    if number is None:
        return NOT_KNOWN
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if number >= size:
            return f"{number / size:,.2f}".rstrip("0").rstrip(".") + f" {word}"
    return count(number)


def short(number: float) -> str:
    """`36 M`, `24.8 B`, `1.05 k`: a count with three digits and a letter."""
    rounded = float(f"{number:.3g}")
    for size, letter in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if rounded >= size:
            return f"{significant(rounded / size)} {letter}"
    return count(rounded)


def parameters(number: int | None) -> str:
    """`33.4M`, `568M`, `9.24B`: a parameter count with three digits."""
    if number is None:
        return NOT_KNOWN
    size, letter = (1e9, "B") if number >= 1e9 else (1e6, "M")
    value = number / size
    return f"{value:.0f}{letter}" if value >= 100 else f"{value:.{2 if value < 10 else 1}f}{letter}"


def memory(number_of_bytes: float | None) -> str:
    """`5.72 GiB`, `127 MiB`: bytes in binary units."""
    if number_of_bytes is None:
        return NOT_KNOWN
    for size, unit in ((2**40, "TiB"), (GIB, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if number_of_bytes >= size:
            value = number_of_bytes / size
            return f"{value:,.0f} {unit}" if value >= 100 else f"{value:.3g} {unit}"
    return f"{number_of_bytes:,.0f} bytes"


def significant(number: float) -> str:
    """`0.35`, `8.31`, `1,240`: three significant digits, whole from a hundred on."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def rate(per_second: float) -> str:
    """`1,234.5`, `0.35`, `0.0019`: as a count, and below a hundredth with its digits."""
    return count(round(per_second, 2)) if per_second >= 0.01 else significant(per_second)


def day(when: date | None) -> str:
    """`2026-11-12`, or `undated`."""
    return when.isoformat() if when else "undated"


def written_day(when: date) -> str:
    """`23 Nov 2026`: a day as people write it.

    >>> written_day(date(2026, 3, 1))
    '1 Mar 2026'
    """
    return f"{when.day} {when:%b %Y}"


def listed(words: list[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b, and c`: words joined as in English."""
    if len(words) < 3:
        return f" {last} ".join(words)
    return f"{', '.join(words[:-1])}, {last} {words[-1]}"


def value(stated: Any) -> str:
    """A field of a workload in words."""
    if stated is None:
        return "no limit"
    if isinstance(stated, bool):
        return "yes" if stated else "no"
    if isinstance(stated, tuple):
        return listed([str(item).replace("_", "-") for item in stated])
    return count(stated) if isinstance(stated, (int, float)) else str(stated)


def step(value: int | None) -> int:
    """What a button adds to a count: a tenth of its power of ten.

    >>> step(2_000_000), step(200), step(7), step(None)
    (100000, 10, 1, 1)
    """
    return max(1, 10 ** (len(str(value)) - 2)) if value else 1
