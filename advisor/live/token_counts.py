"""Tokens of a visitor's own sample texts, counted by each variant's tokenizer or estimated.

Nothing is written to disk. Texts stay on this machine: `hub_tokenizer` asks another, without them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from tokenizers import Tokenizer

from advisor.ask.workload import Workload, bounds
from advisor.base import formatting
from advisor.base.errors import CatalogError, Fault
from advisor.base.text_rows import without_lone_surrogates
from advisor.base.token_estimate import estimated_tokens
from advisor.catalog import Catalog
from advisor.live import vocabulary
from advisor.live.sample_texts import refuse_none
from advisor.live.tokenizer_faults import in_one_sentence
from advisor.sizing.tokens import special_tokens

# File in `tokenizers/` of the catalog, by the `tokenizer` of a variant.
SHIPPED = {"wordpiece bert-uncased": "bert-uncased"}
ESTIMATE = (
    "An estimate: 4 characters per token, and one token per Chinese, Japanese or Korean character."
)
QUERY_TOKENS = Workload().query_tokens
NONE_FETCHED: Mapping[str, Tokenizer] = MappingProxyType({})

_UNREADABLE = (
    "The fetched tokenizer cannot read this sample. Take it back, so that the tokens are estimated."
)
_BATCH = 512  # texts; what the library makes of a batch takes about a hundred bytes a token


class TokenCount(NamedTuple):
    """Tokens of one text with the special ones, counted (exact) or estimated."""

    tokens: int
    exact: bool


class VariantLengths(NamedTuple):
    """Tokens of a sample's passages as one variant reads them, special tokens included.

    A reranker's are those of a pair; its limit holds the query too: a passage is over it with
    `query_tokens` more. `limit` and `share_over` (0 to 1): None where no limit is published."""

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
    """Two fields of the workload: tokens of the texts alone, since costs add the special tokens.

    The typical passage is the mean, rounded up: what is paid for is the sum. Where the mean exceeds
    the 95th percentile, both are the mean."""

    passage_tokens: int
    passage_tokens_p95: int


@dataclass(frozen=True)
class TokenCounter:
    """Counts texts as one variant reads them, or estimates; `rule` says how."""

    rule: str
    special_tokens: int
    tokenizer: Tokenizer | None = None

    @property
    def exact(self) -> bool:
        """Whether the variant's tokenizer counts."""
        return self.tokenizer is not None

    def __call__(self, text: str) -> TokenCount:
        """Tokens of one text, for a reranker with the special tokens of a pair."""
        return TokenCount(self.text_tokens([text])[0] + self.special_tokens, self.exact)

    def text_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text alone, without special tokens."""
        if self.tokenizer is None:
            return [estimated_tokens(text) for text in texts]
        counts: list[int] = []
        with in_one_sentence(_UNREADABLE):
            for start in range(0, len(texts), _BATCH):
                batch = [without_lone_surrogates(text) for text in texts[start : start + _BATCH]]
                encodings = self.tokenizer.encode_batch_fast(batch, add_special_tokens=False)
                counts += [len(encoding.ids) for encoding in encodings]
        return counts


def counter(
    catalog: Catalog, variant_id: str, tokenizers: Mapping[str, Tokenizer] = NONE_FETCHED
) -> TokenCounter:
    """How one variant's tokens are counted: with its tokenizer, else as `estimated_tokens` does.

    `tokenizers` holds fetched ones by variant id. One serves each variant for which the catalog
    states the same `tokenizer` and `vocab_size`.
    Raises CatalogError: the shipped vocabulary is not the variant's."""
    variant = catalog.variants[variant_id]
    pair = variant.kind == "reranker"
    tokenizer, rule = _at_hand(catalog, variant_id, tokenizers)
    if tokenizer is not None:
        return TokenCounter(rule, tokenizer.num_special_tokens_to_add(pair), tokenizer)
    special, guessed = special_tokens(variant)
    if guessed:
        rule += f" Its {special} special tokens are an estimate too: none are published."
    return TokenCounter(rule, special)


def _at_hand(
    catalog: Catalog, variant_id: str, tokenizers: Mapping[str, Tokenizer]
) -> tuple[Tokenizer | None, str]:
    """The variant's tokenizer, or None; and the sentence for how it is counted."""
    variant = catalog.variants[variant_id]
    if variant_id in tokenizers:
        return tokenizers[variant_id], f"Counted with the tokenizer of {variant.name}."
    if variant.tokenizer in SHIPPED:
        name = SHIPPED[variant.tokenizer]
        if (shipped := vocabulary.wordpiece(catalog.folder, name)) is not None:
            if (size := shipped.get_vocab_size()) != variant.vocab_size:
                file = f"{catalog.folder.name}/tokenizers/{name}.txt"
                problem = f"{size:,} pieces, but {variant.name} has {variant.vocab_size or 0:,}."
                raise CatalogError([Fault(file, "", "", problem, "Restore the file.")])
            rule = f"Counted with the tokenizer of {variant.name} (its vocabulary is BERT uncased)."
            return shipped, rule
    wanted = (variant.tokenizer, variant.vocab_size)
    for other_id, tokenizer in tokenizers.items():
        other = catalog.variants.get(other_id)
        if other and variant.tokenizer and (other.tokenizer, other.vocab_size) == wanted:
            same = f"which is that of {variant.name} too ({variant.tokenizer})"
            return tokenizer, f"Counted with the tokenizer of {other.name}, {same}."
    return None, ESTIMATE


def summary(
    catalog: Catalog,
    texts: Sequence[str],
    tokenizers: Mapping[str, Tokenizer] = NONE_FETCHED,
    query_tokens: int = QUERY_TOKENS,
) -> list[VariantLengths]:
    """How long the passages are for each embedder and reranker, in the catalog's order.

    Raises TokenCountError: there are no texts."""
    refuse_none(texts)
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
                share_over=_share_over(limit, [number + query for number in tokens]),
                rule=count.rule,
            )
        )
    return rows


def _share_over(limit: int | None, tokens: Sequence[int]) -> float | None:
    return None if limit is None else sum(number > limit for number in tokens) / len(tokens)


def lengths_for_workload(
    catalog: Catalog,
    texts: Sequence[str],
    variant_id: str,
    tokenizers: Mapping[str, Tokenizer] = NONE_FETCHED,
) -> WorkloadLengths:
    """The workload's passage lengths as one variant counts them, within the workload's bounds.

    Raises TokenCountError: there are no texts."""
    refuse_none(texts)
    tokens = sorted(counter(catalog, variant_id, tokenizers).text_tokens(texts))
    least, most = bounds("passage_tokens")
    lengths = (math.ceil(sum(tokens) / len(tokens)), _percentile(tokens, 95))
    mean, p95 = (int(min(max(length, least), most)) for length in lengths)
    return WorkloadLengths(mean, max(mean, p95))


def _percentile(ordered: Sequence[int], share: int) -> int:
    """The least number that `share` % of the ordered ones do not exceed (nearest rank)."""
    return ordered[-(-len(ordered) * share // 100) - 1]


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
            "Limit": _limit(row),
            "Over the limit": _share(row.share_over),
        }
        for row in rows
    ]


def _share(share: float | None) -> str:
    return formatting.NOT_KNOWN if share is None else f"{share:.1%}"


def _limit(row: VariantLengths) -> str:
    limit = formatting.count(row.limit)
    query = formatting.count(row.query_tokens)
    return f"{limit}, {query} of them for the query" if row.query_tokens else limit
