"""Live prices at Novita AI: what its model list asks today, and how the catalog's offers differ.

Nothing here writes to disk, and no text made here holds the key or words of the server.
"""

from __future__ import annotations

import dataclasses
import hashlib
import ipaddress
import json
import re
import threading
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from advisor import catalog as catalogs
from advisor.base import formatting
from advisor.base.errors import AdvisorError
from advisor.catalog import Catalog
from advisor.catalog.schema import Offer
from advisor.net.addresses import BaseAddress, split
from advisor.net.client import Client, Failure, Reply, RequestLimits, within

BASE = "https://api.novita.ai/openai/v1"
PROVIDER = "novita-ai"
SOURCE = "novita-list-models"
# The list counts in 1/10,000 US dollars per 1M tokens (sources.yaml: novita-price-unit)
UNITS_PER_USD = 10_000
# Outside of these a price per 1M tokens is a mistake
LEAST_USD, MOST_USD = Decimal("0.000001"), Decimal(1_000_000)

_KEY = re.compile(r"[\x21-\x7e]{1,500}")
# What may be shown on a terminal and written into YAML
_MODEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@+-]{0,199}")
_NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,2})?")


class PricesError(AdvisorError):
    """Live prices that could not be had: why, and the next step; never with the key."""


Prices = dict[str, Decimal | None]
"""US dollars per 1M input tokens by model; None where no price is stated."""
LIMITS = RequestLimits(read_s=10, deadline_s=30, largest_bytes=5_000_000)


class Drift(NamedTuple):
    """One difference between catalog and live prices, in US dollars per 1M input tokens."""

    offer_id: str | None  # None: new on Novita's list
    model: str
    catalog: Decimal | None
    live: Decimal | None  # None: gone from the list, or without a price there
    text: str
    again: bool = False  # withdrawn in the catalog, and on Novita's list


_STILL_HOLD = "the catalog's own prices still hold."
_TOO_LONG = f"Novita took too long to answer. Try again in a few minutes; {_STILL_HOLD}"
_CHECK_NETWORK = "Check the network and the base address, then try again."
_BROKEN = f"Novita could not be reached, or broke off. {_CHECK_NETWORK}"
_CHECK_BASE = "Check the base address."
_PACKED = f"Novita's answer is packed in a way that cannot be unpacked. {_CHECK_BASE}"
_CREATE_ONE = "Create one in Novita's key settings; the command line reads NOVITA_API_KEY."
_NO_KEY = f"There is no Novita key. {_CREATE_ONE}"
_ODD_KEY = (
    "The Novita key holds a space, a line break or another character that no key has. "
    "Copy it again, whole and alone."
)
_OR_LATER = "Check the base address, or try again later."
_NO_LIST = f"Novita's answer holds no list of models under 'data'. {_OR_LATER}"
# A list may be asked for twice, unlike texts, which would be billed twice
_AGAIN_AFTER = (
    Failure.BROKEN, Failure.REFUSED, Failure.UNRESOLVED, Failure.NO_CONNECTION_IN_TIME,
    Failure.CERTIFICATE,
)  # fmt: skip


def fetch(key: str, base: str = BASE, limits: RequestLimits = LIMITS) -> Prices:
    """US dollars per 1M input tokens by model id, as Novita's model list states them now.

    None: no price stated. Returns, or raises a `PricesError`, within `limits.deadline_s`. The key
    is sent to `base` alone: take that from no one but the key's owner.
    """
    if not key:
        raise PricesError(_NO_KEY)
    if not _KEY.fullmatch(key):
        raise PricesError(_ODD_KEY)
    address = _list_address(base)

    def reply() -> Reply:
        headers = {"Accept": "application/json"}
        client = Client(address.root, limits, key=key, headers=headers, again_after=_AGAIN_AFTER)
        with client as http:
            return http.ask(address.path)

    answer = within(limits.deadline_s, reply, lambda failure: _no_answer(failure, limits))
    if answer.status != 200:
        raise PricesError(_status_sentence(answer))
    return _listed_prices(answer.body, key)


KEPT_S = 60
_fetching = threading.Lock()
_latest: dict[tuple[str, str], tuple[float, Prices | PricesError]] = {}


def fetch_for_all(key: str, base: str = BASE) -> Prices:
    """What `fetch` gave or raised in the last minute: visitors shall not use the key's quota up."""
    with _fetching:
        fetched_at, prices = _latest.get((key, base), (0.0, None))
        if prices is None or time.monotonic() - fetched_at > KEPT_S:
            try:
                prices = fetch(key, base)
            except PricesError as error:
                prices = PricesError(str(error))
            _latest.clear()
            _latest[key, base] = (time.monotonic(), prices)
    if isinstance(prices, PricesError):
        raise PricesError(str(prices))
    return dict(prices)


