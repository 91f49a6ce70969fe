"""What Live shows of vectors and scores, as rows and sentences."""

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
from advisor.live.matching import SharedToken, TokenMatch

UNKNOWN = ("[UNK]", "<unk>")  # what BERT's and XLM-R's vocabularies hold for what they lack
MOST_SENTENCES = 12  # in a heatmap: more would not be readable on a phone


def who(
    about: About, seconds: float, counted: int | None = None, counted_in: str = "tokens"
) -> str:
    """Who answered, at which precision, and how long it took, as a sentence."""
    program = {"local": "fastembed", "torch": "torch"}.get(about.engine)
    place = f"{program} on this machine" if program else f"at {about.where}"
    strange = " (not the model of the catalog)" if about.variant_id is None else ""
    label = " (a stand-in, not BGE)" if about.standin else strange
    precision = about.precision or "precision not known"
    read = f" for {formatting.count(counted)} {counted_in}" if counted else ""
    took = f"in {duration(seconds)}{read}"
    return f"Answered by {about.model}{label}, {place}, {precision}, {took}."


def duration(seconds: float) -> str:
    """`38 ms`, `2.4 s`: a duration with two or three digits."""
    if seconds < 0.995:
        return f"{seconds * 1000:,.0f} ms"
    return f"{seconds:,.1f} s" if seconds < 99.5 else f"{seconds:,.0f} s"


def named(first: About, second: About) -> tuple[str, str]:
    """What answered, by names that differ; a stand-in is marked."""
    name, other = (f"{a.model} (not BGE)" if a.standin else a.model for a in (first, second))
    return (name, other) if name != other else (f"{name} (first)", f"{other} (second)")


class Pair(NamedTuple):
    """Two sentences by their place, and the cosine of their vectors, -1 to 1."""

    first: int
    second: int
    cosine: float


