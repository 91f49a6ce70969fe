"""Vectors and scores of the local engine beside those of sentence-transformers and of the torch engine, on the same random weights.

python -m benchmarks.parity [--variants a,b] [--longest 1024]     exit 1 where they differ, as below a cosine of 0.9999

Each model has the layers, widths and heads that the catalog gives for a variant; of XLM-R's 250,002 pieces only those of a small tokenizer.
transformers makes the weights, `tools.onnx_models` writes them as ONNX, and every engine reads the same texts.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import json
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tokenizers import Tokenizer

from advisor import catalog as catalogs
from advisor.catalog.load import SHIPPED
from advisor.catalog.schema import Variant
from advisor.encode import fastembed_engine, torch_engine
from advisor.encode.models import Model
from advisor.live import vocabulary
from tools import models
from tools.onnx_models import Graph, Shape, hidden_states, score

LEAST_COSINE = 0.9999
MOST_DIFFERENCE = 1e-4
"""Of two values of unit vectors, and of two scores as a part of the range of all scores."""
MISSING = "This benchmark needs torch, transformers, sentence-transformers, onnx and fastembed in one environment of their own."
QUERY = "How much does a graphics card cost for an hour?"


class Line(NamedTuple):
    """How near the local engine comes to another one for some texts.

    `near` is the least cosine, NaN for scores. `difference` is the greatest one of two values of vectors, or of scores as a part of their
    range. `apart` shows how far texts are from each other: the median cosine of all pairs of texts, or the range of all scores.
    """

    variant_id: str
    texts: str
    other: str
    near: float
    difference: float
    apart: float

    @property
    def holds(self) -> bool:
        return not self.near < LEAST_COSINE and self.difference <= MOST_DIFFERENCE


def texts(tokenizer: Tokenizer, limit: int, special: int, before: int) -> dict[str, list[str]]:
    """Texts by kind; at the limit with `special` tokens and `before` ones of a query."""
    single = sorted(
        {
            word
            for text in models.TEXTS
            for word in text.split()
            if len(tokenizer.encode(word, add_special_tokens=False)) == 1
        }
    )
    chance = random.Random(0)

    def of(tokens: int) -> str:
        return " ".join(chance.choice(single) for _ in range(tokens))

    return {
        "short": ["price", "a card", "Which is the cheaper?"],
        "mixed lengths and languages": [
            *models.TEXTS,
            " ".join(models.TEXTS),
            of(3),
            of(limit // 2),
        ],
        "at the limit": [of(limit - special - before)],
        "over the limit": [of(limit - special - before + 1), of(limit + 200)],
        "emoji": ["🙂", "The cat 🐈 slept 😴 on the wall 👩‍👩‍👧", "🇫🇷"],
        "empty": ["", " ", "\n\t"],
    }


def write(folder: Path, variant: Variant, limit: int) -> Tokenizer:
    """A folder that all engines load: random weights of the variant's shape for torch and as ONNX, and a tokenizer."""
    import torch
    import transformers

    bert, pair = "bert-uncased" in (variant.tokenizer or ""), variant.kind == "reranker"
    tokenizer = vocabulary.wordpiece(SHIPPED, "bert-uncased") if bert else models.unigram()
    assert tokenizer is not None
    own = Shape.of(variant)
    shape = replace(
        own,
        vocabulary=tokenizer.get_vocab_size(),
        segments=2 if bert else 1,
        epsilon=1e-12 if bert else 1e-5,
    )
    if bert:
        settings = models.BERT_TOKENS | {
            "do_lower_case": True,
            "model_max_length": limit,
            "tokenizer_class": "BertTokenizer",
        }
        models.write_texts(folder, tokenizer, {}, settings, models.BERT_TOKENS)
    else:
        models.write_xlm_r_texts(folder, tokenizer, shape, "")
        # under XLM-R's own class transformers 5 makes a tokenizer anew, without what tokenizer.json says of spaces and of normalisation
        path = folder / "tokenizer_config.json"
        path.write_text(
            json.dumps(
                json.loads(path.read_text()) | {"tokenizer_class": "PreTrainedTokenizerFast"}
            ),
            encoding="utf-8",
        )
    config = (transformers.BertConfig if bert else transformers.XLMRobertaConfig)(
        vocab_size=shape.vocabulary,
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        intermediate_size=shape.feed_forward,
        max_position_embeddings=shape.positions + shape.first_position,
        type_vocab_size=shape.segments,
        layer_norm_eps=shape.epsilon,
        pad_token_id=0 if bert else 1,
        **({"num_labels": 1} if pair else {}),
    )
    torch.manual_seed(0)
    kind = (
        transformers.XLMRobertaForSequenceClassification
        if pair
        else transformers.BertModel
        if bert
        else transformers.XLMRobertaModel
    )
    network = kind(config)
    for (
        name,
        weight,
    ) in (
        network.named_parameters()
    ):  # with the library's own 0.02 all texts have nearly the same vector
        torch.nn.init.normal_(weight, 1.0 if "LayerNorm.weight" in name else 0.0, 0.05)
    network.save_pretrained(folder)
    del network
    save_onnx(folder, shape)
    models.write_pooling(folder, shape.hidden, "cls")
    kinds = [("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize")]
    modules = [
        {"idx": i, "name": str(i), "path": path, "type": f"sentence_transformers.models.{name}"}
        for i, (name, path) in enumerate(kinds)
    ]
    if not pair:
        (folder / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    return tokenizer


def save_onnx(folder: Path, shape: Shape) -> None:
    """The weights that transformers wrote, as the ONNX model that the local engine loads."""
    published = models.read_safetensors(folder / "model.safetensors")
    published = {name.removeprefix("roberta."): value for name, value in published.items()}
    weights = models.bert_weights(published, shape.layers)
    weights["segment"] = published["embeddings.token_type_embeddings.weight"][0]
    if shape.reranker:
        for name, theirs in (("dense", "classifier.dense"), ("score", "classifier.out_proj")):
            weights[f"{name}.weight"], weights[f"{name}.bias"] = (
                published[f"{theirs}.weight"].T,
                published[f"{theirs}.bias"],
            )
    g = Graph(weights)
    states = hidden_states(g, shape)
    made = (
        g.model("logits", score(g, shape, states))
        if shape.reranker
        else g.model("last_hidden_state", states)
    )
    models.save(made, folder / "onnx" / "model.onnx", external=True)


def engines(
    folder: Path, variant: Variant, limit: int
) -> Iterator[tuple[str, Callable[[list[str]], np.ndarray]]]:
    """(name, texts to vectors or scores) of each engine: the local one first, one in memory at a time."""
    import sentence_transformers
    import torch

    files = {"model_file": "onnx/model.onnx", "others": ("onnx/model.onnx_data",)}
    spec = Model(
        "local",
        folder,
        variant.name,
        variant.kind,
        None,
        None,
        pooling=variant.pooling or "cls",
        max_tokens=limit,
        **files,
    )  # type: ignore[arg-type]
    pair = variant.kind == "reranker"
    for name, module in (("local", fastembed_engine), ("torch engine", torch_engine)):
        engine = module.load(replace(spec, engine=name.split()[0]))
        yield (
            name,
            (
                lambda given, engine=engine: (
                    engine.rerank(QUERY, given).raw
                    if pair
                    else engine.embed(given, "passage").dense
                )
            ),
        )
        del engine
        gc.collect()
    theirs: Any
    if pair:
        theirs = sentence_transformers.CrossEncoder(
            str(folder),
            device="cpu",
            max_length=limit,
            activation_fn=torch.nn.Identity(),
            local_files_only=True,
        )
        yield (
            "sentence-transformers",
            lambda given: theirs.predict(
                [(QUERY, text) for text in given], batch_size=4, show_progress_bar=False
            ),
        )
    else:
        theirs = sentence_transformers.SentenceTransformer(
            str(folder), device="cpu", local_files_only=True
        )
        theirs.max_seq_length = limit
        yield (
            "sentence-transformers",
            lambda given: theirs.encode(given, batch_size=4, show_progress_bar=False),
        )


def compared(variant_id: str, variant: Variant, longest: int) -> list[Line]:
    """The local engine beside each other one, for each kind of text."""
    limit, pair = min(variant.max_tokens, longest), variant.kind == "reranker"
    with tempfile.TemporaryDirectory() as place:
        tokenizer = write(Path(place), variant, limit)
        tokenizer.no_truncation()
        before = len(tokenizer.encode(QUERY, add_special_tokens=False)) if pair else 0
        given = texts(tokenizer, limit, tokenizer.num_special_tokens_to_add(pair), before)
        made = {
            name: {kind: run(some) for kind, some in given.items()}
            for name, run in engines(Path(place), variant, limit)
        }
    lines = []
    ours = made.pop("local")
    every = np.concatenate(list(ours.values())).astype(np.float64)
    for name, theirs in made.items():
        for kind, own in ours.items():
            one, other = own.astype(np.float64), theirs[kind].astype(np.float64)
            if pair:
                spread = float(np.ptp(every))
                lines.append(
                    Line(
                        variant_id,
                        kind,
                        name,
                        float("nan"),
                        float(np.abs(one - other).max()) / spread,
                        spread,
                    )
                )
            else:
                far = float(np.median(every @ every.T))
                lines.append(
                    Line(
                        variant_id,
                        kind,
                        name,
                        cosine(one, other),
                        float(np.abs(one - other).max()),
                        far,
                    )
                )
    return lines


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    """The least cosine between two vectors of one text."""
    return float(
        ((one * other).sum(1) / (np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1))).min()
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.parity", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--variants", help="comma-separated ids; all that run here unless given")
    parser.add_argument(
        "--longest",
        type=int,
        default=1024,
        help="limit of a text in tokens, where the variant's is higher",
    )
    asked = parser.parse_args()
    if not all(
        map(
            importlib.util.find_spec,
            ("torch", "transformers", "sentence_transformers", "onnx", "fastembed"),
        )
    ):
        sys.exit(MISSING)
    catalog = catalogs.load(SHIPPED)
    known = {
        key: v
        for key, v in catalog.variants.items()
        if v.kind != "language-model" and v.pooling != "last_token"
    }
    chosen = asked.variants.split(",") if asked.variants else list(known)
    if unknown := sorted(set(chosen) - set(known)):
        sys.exit(f"No variant {', '.join(unknown)} runs here. There are: {', '.join(known)}.")
    held = True
    print(
        "| Variant's shape | Texts | Local engine beside | Least cosine | Greatest difference | Median cosine, or range of scores, of all texts |"
    )
    print("|---|---|---|---|---|---|")
    for variant_id in chosen:
        for line in compared(variant_id, known[variant_id], asked.longest):
            cosine = f"{line.near:.7f}" if line.near == line.near else ""
            print(
                f"| {line.variant_id} | {line.texts} | {line.other} | {cosine} | {line.difference:.1e} | {line.apart:.3f} |",
                flush=True,
            )
            held &= line.holds
        gc.collect()
    print(
        f"\n{'Held' if held else 'NOT held'}: cosine at least {LEAST_COSINE}; values, and scores in parts of their range, within {MOST_DIFFERENCE}."
    )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
