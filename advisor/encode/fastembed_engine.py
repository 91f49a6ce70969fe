"""The local engine: BGE through fastembed on onnxruntime, checked against the catalog when loaded.

Seen in fastembed 0.9.1: `query_embed` adds no instruction, a length limit comes from the
tokenizer's files alone, batches are padded to their longest text and not sorted, and a name can be
registered once in a process."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from advisor.base.errors import EncodeError
from advisor.encode import engine as engines
from advisor.encode.engine import DENSE, About, Float32s, Outputs, Role, Scores, Vectors
from advisor.encode.models import INSTALL_LOCAL, Model

BATCH_TEXTS = 64
_BYTES = {"fp32": 4, "fp16": 2, "int8": 1}
_NEAR = 0.25  # a file may hold so much more or less than its parameters alone
_PROBE = "A short text that shows how the model pools."


class Local:
    """A model in this process. Not for several threads at once."""

    def __init__(self, model: Model, about: About, encoder: Any):
        from tokenizers import Tokenizer  # with fastembed, an extra

        self.about = about
        self._model = model
        self._encoder = encoder  # fastembed's TextEmbedding or TextCrossEncoder
        self._counter = Tokenizer.from_str(encoder.model.tokenizer.to_str())
        self._counter.no_truncation()
        self._counter.no_padding()

    def embed(
        self, texts: Sequence[str], role: Role, *, instruct: bool = True, outputs: Outputs = DENSE
    ) -> Vectors:
        """Dense vectors, shape (texts, dim); texts over the limit are cut, as `tokens` tells.

        Raises EncodeError for a reranker, or where an output other than dense is asked for."""
        engines.refuse_other_kind(self.about.model, self.about.kind, "embedder")
        engines.refuse_other_outputs("The local engine gives", outputs)
        start = time.perf_counter()
        before = self._model.instruction(role) if instruct else ""
        tokens, read = self._counted([before + text for text in texts])
        dense: Float32s | None = None
        for places in engines.batches(read, BATCH_TEXTS):
            batch = [before + texts[place] for place in places]
            rows = np.array(list(self._encoder.embed(batch, batch_size=len(batch))))
            if dense is None:
                dense = np.empty((len(texts), rows.shape[1]), np.float32)
            dense[places] = engines.unit_length(rows) if self._model.normalised else rows
        if dense is None:
            dense = np.empty((0, self._model.embedding_dim or 0), np.float32)
        return Vectors(dense, time.perf_counter() - start, tokens, sum(read))

    def rerank(self, query: str, passages: Sequence[str]) -> Scores:
        """Logits, shape (passages,); a pair over the limit is cut at the end of its longer part.

        Raises EncodeError for an embedder."""
        engines.refuse_other_kind(self.about.model, self.about.kind, "reranker")
        start = time.perf_counter()
        tokens, read = self._counted([(query, passage) for passage in passages])
        raw = np.empty(len(passages), np.float32)
        for places in engines.batches(read, BATCH_TEXTS):
            batch = [(query, passages[place]) for place in places]
            raw[places] = list(self._encoder.rerank_pairs(batch, batch_size=len(batch)))
        return Scores(raw, "logit", time.perf_counter() - start, tokens, sum(read))

    def _counted(self, items: list[Any]) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Tokens of texts or pairs: without a limit, and as the model reads them."""
        tokens = tuple(len(encoding.ids) for encoding in self._counter.encode_batch_fast(items))
        limit = self.about.max_tokens
        return tokens, tuple(min(n, limit) for n in tokens) if limit else tokens


