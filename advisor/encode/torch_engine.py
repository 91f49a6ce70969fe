"""The torch engine: M3's three outputs, BERT and XLM-R embedders, and rerankers, from a folder.

transformers runs the encoder; pooling and M3's two heads are here. FlagEmbedding 1.4.2 does not
import beside transformers 5.24 (5.23 still had `modeling_attn_mask_utils`), and fills what a folder
lacks with random weights. Where it is installed, a test holds this module to its results."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np

from advisor.base.errors import EncodeError
from advisor.base.installed import how_to_install
from advisor.encode import engine as engines
from advisor.encode.engine import DENSE, About, Float32s, Output, Outputs, Role, Scores, Vectors
from advisor.encode.models import Model

if TYPE_CHECKING:  # it comes with what else a model of this process needs
    from tokenizers import Encoding, Tokenizer

INSTALL_TORCH = (
    f"This part needs torch and transformers. Install them with: {how_to_install('torch')}"
)
BATCH_TEXTS = 32
HEADS: dict[Output, str] = {"sparse": "sparse_linear.pt", "multi_vector": "colbert_linear.pt"}
UNUSED = ("<s>", "</s>", "<pad>", "<unk>")
"""Tokens without a sparse weight [FlagEmbedding 1.4.2, m3.py, `_process_token_weights`]."""


class Torch:
    """A model in this process. Not for several threads at once."""

    def __init__(
        self, model: Model, about: About, network: Any, heads: dict[str, Any], tokenizer: Tokenizer
    ):
        self.about = about
        self._model = model
        self._network = network
        self._heads = heads  # weight and bias of each
        self._tokenizer = tokenizer
        self._torch: Any = import_module("torch")
        self._linear = self._torch.nn.functional.linear
        self._unused = {tokenizer.token_to_id(token) for token in UNUSED}

    def embed(
        self, texts: Sequence[str], role: Role, *, instruct: bool = True, outputs: Outputs = DENSE
    ) -> Vectors:
        """Dense vectors always, others as `outputs` asks; long texts are cut, as `tokens` tells.

        `sparse` is keyed by the tokenizer's own pieces ("▁" begins a word). `multi_vector` has a
        row for each token read but the first, as M3 has it; `pieces` names them. Raises EncodeError
        for a reranker, a lacking output, or too little memory."""
        engines.refuse_other_kind(self.about.model, self.about.kind, "embedder")
        if lacking := [output for output in outputs if output not in self.about.outputs]:
            raise EncodeError(
                f"{self.about.model} as loaded gives no {lacking[0]} output. "
                f"It gives: {', '.join(self.about.outputs)}."
            )
        start = time.perf_counter()
        read, tokens = self._read(texts, before=self._model.instruction(role) if instruct else "")
        dense = np.empty((len(texts), self._network.config.hidden_size), np.float32)
        sparse: list[dict[str, float]] = [{}] * len(texts)
        multi: list[Float32s] = [dense] * len(texts)
        for places in engines.batches(list(map(len, read)), BATCH_TEXTS):
            with self._computing():
                inputs = self._inputs([read[place] for place in places])
                states = self._network(**inputs).last_hidden_state
                pooled, mask = states[:, 0], inputs["attention_mask"][..., None]
                if self._model.pooling != "cls":
                    pooled = (states * mask).sum(1) / mask.sum(1)
                rows = pooled.cpu().numpy()
                computed = {
                    output: self._linear(states, **self._heads[output]).cpu().numpy()
                    for output in outputs
                    if output in self._heads
                }
            dense[places] = engines.unit_length(rows) if self._model.normalised else rows
            for row, place in enumerate(places):
                if "sparse" in computed:
                    weights = computed["sparse"][row, :, 0].tolist()
                    sparse[place] = self._weights(read[place].ids, weights)
                if "multi_vector" in computed:
                    own = computed["multi_vector"][row, 1 : len(read[place])]
                    multi[place] = engines.unit_length(own)
        vectors = Vectors(dense, time.perf_counter() - start, tokens, sum(map(len, read)))
        if "sparse" in outputs:
            vectors = replace(vectors, sparse=tuple(sparse))
        if "multi_vector" in outputs:
            pieces = tuple(tuple(encoding.tokens[1:]) for encoding in read)
            vectors = replace(vectors, multi_vector=tuple(multi), pieces=pieces)
        return vectors

    def rerank(self, query: str, passages: Sequence[str]) -> Scores:
        """Logits; a pair over the limit is cut at the end of its longer part, as `tokens` tells.

        FlagEmbedding cuts the query at 3/4. Raises EncodeError for an embedder, or out of memory.
        """
        engines.refuse_other_kind(self.about.model, self.about.kind, "reranker")
        start = time.perf_counter()
        read, tokens = self._read([query] * len(passages), passages)
        raw = np.empty(len(passages), np.float32)
        for places in engines.batches(list(map(len, read)), BATCH_TEXTS):
            with self._computing():
                inputs = self._inputs([read[place] for place in places])
                raw[places] = self._network(**inputs).logits[:, 0].cpu().numpy()
        return Scores(raw, "logit", time.perf_counter() - start, tokens, sum(map(len, read)))

    def _read(
        self, texts: Sequence[str], seconds: Sequence[str] = (), before: str = ""
    ) -> tuple[list[Encoding], tuple[int, ...]]:
        """Texts, or pairs with their second ones, cut by `tokenizers`, and their token counts."""
        tokenizer = self._tokenizer
        encoded = []
        for side in (texts, seconds):
            # a lone surrogate, which no tokenizer takes, is read as a question mark
            whole = [(before + text).encode("utf-8", "replace").decode("utf-8") for text in side]
            encoded.append(tokenizer.encode_batch(whole, add_special_tokens=False))
        pairs = list(zip_longest(encoded[0], encoded[1]))
        special = tokenizer.num_special_tokens_to_add(is_pair=bool(seconds))
        tokenizer.enable_truncation(self.about.max_tokens or 0)
        read = [tokenizer.post_process(*pair) for pair in pairs]
        tokenizer.no_truncation()
        return read, tuple(sum(map(len, filter(None, pair))) + special for pair in pairs)

    def _inputs(self, read: list[Encoding]) -> dict[str, Any]:
        """The encoder's inputs, padded on the right."""
        config, shape = self._network.config, (len(read), max(map(len, read)))
        inputs = {"input_ids": np.full(shape, config.pad_token_id or 0)}
        inputs["attention_mask"] = np.zeros(shape, np.int64)
        if config.type_vocab_size > 1:
            inputs["token_type_ids"] = np.zeros(shape, np.int64)
        for place, encoding in enumerate(read):
            own = (encoding.ids, encoding.attention_mask, encoding.type_ids)
            for values, numbers in zip(inputs.values(), own, strict=False):
                values[place, : len(encoding)] = numbers
        tensor, device = self._torch.from_numpy, self._network.device
        return {name: tensor(values).to(device) for name, values in inputs.items()}

    def _weights(self, ids: Sequence[int], weights: Sequence[float]) -> dict[str, float]:
        """Largest weight above 0 of each token; `weights` may go on with those of padding."""
        largest: dict[str, float] = {}
        for token, weight in zip(ids, weights, strict=False):
            piece = self._tokenizer.id_to_token(token) or ""
            if token not in self._unused and weight > largest.get(piece, 0):
                largest[piece] = weight
        return largest

    @contextmanager
    def _computing(self) -> Iterator[None]:
        """Without gradients; too little memory is told in a sentence."""
        try:
            with self._torch.inference_mode():
                yield
        # torch 2.13: "can't allocate memory" on the CPU, "out of memory" on a card
        except RuntimeError as error:
            if "memory" not in str(error):
                raise
            raise EncodeError(
                "These texts need more memory than there is. Send fewer, or shorter ones."
            ) from None


