"""What Live shows of vectors and scores: likeness of sentences, search, reranking, truncation, instruction, two engines. Rows and sentences."""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from tokenizers import Tokenizer

from advisor.base import formatting
from advisor.base.errors import EncodeError
from advisor.catalog import Catalog
from advisor.encode.available_models import ModelChoice
from advisor.encode.engine import About, Float32s, Scores, Vectors, refuse_long
from advisor.encode.models import Model
from advisor.live import matching, token_counts, vocabulary

UNKNOWN = ("[UNK]", "<unk>")
"""What BERT's and XLM-R's tokenizers write for what their vocabulary does not hold."""
MOST_SENTENCES = 12
"""Sentences in a heatmap: more would not be readable on a phone."""


def who(
    about: About, seconds: float, counted: int | None = None, counted_in: str = "tokens"
) -> str:
    """Who answered, at which precision, and how long it took, as a sentence."""
    engine = {
        "local": "fastembed on this machine",
        "torch": "torch on this machine",
        "remote": f"at {about.where}",
    }[about.engine]
    label = " (a stand-in, not BGE)" if about.standin else ""
    if about.variant_id is None and not about.standin:
        label = " (not the model of the catalog)"
    precision = about.precision or "precision not known"
    read = f" for {formatting.count(counted)} {counted_in}" if counted else ""
    return f"Answered by {about.model}{label}, {engine}, {precision}, in {told_seconds(seconds)}{read}."


def told_seconds(seconds: float) -> str:
    """`38 ms`, `2.4 s`: a duration with two or three digits."""
    return (
        f"{seconds * 1000:,.0f} ms"
        if seconds < 0.995
        else f"{seconds:,.1f} s"
        if seconds < 99.5
        else f"{seconds:,.0f} s"
    )


def named(first: About, second: About) -> tuple[str, str]:
    """What answered, by names that differ; a stand-in is marked."""
    one, other = (
        f"{about.model} (not BGE)" if about.standin else about.model for about in (first, second)
    )
    return (one, other) if one != other else (f"{one} (first)", f"{other} (second)")


class Pair(NamedTuple):
    """Two sentences by their place, and the cosine of their vectors, -1 to 1."""

    first: int
    second: int
    cosine: float


@dataclass(frozen=True)
class Likeness:
    """Cosines of every two sentences, shape (sentences, sentences), and the pairs, the nearest first."""

    texts: tuple[str, ...]
    cosines: Float32s
    pairs: tuple[Pair, ...]

    @property
    def sentence(self) -> str:
        """Which two are nearest and which farthest."""
        near, far = self.pairs[0], self.pairs[-1]
        told = f"Nearest: {self._pair(near)}"
        return told + (f". Farthest: {self._pair(far)}." if far is not near else ".")

    def rows(self) -> list[dict[str, str]]:
        """Each pair with its cosine, the nearest first."""
        return [
            {"Cosine": f"{p.cosine:.3f}", "One": self.texts[p.first], "Other": self.texts[p.second]}
            for p in self.pairs
        ]

    def _pair(self, pair: Pair) -> str:
        return f"“{self.texts[pair.first]}” and “{self.texts[pair.second]}” ({pair.cosine:.2f})"


def likeness(texts: Sequence[str], dense: Float32s) -> Likeness:
    """Cosines of sentences from their vectors, shape (sentences, dim), of length one.

    Raises:
        EncodeError: there are fewer than two sentences.
    """
    if len(texts) < 2:
        raise EncodeError(
            "One sentence has nothing to be compared with. Write two or more, one a line."
        )
    cosines = (dense @ dense.T).astype(np.float32)
    pairs = [Pair(i, j, float(cosines[i, j])) for i, j in combinations(range(len(texts)), 2)]
    return Likeness(tuple(texts), cosines, tuple(sorted(pairs, key=lambda p: -p.cosine)))