def load(model: Model, threads: int | None = None) -> Local:
    """The model in its folder, on the CPU, with `threads` threads (None: all cores).

    What differs from the catalog is told in `about.notes`; `about.variant_id` is then None. Raises
    EncodeError where fastembed or a file is missing or broken, or vectors are pooled otherwise."""
    if model.kind == "embedder" and model.pooling not in ("cls", "mean"):
        raise EncodeError(
            f"{model.name} pools its last token, which the local engine does not do. "
            "Use an endpoint that serves it."
        )
    for name in (model.model_file, *model.others, "tokenizer.json", "tokenizer_config.json"):
        model.require(name)
    try:
        encoder = _fastembed(model, threads)
    except ImportError:
        raise EncodeError(INSTALL_LOCAL) from None
    except Exception as error:  # onnxruntime, tokenizers and json each have their own
        kind = type(error).__name__
        raise EncodeError(
            f"The files of {model.name} cannot be loaded ({kind}): one is broken or cut short. "
            "Fetch the weights again."
        ) from None
    own_limit = encoder.model.tokenizer.truncation["max_length"]
    limit = min(own_limit, model.max_tokens or own_limit)
    if limit < own_limit:
        encoder.model.tokenizer.enable_truncation(max_length=limit)
    precision, odd = _weights(model)
    notes = ["The precision of its weights is not known."]
    if precision:
        notes = [f"{model.name}'s files are {precision}."]
    if model.max_tokens and limit < model.max_tokens:
        notes.append(
            f"Its tokenizer file cuts texts at {limit:,} tokens; the catalog says "
            f"{model.max_tokens:,}."
        )
    if model.kind == "embedder":
        differs, unchecked = _pooled(model, encoder)
        odd += differs
        notes += unchecked
    if odd:
        notes.append(f"These weights are not {model.name}'s: {'; '.join(odd)}.")
    about = model.about(
        precision=precision, outputs=model.outputs, max_tokens=limit, notes=tuple(notes)
    )
    if odd:
        about = replace(about, model=f"weights in the place of {model.name}", variant_id=None)
    return Local(model, about, encoder)


def _fastembed(model: Model, threads: int | None) -> Any:
    """fastembed's own object; what it does not name is registered, once for each way of pooling."""
    from fastembed import TextEmbedding
    from fastembed.common.model_description import ModelSource, PoolingType
    from fastembed.rerank.cross_encoder import TextCrossEncoder

    kind: Any = TextEmbedding if model.kind == "embedder" else TextCrossEncoder
    name = model.built_in
    if name is None:
        way = (model.kind, model.model_file, model.others, model.pooling, model.normalised)
        name = f"advisor/{hashlib.sha256(repr(way).encode()).hexdigest()[:12]}"
        description: dict[str, Any] = {
            "model": name,
            "sources": ModelSource(hf=name),
            "model_file": model.model_file,
            "additional_files": [*model.others],
        }
        if model.kind == "embedder":
            pooling = PoolingType.MEAN if model.pooling == "mean" else PoolingType.CLS
            description |= {"pooling": pooling, "normalization": model.normalised}
            description["dim"] = model.embedding_dim or 1
        if name not in {entry["model"] for entry in kind.list_supported_models()}:
            kind.add_custom_model(**description)
    return kind(
        model_name=name,
        threads=threads,
        providers=["CPUExecutionProvider"],
        specific_model_path=str(model.folder),
    )


def _weights(model: Model) -> tuple[Literal["fp32", "fp16", "int8"] | None, list[str]]:
    """Precision, from bytes a parameter, and what shows that these are another model's weights."""
    size = sum((model.folder / name).stat().st_size for name in (model.model_file, *model.others))
    if model.parameters is None:
        return None, []
    each = size / model.parameters
    for precision, width in _BYTES.items():
        if abs(each / width - 1) <= _NEAR:
            return precision, []  # type: ignore[return-value]  # a key of _BYTES
    return None, [
        f"they take {size / 1e6:,.1f} MB, and {model.parameters / 1e6:,.1f} million parameters "
        f"take {model.parameters * 4 / 1e6:,.0f} MB as fp32"
    ]


def _pooled(model: Model, encoder: Any) -> tuple[list[str], list[str]]:
    """What of a vector differs from the catalog by its token states, and what cannot be checked.

    Raises EncodeError where the engine pools or scales otherwise than the catalog says."""
    vector = np.array(next(iter(encoder.embed([_PROBE]))), np.float64)
    if model.embedding_dim and len(vector) != model.embedding_dim:
        differs = f"a vector has {len(vector):,} values, and it should have {model.embedding_dim:,}"
        return [differs], []
    if model.normalised and abs(float(np.linalg.norm(vector)) - 1) > 1e-3:
        raise EncodeError(
            f"The local engine's vectors of {model.name} do not have length one, as the catalog "
            "says. Report this to the project."
        )
    states: NDArray[Any] = encoder.model.onnx_embed([_PROBE]).model_output
    if states.ndim != 3:
        return [], ["Its file gives pooled vectors, so the pooling could not be checked."]
    wanted = (states[0, 0] if model.pooling == "cls" else states[0].mean(axis=0)).astype(np.float64)
    likeness = float(wanted @ vector / (np.linalg.norm(wanted) * np.linalg.norm(vector)))
    if likeness < 0.9999:
        raise EncodeError(
            f"The local engine does not pool {model.name} by {model.pooling}, as the catalog "
            "says. Report this to the project."
        )
    return [], []