@dataclass(frozen=True)
class Likeness:
    """Cosines of every two sentences, shape (sentences, sentences); pairs, the nearest first."""

    texts: tuple[str, ...]
    cosines: Float32s
    pairs: tuple[Pair, ...]

    @property
    def sentence(self) -> str:
        """Which two are nearest and which farthest."""
        near, far = self.pairs[0], self.pairs[-1]
        nearest = f"Nearest: {self._pair(near)}."
        return nearest if far is near else f"{nearest} Farthest: {self._pair(far)}."

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

    Raises EncodeError: there are fewer than two sentences."""
    if len(texts) < 2:
        problem = "One sentence has nothing to be compared with."
        raise EncodeError(f"{problem} Write two or more, one a line.")
    cosines = (dense @ dense.T).astype(np.float32)
    pairs = [Pair(i, j, float(cosines[i, j])) for i, j in combinations(range(len(texts)), 2)]
    return Likeness(tuple(texts), cosines, tuple(sorted(pairs, key=lambda p: -p.cosine)))


class Shelf:
    """Vectors of passages by model and texts, the last four, which all visitors share.

    For models of this machine alone: what an endpoint gave is its visitor's."""

    MOST = 4

    def __init__(self) -> None:
        self._vectors: OrderedDict[tuple[Model, tuple[str, ...]], Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def vectors(
        self, model: Model | None, texts: tuple[str, ...], make: Callable[[], Vectors]
    ) -> Vectors:
        """The vectors on the shelf, or what `make` gives; an endpoint (no model) has none there."""
        if model is None:
            return make()
        with self._lock:
            vectors = self._vectors.get((model, texts))
        if vectors is not None:
            return vectors
        vectors = make()  # outside of the lock: it takes seconds
        with self._lock:
            self._vectors[model, texts] = vectors
            while len(self._vectors) > self.MOST:
                self._vectors.popitem(last=False)
        return vectors


class Hit(NamedTuple):
    """A passage found, the cosine with the query, and its grade (None: not judged for it)."""

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
    """The passages nearest to a query (dim,), from their vectors `dense` (passages, dim).

    The best first; equal ones in their own order."""
    cosines = dense @ query
    ids = list(passages)
    order = np.argsort(-cosines, kind="stable")[:top]
    return [Hit(ids[i], passages[ids[i]], float(cosines[i]), grades.get(ids[i])) for i in order]


def hit_rows(hits: Sequence[Hit], judged: bool) -> list[dict[str, str]]:
    """Hits as rows; with what was judged where the query has judgements."""
    rows = []
    for place, hit in enumerate(hits, 1):
        row = {"Place": str(place), "Cosine": f"{hit.cosine:.3f}", "Passage": hit.text}
        if judged:
            words = {None: "", 1: "helps", 2: "answers it"}
            row["Judged"] = words.get(hit.grade, f"grade {hit.grade}")
        rows.append(row)
    return rows


def hits_sentence(hits: Sequence[Hit], grades: Mapping[str, int]) -> str:
    """How many relevant passages were found, and the place of the first; empty: none is judged."""
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
    share = f"{len(places)} of the {len(wanted)} passages judged relevant {verb} among the first"
    return f"{share} {len(hits)}; the first of them at place {places[0]}."


class Move(NamedTuple):
    """A passage's place before and after reranking, and its score, raw and between 0 and 1."""

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
    """Moves as rows of few columns, for a phone: places, cosine, score with sigmoid, passage."""
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
    moved = sum(m.before != m.after for m in moves)
    stays_first = best.before == 1
    top = (
        "kept the first place" if stays_first else f"came up from place {best.before} to the first"
    )
    return f"{moved} of {len(moves)} passages changed their place; “{short(best.hit.text)}” {top}."


class TextAtLimit(NamedTuple):
    """A text as a limit divides it, and the tokens of the whole (special ones included)."""

    read: str
    lost: str
    tokens: int
    limit: int
    unknown: int = 0  # tokens that stand for words or signs which the vocabulary does not hold

    @property
    def sentence(self) -> str:
        """How much is read, as a sentence."""
        tokens, limit = formatting.count(self.tokens), formatting.count(self.limit)
        if self.tokens <= self.limit:
            whole = "nothing is cut" if self.unknown else "everything is read"
            sentence = f"{tokens} tokens, within the limit of {limit}: {whole}."
        else:
            share = 100 * len(self.read) / (len(self.read) + len(self.lost))
            part = f"{share:.0f} % of the text is read, its end is lost"
            sentence = f"{tokens} tokens against a limit of {limit}: {part}."
        if self.unknown:
            part = f"{formatting.count(self.unknown)} of the tokens"
            sentence += f" {part} stand for words or signs that the model does not know."
        return sentence


def cut(text: str, tokenizer: Tokenizer, limit: int) -> TextAtLimit:
    """A text divided where a limit in tokens, special tokens included, cuts it.

    Raises EncodeError: the text is longer than a server reads, or the limit holds no word."""
    refuse_long([text])
    whole = Tokenizer.from_str(tokenizer.to_str())
    whole.no_truncation()
    whole.no_padding()
    encoded = whole.encode(text)
    special = whole.num_special_tokens_to_add(is_pair=False)
    room = limit - special
    if room < 1:
        problem = f"A limit of {limit} tokens leaves no room beside the {special} special ones."
        raise EncodeError(f"{problem} Choose a larger one.")
    marks = zip(encoded.offsets, encoded.special_tokens_mask, strict=True)
    ends = [end for (_, end), is_special in marks if not is_special]
    unknown = sum(token in UNKNOWN for token in encoded.tokens)
    end = len(text) if len(ends) <= room else ends[room - 1]
    return TextAtLimit(text[:end], text[end:], len(encoded.ids), limit, unknown)


def longest(passages: Mapping[str, str]) -> str:
    """The longest of some passages."""
    return max(passages.values(), key=len, default="")


def tokenizer(catalog: Catalog, chosen: ModelChoice) -> Tokenizer | None:
    """The tokenizer in a choice's files, else the one shipped for its variant; None: neither."""
    model, endpoint = chosen.model, chosen.endpoint
    if model is not None and (model.folder / "tokenizer.json").is_file():
        # tokenizers 0.23 raises nothing narrower for a file that it cannot read
        with contextlib.suppress(Exception):
            return Tokenizer.from_file(str(model.folder / "tokenizer.json"))
    variant_id = model.variant_id if model else endpoint.variant if endpoint else None
    variant = catalog.variants.get(variant_id or "")
    name = token_counts.SHIPPED.get(variant.tokenizer or "") if variant else None
    return vocabulary.wordpiece(catalog.folder, name) if name else None


class Three(NamedTuple):
    """M3's three scores of passages: a sentence, a row for each, and the tokens behind them."""

    sentence: str
    rows: list[dict[str, str]]
    details: list[tuple[str, list[dict[str, str]], list[dict[str, str]]]]


def three(query: Vectors, passages: Vectors, texts: Sequence[str]) -> Three:
    """Dense, sparse and multi-vector scores of passages, and which tokens carried them.

    Raises EncodeError: the vectors lack one of the outputs."""
    query_weights, query_vectors, query_pieces = _by_text(query)[0]
    dense = (passages.dense @ query.dense[0]).tolist()
    sparse, multi, details = [], [], []
    for text, (weights, vectors, pieces) in zip(texts, _by_text(passages), strict=True):
        sparse.append(matching.sparse_score(query_weights, weights))
        best, matches = 0.0, []
        if len(vectors) and len(query_vectors):
            best = matching.max_sim(query_vectors, vectors)
            matches = matching.best_matches(query_vectors, vectors, query_pieces, pieces)
        multi.append(best)
        carried = _shared_rows(matching.shared_tokens(query_weights, weights))
        details.append((text, carried, _match_rows(matches)))
    outputs = {"Dense (cosine)": dense, "Sparse": sparse, "Multi-vector": multi}
    rows = [
        {"Passage": text} | {name: f"{scores[i]:.3f}" for name, scores in outputs.items()}
        for i, text in enumerate(texts)
    ]
    return Three(_firsts_sentence(texts, dense, sparse, multi), rows, details)


def _by_text(outputs: Vectors) -> list[tuple[dict[str, float], Float32s, tuple[str, ...]]]:
    """Weights, vectors and tokens of each text, where the engine gave them."""
    if not (outputs.sparse and outputs.multi_vector and outputs.pieces):
        problem = "The engine gave no sparse or no multi-vector output."
        raise EncodeError(f"{problem} Choose BGE M3 in the torch engine.")
    return list(zip(outputs.sparse, outputs.multi_vector, outputs.pieces, strict=True))


def _shared_rows(tokens: Sequence[SharedToken]) -> list[dict[str, str]]:
    return [
        {
            "Token": shared.token,
            "Weight in the query": f"{shared.query_weight:.3f}",
            "In the passage": f"{shared.passage_weight:.3f}",
            "Its part of the score": f"{shared.product:.4f}",
        }
        for shared in tokens
    ]


def _match_rows(matches: Sequence[TokenMatch]) -> list[dict[str, str]]:
    return [
        {
            "Token of the query": match.query_token,
            "Nearest in the passage": match.passage_token,
            "Similarity": f"{match.similarity:.3f}",
        }
        for match in matches
    ]


def _firsts_sentence(texts: Sequence[str], *outputs: list[float]) -> str:
    """Which passage each output puts first."""
    firsts = [max(range(len(texts)), key=scores.__getitem__) for scores in outputs]
    names = [f"“{short(texts[place])}”" for place in firsts]
    if len(set(firsts)) == 1:
        return f"All three put {names[0]} first."
    by_output = "dense {}; sparse {}; multi-vector {}".format(*names)
    return f"The three outputs do not agree on the first: {by_output}."


class Beside(NamedTuple):
    """Two lists for one query: how many passages they share, and rows with their places."""

    shared: int
    rows: list[dict[str, str]]


def beside(hits: Sequence[Hit], others: Sequence[Hit], names: tuple[str, str]) -> Beside:
    """Two result lists side by side, in the order of the better place."""
    first, second = ({hit.id: n for n, hit in enumerate(each, 1)} for each in (hits, others))
    texts = {hit.id: hit.text for hit in (*others, *hits)}
    far = max(len(first), len(second)) + 1
    keys = sorted(texts, key=lambda k: (min(first.get(k, far), second.get(k, far)), k))
    rows = []
    for key in keys:
        cells = (str(places.get(key, "not found")) for places in (first, second))
        rows.append(dict(zip(names, cells, strict=True)) | {"Passage": texts[key]})
    return Beside(len(first.keys() & second.keys()), rows)


def beside_sentence(both: Beside, top: int, names: tuple[str, str]) -> str:
    """How far two lists agree, as a sentence."""
    return f"{names[0]} and {names[1]} share {both.shared} of their first {top} passages."


def instruction_sentence(
    about: About,
    instruction: str | None,
    with_it: Sequence[Hit],
    without: Sequence[Hit],
    grades: Mapping[str, int],
) -> str:
    """What the query instruction changed, as a sentence."""
    if not instruction and about.engine == "remote" and about.variant_id is None:
        remedy = "name the catalog's variant that it serves, so that its own is used"
        return f"No query instruction is known for {about.where}: {remedy}."
    if not instruction:
        return f"{about.model} takes no query instruction: both lists are the same by design."
    same = sum(a.id == b.id for a, b in zip(with_it, without, strict=True))
    places = f"{same} of {len(with_it)} places hold the same passage"
    sentence = f"{places} with and without “{instruction.strip()}”."
    wanted = {key for key, grade in grades.items() if grade > 0}
    if wanted:
        number, bare = (sum(hit.id in wanted for hit in hits) for hits in (with_it, without))
        relevant = f"Of {formatting.counted(len(wanted), 'passage')} judged relevant"
        sentence += f" {relevant}, {number} found with it and {bare} without."
    return sentence


def short(text: str, most: int = 60) -> str:
    """A text's beginning, to name it by."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