class Shelf:
    """Vectors of passages by model and texts, the last four; shared by all visitors, so for models of this machine alone."""

    MOST = 4

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Model, tuple[str, ...]], Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def vectors(
        self, model: Model | None, texts: tuple[str, ...], make: Callable[[], Vectors]
    ) -> Vectors:
        """The vectors kept for a model, or what `make` gives; those of an endpoint (no model) are not kept."""
        if model is None:
            return make()
        with self._lock:
            known = self._kept.get((model, texts))
        if known is not None:
            return known
        made = make()  # outside of the lock: it takes seconds
        with self._lock:
            self._kept[model, texts] = made
            while len(self._kept) > self.MOST:
                self._kept.popitem(last=False)
        return made


class Hit(NamedTuple):
    """A passage found: its id and text, the cosine with the query, and its judged grade (None: not judged for this query)."""

    id: str
    text: str
    cosine: float
    grade: int | None


def search(
    query: Float32s,
    dense: Float32s,
    passages: Mapping[str, str],
    grades: Mapping[str, int],
    top: int,
) -> list[Hit]:
    """The passages nearest to a query, the best first; equal ones in their own order. Shapes: query (dim,), dense (passages, dim)."""
    cosines = dense @ query
    ids = list(passages)
    order = np.argsort(-cosines, kind="stable")[:top]
    return [Hit(ids[i], passages[ids[i]], float(cosines[i]), grades.get(ids[i])) for i in order]


def hit_rows(hits: Sequence[Hit], judged: bool) -> list[dict[str, str]]:
    """Hits as rows; with what was judged where the query has judgements."""
    rows = []
    for place, hit in enumerate(hits, 1):
        row = {"Place": str(place), "Cosine": f"{hit.cosine:.3f}", "Passage": hit.text}
        rows.append(
            row
            | {
                "Judged": {None: "", 1: "helps", 2: "answers it"}.get(
                    hit.grade, f"grade {hit.grade}"
                )
            }
            if judged
            else row
        )
    return rows


def found_sentence(hits: Sequence[Hit], grades: Mapping[str, int]) -> str:
    """How many of the judged passages were found, and the place of the first; empty where nothing was judged."""
    wanted = [key for key, grade in grades.items() if grade > 0]
    if not wanted:
        return ""
    places = [place for place, hit in enumerate(hits, 1) if hit.id in wanted]
    if len(wanted) == 1:
        where = f"at place {places[0]} of" if places else "not among"
        return f"The one passage judged relevant is {where} the first {len(hits)}."
    if not places:
        return f"None of the {len(wanted)} passages judged relevant is among the first {len(hits)}."
    verb = "is" if len(places) == 1 else "are"
    return f"{len(places)} of the {len(wanted)} passages judged relevant {verb} among the first {len(hits)}; the first of them at place {places[0]}."


class Move(NamedTuple):
    """A passage's place before and after reranking, its cosine, its raw score, and that score between 0 and 1."""

    hit: Hit
    before: int
    after: int
    raw: float
    sigmoid: float


def reranked(hits: Sequence[Hit], scores: Scores) -> list[Move]:
    """Hits in the order of a reranker's scores, the best first; equal ones keep their order."""
    order = np.argsort(-scores.raw, kind="stable")
    return [
        Move(hits[i], int(i) + 1, place, float(scores.raw[i]), float(scores.sigmoid[i]))
        for place, i in enumerate(order, 1)
    ]


def move_rows(moves: Sequence[Move], scale: str) -> list[dict[str, str]]:
    """Moves as rows: the place before and after, the cosine, the raw score with its sigmoid, and the passage. Few columns, for a phone."""
    raw = "Logit (sigmoid)" if scale == "logit" else "Score"
    return [
        {
            "Place": f"{m.before} → {m.after}",
            "Cosine": f"{m.hit.cosine:.3f}",
            raw: f"{m.raw:.3f} ({m.sigmoid:.3f})" if scale == "logit" else f"{m.raw:.3f}",
            "Passage": m.hit.text,
        }
        for m in moves
    ]


def moves_sentence(moves: Sequence[Move]) -> str:
    """What reranking changed, as a sentence."""
    if all(m.before == m.after for m in moves):
        return "Reranking kept the order."
    best = moves[0]
    top = (
        "kept the first place"
        if best.before == 1
        else f"came up from place {best.before} to the first"
    )
    moved = sum(m.before != m.after for m in moves)
    return f"{moved} of {len(moves)} passages changed their place; “{short(best.hit.text)}” {top}."