def installed() -> str | None:
    """None where torch and transformers are there, else how to install them; imports neither."""
    return None if find_spec("torch") and find_spec("transformers") else INSTALL_TORCH


def load(model: Model, threads: int | None = None) -> Torch:
    """The model in its folder, in fp32, on a CUDA card if any, by so many threads (None: torch's).

    Asks no network and runs no code of the folder's; pickled weights are read by torch's reader of
    plain tensors. What differs from the catalog is told in `about.notes`; where it is the weights,
    `about.variant_id` is None. Raises EncodeError where torch or a file is missing or broken, or
    the model is too large."""
    if sentence := installed():
        raise EncodeError(sentence)
    if model.pooling == "last_token":
        raise EncodeError(
            f"{model.name} runs only through a server: its weights take 37 GB. "
            "Use an endpoint that serves it."
        )
    model.require("config.json")
    model.require("tokenizer.json")
    model.require("model.safetensors", "pytorch_model.bin")
    # beside local_files_only, for what transformers asks of its own accord
    os.environ["HF_HUB_OFFLINE"] = "1"
    torch, transformers = import_module("torch"), import_module("transformers")
    torch.set_num_threads(threads or torch.get_num_threads())
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    kind = "AutoModel" if model.kind == "embedder" else "AutoModelForSequenceClassification"
    safe = {"local_files_only": True, "trust_remote_code": False, "weights_only": True}
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        network, loading = getattr(transformers, kind).from_pretrained(
            str(model.folder), dtype=torch.float32, output_loading_info=True, **safe
        )
        tokenizer = import_module("tokenizers").Tokenizer.from_file(
            str(model.folder / "tokenizer.json")
        )
        heads: dict[str, Any] = {}
        for output, name in HEADS.items():
            if output in model.outputs and (model.folder / name).is_file():
                head = torch.load(model.folder / name, map_location=device, weights_only=True)
                heads[output] = {part: value.float() for part, value in head.items()}
    # torch, transformers, safetensors and tokenizers each have their own
    except Exception as error:
        raise _unusable(model, f"they cannot be loaded ({type(error).__name__})") from None
    # transformers fills what the files lack with random values; the pooler is not used
    if lacking := [key for key in loading["missing_keys"] if not key.startswith("pooler.")]:
        raise _unusable(model, f"they lack {min(lacking)}")
    if model.kind == "reranker" and network.config.num_labels != 1:
        raise _unusable(model, f"they give {network.config.num_labels} scores a pair, not one")
    tokenizer.no_truncation()
    tokenizer.no_padding()
    computed = f"Computed by torch {torch.__version__} on {device.type}."
    about = _about(model, network, heads, computed)
    engine = Torch(model, about, network.eval().to(device), heads, tokenizer)
    try:
        if model.kind == "embedder":
            engine.embed(["A probe."], "query", outputs=about.outputs)
        else:
            engine.rerank("A probe.", [""])
    except (RuntimeError, LookupError, TypeError, ArithmeticError) as error:
        raise _unusable(model, f"they do not fit together ({type(error).__name__})") from None
    return engine


def _about(model: Model, network: Any, heads: dict[str, Any], computed: str) -> About:
    """Who answers, with the note `computed` and notes of what differs from the catalog."""
    config, parameters, notes = network.config, network.num_parameters(), [computed]
    own = model.parameters in (None, parameters)
    if not own:
        notes.append(
            f"These weights are not {model.name}'s: {parameters:,} parameters, and it has "
            f"{model.parameters:,}."
        )
    notes += [
        f"The folder holds no {name}, so there is no {output} output."
        for output, name in HEADS.items()
        if output in model.outputs and output not in heads
    ]
    # XLM-R's positions begin after the padding token's id
    before = config.pad_token_id + 1 if "roberta" in config.model_type else 0
    places = config.max_position_embeddings - before
    limit = min(places, model.max_tokens or places)
    about = model.about(
        precision="fp32", outputs=("dense", *heads), max_tokens=limit, notes=tuple(notes)
    )
    return about if own else replace(about, variant_id=None)


def _unusable(model: Model, why: str) -> EncodeError:
    return EncodeError(
        f"The files of {model.name} cannot be used: {why}. "
        "Fetch the weights again, or name another folder."
    )
