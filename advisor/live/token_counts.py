"""Tokens of a visitor's own sample texts, as each variant's tokenizer counts them, or as an estimate that says it is one.

Nothing here writes to disk. Texts stay on this machine: only `fetch_tokenizer` asks another one, and sends none of them.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import math
import queue
import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, groupby, islice
from pathlib import PurePath
from types import MappingProxyType
from typing import Any, Literal, NamedTuple
from urllib.parse import urljoin

import requests
import urllib3
from tokenizers import Tokenizer

from advisor.ask.workload import Workload, bounds
from advisor.base import formatting
from advisor.base.errors import AdvisorError, CatalogError, Fault
from advisor.catalog import Catalog
from advisor.catalog.schema import Variant
from advisor.live import vocabulary
from advisor.net.hub import HUB

SHIPPED = {"wordpiece bert-uncased": "bert-uncased"}
"""File in `tokenizers/` of the catalog, by the `tokenizer` of a variant."""
CHARACTERS_PER_TOKEN = 4
ESTIMATE = "An estimate: 4 characters a token, and a token for each Chinese, Japanese or Korean character."
QUERY_TOKENS = Workload().query_tokens
NONE_FETCHED: Mapping[str, Tokenizer] = MappingProxyType({})

_BATCH = 512  # texts; what the library makes of a batch takes about a hundred bytes a token
_CHUNK = 65_536  # bytes
_MOST_REDIRECTS = 5
_HOSTS = ("huggingface.co", "hf.co")  # the hub, and where its large files lie
_LOOPBACK = ("localhost", "127.0.0.1")
_HUB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*/[A-Za-z0-9][A-Za-z0-9._-]*")
_ADDRESS = re.compile(r"(https?)://([a-z0-9.-]+)(:[0-9]{1,5})?(?![^/?#])", re.IGNORECASE)  # no @ or \, which parsers read differently
_LINE = re.compile(r"^.*$", re.MULTILINE)
_CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]")


class TokenCountError(AdvisorError):
    """A sample that cannot be read, or a tokenizer that could not be had: what is wrong, and the next step."""


class SampleLimits(NamedTuple):
    """The largest sample that is counted."""

    largest_bytes: int = 5_000_000
    most_passages: int = 20_000
    longest_characters: int = 131_072  # in one passage; as much as Python's csv takes in a field


SAMPLE_LIMITS = SampleLimits()


class Count(NamedTuple):
    """Tokens of one text, special tokens included, and whether they were counted (exact) or estimated."""

    tokens: int
    exact: bool


class VariantLengths(NamedTuple):
    """Tokens of a sample's passages as one variant reads them.

    `typical`, `p95` and `most` include the special tokens, for a reranker those of a pair. Its limit holds the query too: a passage is over
    the limit with `query_tokens` more. `limit` and `share_over` (0 to 1) are None where no limit is published.
    """

    variant_id: str
    name: str
    kind: str
    passages: int
    typical: int
    p95: int
    most: int
    exact: bool
    limit: int | None
    query_tokens: int
    share_over: float | None
    rule: str


class WorkloadLengths(NamedTuple):
    """Two fields of the workload: tokens of the texts alone, since the costs add the special tokens.

    The typical passage is the mean, rounded up: what is paid for is the sum. Where a few texts are so long that the mean exceeds the
    95th percentile, both are the mean.
    """

    passage_tokens: int
    passage_tokens_p95: int


@dataclass(frozen=True)
class TokenCounter:
    """Counts texts as one variant reads them; an estimate where its tokenizer is not at hand. `rule` says how, for the visitor."""

    rule: str
    special_tokens: int
    tokenizer: Tokenizer | None = None

    @property
    def exact(self) -> bool:
        """Whether the variant's tokenizer counts."""
        return self.tokenizer is not None

    def __call__(self, text: str) -> Count:
        """Tokens of one text, for a reranker with the special tokens of a pair."""
        return Count(self.text_tokens([text])[0] + self.special_tokens, self.exact)

    def text_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text alone, without special tokens."""
        if self.tokenizer is None:
            return [estimated_tokens(text) for text in texts]
        counts: list[int] = []
        with _told("The fetched tokenizer cannot read this sample. Take it back, so that the tokens are estimated."):
            for start in range(0, len(texts), _BATCH):
                batch = [_valid(text) for text in texts[start : start + _BATCH]]
                counts += [len(encoding.ids) for encoding in self.tokenizer.encode_batch_fast(batch, add_special_tokens=False)]
        return counts


def estimated_tokens(text: str) -> int:
    """Estimate of a text's tokens, special tokens left out: one for 4 characters, rounded up, and one for each CJK character.

    The rule of thumb for English that the workload states; a CJK character is one token with BERT and less with the larger vocabularies,
    so that is a high guess. Other alphabets may take more. Measured for none of the variants: never an exact count.

    >>> estimated_tokens("seventeen letters"), estimated_tokens("\u4f60\u597d, world")
    (5, 4)
    """
    text = text.strip()
    cjk = len(_CJK.findall(text))
    return cjk - -(len(text) - cjk) // CHARACTERS_PER_TOKEN


def counter(catalog: Catalog, variant_id: str, tokenizers: Mapping[str, Tokenizer] = NONE_FETCHED) -> TokenCounter:
    """How one variant's tokens are counted: with its tokenizer where that is fetched or shipped, else by the rule of `estimated_tokens`.

    `tokenizers` holds fetched ones by variant id. One serves each variant for which the catalog states the same `tokenizer` and `vocab_size`.

    Raises:
        CatalogError: the shipped vocabulary is not the variant's.
    """
    variant = catalog.variants[variant_id]
    pair = variant.kind == "reranker"
    tokenizer, rule = _at_hand(catalog, variant_id, tokenizers)
    if tokenizer is not None:
        return TokenCounter(rule, tokenizer.num_special_tokens_to_add(pair), tokenizer)
    special = variant.special_tokens_per_pair if pair else variant.special_tokens_per_text
    return TokenCounter(f"{rule} Special tokens are not known and not counted." if special is None else rule, special or 0)


def _at_hand(catalog: Catalog, variant_id: str, tokenizers: Mapping[str, Tokenizer]) -> tuple[Tokenizer | None, str]:
    """The variant's tokenizer, or None; and the sentence for how it is counted."""
    variants = catalog.variants
    variant = variants[variant_id]
    if variant_id in tokenizers:
        return tokenizers[variant_id], f"Counted with the tokenizer of {variant.name}."
    if variant.tokenizer in SHIPPED:
        name = SHIPPED[variant.tokenizer]
        if (shipped := vocabulary.wordpiece(catalog.folder, name)) is not None:
            if (size := shipped.get_vocab_size()) != variant.vocab_size:
                problem = f"{size:,} pieces, but {variant.name} has {variant.vocab_size or 0:,}."
                raise CatalogError([Fault(f"{catalog.folder.name}/tokenizers/{name}.txt", "", "", problem, "Restore the file.")])
            return shipped, f"Counted with the tokenizer of {variant.name} (its vocabulary is BERT uncased)."
    for other_id, tokenizer in tokenizers.items():
        other = variants.get(other_id)
        if other and variant.tokenizer and (other.tokenizer, other.vocab_size) == (variant.tokenizer, variant.vocab_size):
            return tokenizer, f"Counted with the tokenizer of {other.name}, which is that of {variant.name} too ({variant.tokenizer})."
    return None, ESTIMATE