class TextAtLimit(NamedTuple):
    """A text as a limit divides it: what is read, what is lost, and the tokens of the whole (special ones included)."""

    read: str
    lost: str
    tokens: int
    limit: int
    unknown: int = 0
    """Tokens that stand for words or signs which the vocabulary does not hold."""

    @property
    def sentence(self) -> str:
        """How much is read, as a sentence."""
        strange = (
            f" {formatting.count(self.unknown)} of the tokens stand for words or signs that the model does not know."
            if self.unknown
            else ""
        )
        if self.tokens <= self.limit:
            whole = "nothing is cut" if self.unknown else "everything is read"
            return f"{formatting.count(self.tokens)} tokens, within the limit of {formatting.count(self.limit)}: {whole}.{strange}"
        share = 100 * len(self.read) / (len(self.read) + len(self.lost))
        told = f"{share:.0f} % of the text is read, its end is lost"
        return f"{formatting.count(self.tokens)} tokens against a limit of {formatting.count(self.limit)}: {told}.{strange}"


def cut(text: str, tokenizer: Tokenizer, limit: int) -> TextAtLimit:
    """A text divided where a limit in tokens, special tokens included, cuts it.

    Raises:
        EncodeError: the text is longer than a server reads, or the limit leaves no room for a word.
    """
    refuse_long([text])
    whole = Tokenizer.from_str(tokenizer.to_str())
    whole.no_truncation()
    whole.no_padding()
    encoded = whole.encode(text)
    special = whole.num_special_tokens_to_add(is_pair=False)
    room = limit - special
    if room < 1:
        raise EncodeError(
            f"A limit of {limit} tokens leaves no room beside the {special} special ones. Choose a larger one."
        )
    ends = [
        end
        for (_, end), mark in zip(encoded.offsets, encoded.special_tokens_mask, strict=True)
        if not mark
    ]
    unknown = sum(token in UNKNOWN for token in encoded.tokens)
    if len(ends) <= room:
        return TextAtLimit(text, "", len(encoded.ids), limit, unknown)
    return TextAtLimit(
        text[: ends[room - 1]], text[ends[room - 1] :], len(encoded.ids), limit, unknown
    )


def longest(passages: Mapping[str, str]) -> str:
    """The longest of some passages."""
    return max(passages.values(), key=len, default="")


def tokenizer(catalog: Catalog, chosen: ModelChoice) -> Tokenizer | None:
    """The tokenizer of a choice: from its files where they are at hand, else the shipped one of its variant; None where neither is."""
    model = chosen.model
    if model is not None and (model.folder / "tokenizer.json").is_file():
        with contextlib.suppress(
            Exception
        ):  # tokenizers 0.23 raises nothing narrower for a file that it cannot read
            return Tokenizer.from_file(str(model.folder / "tokenizer.json"))
    variant = catalog.variants.get(
        (model.variant_id if model else chosen.endpoint.variant if chosen.endpoint else None) or ""
    )
    name = token_counts.SHIPPED.get(variant.tokenizer or "") if variant else None
    return vocabulary.wordpiece(catalog.folder, name) if name else None


class Three(NamedTuple):
    """M3's three scores of some passages: a sentence, a row a passage, and for each passage the tokens behind its scores."""

    sentence: str
    rows: list[dict[str, str]]
    details: list[tuple[str, list[dict[str, str]], list[dict[str, str]]]]