def _list_address(base: str) -> BaseAddress:
    """Address of the model list; Novita publishes bases with and without /v1, and /v3/openai."""
    address = split(base)
    if isinstance(address, str):
        raise PricesError(f"{address}. Write it as {BASE}.")
    if address.scheme != "https" and not _is_loopback(address.host):
        problem = "The base address is not https, so the key could be read on the way."
        raise PricesError(f"{problem} Write https://.")
    path = address.path.removesuffix("/models")
    usual = {"": "/openai/v1", "/openai": "/openai/v1", "/v3/openai/v1": "/v3/openai"}
    return address._replace(path=f"{usual.get(path, path)}/models")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _no_answer(failure: Failure, limits: RequestLimits) -> PricesError:
    too_large = (
        f"Novita's answer is larger than {limits.largest_bytes:,} bytes, which no list of models "
        f"is. {_CHECK_BASE}"
    )
    sentences = {Failure.SLOW: _TOO_LONG, Failure.PACKED: _PACKED, Failure.LARGE: too_large}
    return PricesError(sentences.get(failure, _BROKEN))


def _status_sentence(reply: Reply) -> str:
    status = reply.status
    come_back = "in a few minutes"
    if reply.wait_s is not None:
        minute_begun = datetime.now(UTC) + timedelta(seconds=reply.wait_s + 59)
        come_back = f"at {minute_begun:%Y-%m-%d %H:%M} UTC, as Novita asks"
    if 300 <= status < 400:
        return (
            f"Novita answered with a redirect ({status}), which was refused so that the key goes "
            f"nowhere else. {_CHECK_BASE}"
        )
    if status in (401, 403):
        remedy = "Check that it is whole and has not been revoked."
        return f"Novita refused the key ({status}). {remedy}"
    if status == 404:
        return f"There is no model list at the base address (404). Use {BASE}."
    if status == 429:
        return f"Novita takes no more requests for now (429). Try again {come_back}."
    if status >= 500:
        return f"Novita has a fault of its own ({status}). Try again {come_back}; {_STILL_HOLD}"
    return f"Novita answered with status {status} instead of a list. Check the base address."


def _listed_prices(body: bytes, key: str) -> Prices:
    """The prices of an answer; entries without a usable id are passed over."""
    answer: object = None
    try:
        answer = json.loads(body, parse_float=_exact, parse_int=_exact, parse_constant=_exact)
        readable = True
    except (ValueError, RecursionError):
        readable = False
    if not readable:  # raised here, so that its context does not hold the answer
        raise PricesError(f"Novita's answer is not JSON. {_OR_LATER}")
    entries = answer.get("data") if isinstance(answer, dict) else None
    prices: Prices = {}
    for entry in entries if isinstance(entries, list) else []:
        model = entry.get("id") if isinstance(entry, dict) else None
        if isinstance(model, str) and _MODEL.fullmatch(model) and key not in model:
            price = _usd(entry.get("input_token_price_per_m"))
            nested = _usd(_nested(entry, "pricing", "prompt", "price_per_m"))
            prices[model] = nested if price is None else price
    if not prices:
        raise PricesError(_NO_LIST)
    return prices


def _exact(number: str) -> Decimal:
    try:
        return Decimal(number)
    except InvalidOperation:  # an exponent past what Decimal can hold
        return Decimal("NaN")


def _nested(value: object, *keys: str) -> object:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _usd(stated: object) -> Decimal | None:
    """US dollars per 1M tokens of a price in Novita's unit; None where it is no number over 0."""
    text = str(stated).strip() if isinstance(stated, (str, Decimal)) else ""
    if not _NUMBER.fullmatch(text):
        return None
    usd = Decimal(text) / UNITS_PER_USD
    return Decimal(f"{usd:f}") if LEAST_USD <= usd <= MOST_USD else None


def comparison(catalog: Catalog, live: Prices) -> list[str]:
    """A sentence for each of Novita's offers, and for each BGE model that the catalog lacks.

    Of a withdrawn offer nothing is said unless Novita lists its model again.
    """
    return [drift.text for drift, _ in _compared(catalog, live)]


def drift(catalog: Catalog, live: Prices) -> list[Drift]:
    """Offers of Novita whose price has changed or whose model is gone or back, then models it adds.

    A model without a price is no drift: the catalog's is neither confirmed nor denied.
    """
    return [drift for drift, differs in _compared(catalog, live) if differs]


def _compared(catalog: Catalog, live: Prices) -> list[tuple[Drift, bool]]:
    """Each offer and each BGE model without one, and whether it differs."""
    by_name, offers = _by_name(live), _offers(catalog)
    rows = [
        _compared_offer(offer, by_name)
        for offer in offers
        if offer.type == "serverless" and (not offer.withdrawn or offer.model.lower() in by_name)
    ]
    known = {offer.model.lower() for offer in offers}
    for model in sorted(live):
        if model.lower().startswith("baai/bge") and model.lower() not in known:
            price = live[model]
            listed = "without a price" if price is None else f"at {formatting.price(price)}"
            text = f"{model}: Novita lists it {listed}; the catalog has no offer for it."
            rows.append((Drift(None, model, None, price, text), True))
    return rows