def summary(
    catalog: Catalog, texts: Sequence[str], tokenizers: Mapping[str, Tokenizer] = NONE_FETCHED, query_tokens: int = QUERY_TOKENS
) -> list[VariantLengths]:
    """How long the passages are for each embedder and reranker, in the catalog's order.

    Raises:
        TokenCountError: there are no texts.
    """
    _some(texts)
    counted: dict[Tokenizer | None, list[int]] = {}  # variants share tokenizers, and the estimate
    rows = []
    for variant_id, variant in catalog.variants.items():
        if variant.kind not in ("embedder", "reranker"):
            continue
        count = counter(catalog, variant_id, tokenizers)
        if count.tokenizer not in counted:
            counted[count.tokenizer] = sorted(count.text_tokens(texts))
        tokens = [number + count.special_tokens for number in counted[count.tokenizer]]
        query = query_tokens if variant.max_tokens_scope == "query and passage together" else 0
        limit = variant.max_tokens
        rows.append(
            VariantLengths(
                variant_id=variant_id,
                name=variant.name,
                kind=variant.kind,
                passages=len(tokens),
                typical=_percentile(tokens, 50),
                p95=_percentile(tokens, 95),
                most=tokens[-1],
                exact=count.exact,
                limit=limit,
                query_tokens=query,
                share_over=None if limit is None else sum(number + query > limit for number in tokens) / len(tokens),
                rule=count.rule,
            )
        )
    return rows