def three(query: Vectors, made: Vectors, texts: Sequence[str]) -> Three:
    """Dense, sparse and multi-vector scores of passages for one query, and which tokens carried them.

    Raises:
        EncodeError: the vectors lack one of the outputs.
    """
    if not (
        query.sparse
        and query.multi_vector
        and query.pieces
        and made.sparse
        and made.multi_vector
        and made.pieces
    ):
        raise EncodeError(
            "The engine gave no sparse or no multi-vector output. Choose BGE M3 in the torch engine."
        )
    dense = (made.dense @ query.dense[0]).tolist()
    sparse = [matching.sparse_score(query.sparse[0], weights) for weights in made.sparse]
    multi = [
        matching.max_sim(query.multi_vector[0], rows)
        if len(rows) and len(query.multi_vector[0])
        else 0.0
        for rows in made.multi_vector
    ]
    rows = [
        {
            "Passage": text,
            "Dense (cosine)": f"{d:.3f}",
            "Sparse": f"{s:.3f}",
            "Multi-vector": f"{m:.3f}",
        }
        for text, d, s, m in zip(texts, dense, sparse, multi, strict=True)
    ]
    details = []
    for text, weights, vectors, pieces in zip(
        texts, made.sparse, made.multi_vector, made.pieces, strict=True
    ):
        carried = [
            {
                "Token": one.token,
                "Weight in the query": f"{one.query_weight:.3f}",
                "In the passage": f"{one.passage_weight:.3f}",
                "Its part of the score": f"{one.product:.4f}",
            }
            for one in matching.shared_tokens(query.sparse[0], weights)
        ]
        best = [
            {
                "Token of the query": one.query_token,
                "Nearest in the passage": one.passage_token,
                "Similarity": f"{one.similarity:.3f}",
            }
            for one in (
                matching.best_matches(query.multi_vector[0], vectors, query.pieces[0], pieces)
                if len(vectors) and len(query.multi_vector[0])
                else []
            )
        ]
        details.append((text, carried, best))
    firsts = [max(range(len(texts)), key=scores.__getitem__) for scores in (dense, sparse, multi)]
    agree = len(set(firsts)) == 1
    told = f"All three put “{short(texts[firsts[0]])}” first." if agree else "The three outputs do not agree on the first: " + "; ".join(
        f"{name} “{short(texts[place])}”" for name, place in zip(("dense", "sparse", "multi-vector"), firsts, strict=True)
    ) + "."  # fmt: skip
    return Three(told, rows, details)


class Beside(NamedTuple):
    """Two lists for one query: how many passages they share, and rows with the places of each passage."""

    shared: int
    rows: list[dict[str, str]]


def beside(one: Sequence[Hit], other: Sequence[Hit], names: tuple[str, str]) -> Beside:
    """Two result lists side by side, in the order of the better place."""
    first = {hit.id: (place, hit) for place, hit in enumerate(one, 1)}
    second = {hit.id: (place, hit) for place, hit in enumerate(other, 1)}
    far = max(len(first), len(second)) + 1
    keys = sorted(
        {*first, *second}, key=lambda k: (min(first.get(k, (far,))[0], second.get(k, (far,))[0]), k)
    )
    rows = []
    for key in keys:
        hit = (first.get(key) or second[key])[1]
        row = {
            name: str(found[key][0]) if key in found else "not found"
            for name, found in zip(names, (first, second), strict=True)
        }
        rows.append(row | {"Passage": hit.text})
    return Beside(len(first.keys() & second.keys()), rows)


def beside_sentence(found: Beside, top: int, names: tuple[str, str]) -> str:
    """How far two lists agree, as a sentence."""
    return f"{names[0]} and {names[1]} share {found.shared} of their first {top} passages."


def instruction_sentence(
    about: About,
    instruction: str | None,
    with_it: Sequence[Hit],
    without: Sequence[Hit],
    grades: Mapping[str, int],
) -> str:
    """What the query instruction changed, as a sentence."""
    if not instruction and about.engine == "remote" and about.variant_id is None:
        return f"No query instruction is known for {about.where}: name the catalog's variant that it serves, so that its own is used."
    if not instruction:
        return f"{about.model} takes no query instruction: both lists are the same by design."
    same = sum(a.id == b.id for a, b in zip(with_it, without, strict=True))
    told = f"{same} of {len(with_it)} places hold the same passage with and without “{instruction.strip()}”."
    wanted = {key for key, grade in grades.items() if grade > 0}
    if wanted:
        with_count, without_count = (
            sum(hit.id in wanted for hit in hits) for hits in (with_it, without)
        )
        passages = "passage" if len(wanted) == 1 else "passages"
        told += f" Of {len(wanted)} {passages} judged relevant, {with_count} found with it and {without_count} without."
    return told


def short(text: str, most: int = 60) -> str:
    """A text's beginning, to name it by."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