def _compared_offer(offer: Offer, by_name: Prices) -> tuple[Drift, bool]:
    ours = offer.usd_per_1m_input
    theirs = by_name.get(offer.model.lower())
    says = f"the catalog says {formatting.price(ours)}."
    if offer.withdrawn is not None:
        price = "without a price" if theirs is None else f"at {formatting.price(theirs)}"
        day = offer.withdrawn.on.isoformat()
        says = f"the catalog says that it was withdrawn on {day}."
        text, differs = f"Novita lists it again, {price}; {says}", theirs is not None
    elif offer.model.lower() not in by_name:
        text, differs = f"Novita does not list it any more; {says}", True
    elif theirs is None:
        text, differs = f"Novita lists it without a price; {says}", False
    elif theirs == ours:
        text, differs = f"{formatting.price(ours)} in the catalog and at Novita.", False
    else:
        text, differs = f"Novita asks {formatting.price(theirs)}; {says}", True
    text = f"{offer.id} ({offer.model}): {text}"
    return Drift(offer.id, offer.model, ours, theirs, text, bool(offer.withdrawn)), differs


def _by_name(live: Prices) -> Prices:
    return {model.lower(): price for model, price in live.items()}


def _offers(catalog: Catalog) -> list[Offer]:
    return catalog.providers[PROVIDER].offers if PROVIDER in catalog.providers else []


def yaml_change(drifts: list[Drift], today: date) -> str:
    """The change to catalog/offers/novita-ai.yaml as YAML, empty without drift.

    An offer whose model is gone is a comment: a person says whether it was withdrawn or renamed.
    """
    if not drifts:
        return ""
    entries = [line for drift in drifts for line in _yaml_entry(drift, today)]
    head = [
        f"# Change to catalog/offers/{PROVIDER}.yaml, from Novita's model list of {today}.",
        f"# Put these fields in place of the offer's own, and add {SOURCE} to its sources.",
    ]
    holds_offers = any(line.startswith("  - ") for line in entries)
    return "\n".join([*head, *(["offers:"] if holds_offers else []), *entries]) + "\n"


def _yaml_entry(drift: Drift, today: date) -> list[str]:
    """The lines of one drift; texts from the list are quoted."""
    lines = [f"  # {' '.join(drift.text.split())}"]
    price = "null" if drift.live is None else f'"{drift.live:f}"'
    dated = [f"    usd_per_1m_input: {price}", f"    as_of: {today}", "    tier: provider-page"]
    if drift.offer_id is None:
        name = drift.model.lower().removeprefix("baai/")
        variant = "-".join(re.findall(r"[a-z0-9]+(?:\.[a-z0-9]+)*", name))
        return [
            *lines,
            f"  - id: {PROVIDER}-{variant}",
            f"    variant: {variant}  # check that the catalog has this variant",
            f"    model: {json.dumps(drift.model)}",
            "    type: serverless",
            *dated,
            "    usd_per_1m_output: null",
            "    billing_unit: null",
            "    max_tokens: null",
            "    native_currency: USD",
            f"    sources: [{SOURCE}]",
        ]
    if drift.live is None:
        lead = "  # If Novita's page of the model is gone too, give offer"
        return [*lines, f"{lead} {drift.offer_id} `withdrawn` with on, reason and sources."]
    back = ["    withdrawn: null"] if drift.again else []
    return [*lines, f"  - id: {drift.offer_id}", *dated, *back]


def with_prices(catalog: Catalog, live: Prices) -> Catalog:
    """The catalog with Novita's live prices, dated today; itself where no price is known.

    For one visit: nothing is saved, and `version` ends in +live- and a digest of the prices.
    """
    by_name, offers, today = _by_name(live), _offers(catalog), catalogs.today()
    renewed = [_live_offer(catalog, offer, by_name, today) for offer in offers]
    changed = [new for new, old in zip(renewed, offers, strict=True) if new is not old]
    used = [f"{offer.id} {offer.usd_per_1m_input}" for offer in changed]
    if not used:
        return catalog
    digest = hashlib.sha256("\n".join([today.isoformat(), *used]).encode()).hexdigest()[:8]
    provider = catalog.providers[PROVIDER].model_copy(update={"offers": renewed})
    return dataclasses.replace(
        catalog,
        providers={**catalog.providers, PROVIDER: provider},
        version=f"{catalog.version.partition('+live-')[0]}+live-{digest}",
    )


def _live_offer(catalog: Catalog, offer: Offer, by_name: Prices, today: date) -> Offer:
    """The offer at a live price, with the list as a source if known.

    Itself where there is no such price, or where it was withdrawn.
    """
    price = by_name.get(offer.model.lower())
    if price is None or offer.type != "serverless" or offer.withdrawn is not None:
        return offer
    fields: dict[str, object] = {"usd_per_1m_input": price, "as_of": today, "tier": "provider-page"}
    old = {
        name: ids
        for name in Offer.model_fields
        if name not in Offer.NOT_FACTS and (ids := list(offer.source_ids(name)))
    }
    if SOURCE in catalog.sources:
        fields["sources"] = {**old, **{name: [SOURCE] for name in fields}}
    return offer.model_copy(update=fields)