def lengths_for_workload(
    catalog: Catalog, texts: Sequence[str], variant_id: str, tokenizers: Mapping[str, Tokenizer] = NONE_FETCHED
) -> WorkloadLengths:
    """The workload's passage lengths as one variant counts them, within the workload's bounds.

    Raises:
        TokenCountError: there are no texts.
    """
    _some(texts)
    tokens = sorted(counter(catalog, variant_id, tokenizers).text_tokens(texts))
    least, most = bounds("passage_tokens")
    mean, p95 = (int(min(max(tokens_each, least), most)) for tokens_each in (math.ceil(sum(tokens) / len(tokens)), _percentile(tokens, 95)))
    return WorkloadLengths(mean, max(mean, p95))


def _percentile(ordered: Sequence[int], share: int) -> int:
    """The least number that `share` % of the ordered ones do not exceed (nearest rank)."""
    return ordered[-(-len(ordered) * share // 100) - 1]


def _some(texts: Sequence[str]) -> None:
    if not texts:
        raise TokenCountError("The sample holds no text. Paste passages, or upload a .txt, .csv or .jsonl file that has some.")


# The sample


def passages(
    content: str | bytes, name: str = "", split: Literal["blank-line", "line"] = "blank-line", limits: SampleLimits = SAMPLE_LIMITS
) -> list[str]:
    """Passages of a pasted text or an uploaded file.

    The ending of `name` says what it is: none or .txt, split at blank lines or at each line; .csv with a header, the delimiter being that of
    , ; and tab which the header has most of; .jsonl, an object a line. Of these two the column or field `text` is taken, else the first one
    with more than a word in it.

    Raises:
        TokenCountError: it is not UTF-8, cannot be read, is larger than `limits`, or holds no text.
    """
    kind = PurePath(name).suffix.lower()
    if kind not in ("", ".txt", ".csv", ".jsonl"):
        raise TokenCountError(f"A {kind[:20]} file is not read here. Upload .txt, .csv or .jsonl.")
    text = _text(content, limits)
    if kind == ".csv":
        found = _of_field(_csv_rows(text), limits.most_passages + 1)
    elif kind == ".jsonl":
        found = _of_field(_json_rows(text), limits.most_passages + 1)
    else:
        found = _of_text(text, split)
    kept: list[str] = []
    for line, passage in found:
        if not (passage := _valid(passage.strip())):
            continue
        if len(passage) > limits.longest_characters:
            raise TokenCountError(
                f"The passage at line {line:,} has {len(passage):,} characters, more than the {limits.longest_characters:,} that one may have. Split it."
            )
        if len(kept) == limits.most_passages:
            raise TokenCountError(f"There are more than {limits.most_passages:,} passages. Leave out what begins at line {line:,}.")
        kept.append(passage)
    _some(kept)
    return kept


def _text(content: str | bytes, limits: SampleLimits) -> str:
    """The content as text with plain line ends."""
    raw = content.encode("utf-8", "replace") if isinstance(content, str) else content
    if len(raw) > limits.largest_bytes:
        raise TokenCountError(
            f"The sample has {len(raw):,} bytes, more than the {limits.largest_bytes:,} that are counted. Take a part of it."
        )
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise TokenCountError(f"Line {line:,} is not UTF-8. Save the file as UTF-8 and upload it again.") from None
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _valid(text: str) -> str:
    """The text with lone surrogates, which JSON can hold and no tokenizer takes, as question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _of_text(text: str, split: Literal["blank-line", "line"]) -> Iterator[tuple[int, str]]:
    """(line it begins at, passage) of a plain text."""
    lines = _lines(text)
    if split == "line":
        yield from lines
        return
    for blank, group in groupby(lines, key=lambda numbered: not numbered[1].strip()):
        block = list(group)
        if not blank:
            yield block[0][0], "\n".join(line for _, line in block)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """(number, line); to split a text makes all of them at once."""
    return ((number, line[0]) for number, line in enumerate(_LINE.finditer(text), 1))


def _csv_rows(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line it begins at, values by column) of each row below the header."""
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    header: list[str] = []
    line = 1
    try:
        for row in reader:
            if row and not header:
                header = row
            elif row:
                if len(row) != len(header):
                    raise TokenCountError(
                        f"Line {line:,} has {len(row)} values, but the header {len(header)}. Put quotes around texts that hold the delimiter."
                    )
                yield line, dict(zip(header, row, strict=True))
            line = reader.line_num + 1
    except csv.Error as error:
        raise TokenCountError(f"Line {line:,} is not readable as CSV ({error}). Mend it, or save the texts as .jsonl.") from None


def _json_rows(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line, object) of each line that is not blank."""
    for number, line in _lines(text):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise TokenCountError(f'Line {number:,} is no JSON object. Write each passage on a line of its own, as {{"text": "..."}}.')
        yield number, value


def _of_field(rows: Iterator[tuple[int, dict[str, Any]]], most: int) -> Iterator[tuple[int, str]]:
    """(line, passage) of the column or field that holds the texts, which the first `most` rows tell."""
    first = list(islice(rows, most))
    field = _text_field([row for _, row in first]) if first else ""
    for line, row in chain(first, rows):
        value = row.get(field)
        if not isinstance(value, str):
            raise TokenCountError(f"Line {line:,} has no text under '{field[:40]}'. Fill it in, or delete the line.")
        yield line, value


def _text_field(rows: Sequence[dict[str, Any]]) -> str:
    """Name of the column or field `text`, else the first with more than a word in it, else the first with a letter."""
    names = list(rows[0])
    for name in names:
        if name.strip().lower() == "text":
            return name
    for least in (2, 1):  # words: an id is one, a text has more
        for name in names:
            if any(isinstance(value := row.get(name), str) and _words(value) >= least for row in rows):
                return name
    raise TokenCountError("No column or field holds text. Name the one with the passages 'text'.")


def _words(text: str) -> int:
    """Words with a letter in them, each CJK character being one."""
    return len(_CJK.findall(text)) + sum(any(map(str.isalpha, word)) for word in text.split() if not _CJK.search(word))


# Fetching a tokenizer


def fetch_tokenizer(variant: Variant, timeout_s: float = 60, base: str = HUB, largest_bytes: int = 40_000_000) -> Tokenizer:
    """The variant's own tokenizer, downloaded from the hub; the caller keeps it, nothing is written.

    Asked for over https, of the hub's hosts alone; `base` may also be a server on this machine. Downloading ends within `timeout_s`
    seconds, reading what came takes a second or two more.

    Raises:
        TokenCountError: the variant has no hub id, `base` is not allowed, or no tokenizer was had.
    """
    if variant.hub_id is None or not _HUB_ID.fullmatch(variant.hub_id):
        raise TokenCountError(f"{variant.name} has no address on the hub. Its tokens stay an estimate.")
    origin = _origin(base)
    if origin is None or not (_on_hub(origin) or origin[1] in _LOOPBACK):
        raise TokenCountError(f"Tokenizers are fetched from the hub alone. Use {HUB}.")
    address = f"{base.rstrip('/')}/{variant.hub_id}/resolve/main/tokenizer.json"
    until = time.monotonic() + timeout_s
    answers: queue.SimpleQueue[bytes | str] = queue.SimpleQueue()
    # In a thread, because neither the look-up of the name nor headers that trickle in obey a time-out of requests.
    threading.Thread(
        target=lambda: answers.put(_download(address, origin, until, largest_bytes)), name="tokenizer-download", daemon=True
    ).start()
    try:
        got = answers.get(timeout=timeout_s)
    except queue.Empty:
        got = _TOO_LONG
    if isinstance(got, str):
        raise TokenCountError(got)
    return _loaded(got, variant.name)


_TOO_LONG = "The hub took too long to send the tokenizer. Try again later; the tokens stay an estimate until then."
_BROKEN = "The hub could not be reached, or broke off. Check the network; the tokens stay an estimate until then."


def _origin(address: str) -> tuple[str, str, str] | None:
    """Scheme, host and port (`:443`, or empty) of an address; None where it is none that can be used."""
    found = _ADDRESS.match(address)
    return (found[1].lower(), found[2].lower(), found[3] or "") if found else None


def _on_hub(origin: tuple[str, str, str]) -> bool:
    scheme, host, port = origin
    return scheme == "https" and port in ("", ":443") and any(host == known or host.endswith(f".{known}") for known in _HOSTS)


def _download(address: str, first: tuple[str, str, str], until: float, largest_bytes: int) -> bytes | str:
    """The body at the address, or the sentence for why there is none."""
    try:
        with requests.Session() as session:
            session.trust_env = False  # no netrc entry is sent along
            for _ in range(_MOST_REDIRECTS + 1):
                left_s = max(0.01, min(10, until - time.monotonic()))
                with session.get(address, timeout=left_s, allow_redirects=False, stream=True) as response:
                    if not response.is_redirect:
                        return _body(response, until, largest_bytes) if response.status_code == 200 else _problem(response.status_code)
                    address = urljoin(address, response.headers["Location"])
                origin = _origin(address)
                if origin is None or not (origin == first or _on_hub(origin)):
                    return "The hub sent the request on to another host, which was refused. The tokens stay an estimate."
            return "The hub sent the request on too often. Try again later; the tokens stay an estimate until then."
    except (requests.Timeout, urllib3.exceptions.ReadTimeoutError):
        return _TOO_LONG
    except (OSError, ValueError, urllib3.exceptions.HTTPError):  # requests' own errors are OSErrors
        return _BROKEN


def _body(response: requests.Response, until: float, largest_bytes: int) -> bytes | str:
    """The unpacked body, given up on where it is too large or comes in too slowly."""
    body = bytearray()
    # read1, because iter_content waits until a chunk is full: a byte a second would hold it for as long as it likes
    while chunk := response.raw.read1(_CHUNK, decode_content=True):
        body += chunk
        if len(body) > largest_bytes:
            return f"The file is larger than {largest_bytes:,} bytes, so it was not read. The tokens stay an estimate."
        if time.monotonic() > until:
            return _TOO_LONG
    return bytes(body)


def _problem(status: int) -> str:
    if status == 404:
        return "The hub has no tokenizer.json for this model (404). Its tokens stay an estimate."
    if status in (401, 403):
        return f"The hub gives this model's tokenizer to signed-in users alone ({status}). Its tokens stay an estimate."
    return f"The hub answered with status {status}. Try again later; the tokens stay an estimate until then."


def _loaded(body: bytes, name: str) -> Tokenizer:
    """The tokenizer of a tokenizer.json, tried once, without its cut and padding."""
    with _told(f"What the hub sent for {name} is no tokenizer.json that can be read. Its tokens stay an estimate."):
        tokenizer = Tokenizer.from_str(body.decode("utf-8"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        if not tokenizer.encode("A probe.", add_special_tokens=False).ids:
            raise ValueError("no tokens")
    return tokenizer


@contextlib.contextmanager
def _told(sentence: str) -> Iterator[None]:
    """Any fault inside, told in one sentence."""
    try:
        yield
    except BaseException as error:
        # The library's Rust panics are no Exceptions; tokenizers 0.23 has them for a broken charsmap.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise TokenCountError(sentence) from None
        raise


def token_rows(rows: list[VariantLengths]) -> list[dict[str, str]]:
    """How long a sample's passages are for each model, and how many go over its limit."""
    return [
        {
            "Model": row.name,
            "Counted": "exactly" if row.exact else "an estimate",
            "Passages": formatting.count(row.passages),
            "Typical tokens": formatting.count(row.typical),
            "95th percentile": formatting.count(row.p95),
            "Longest": formatting.count(row.most),
            "Limit": formatting.count(row.limit)
            + (f", {formatting.count(row.query_tokens)} of them for the query" if row.query_tokens else ""),
            "Over the limit": formatting.NOT_KNOWN if row.share_over is None else f"{row.share_over:.1%}",
        }
        for row in rows
    ]
