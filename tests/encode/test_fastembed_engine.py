"""The local engine against a forward pass by onnxruntime, with tokenisation, cutting and pooling
done by hand.
"""

import json
import re
import shutil
from dataclasses import replace

import numpy as np
import onnxruntime as ort
import pytest
from tokenizers import Tokenizer

from advisor.base.errors import EncodeError
from advisor.encode import engine, fastembed_engine, models

TEXTS = [
    "short",
    "A passage of some length, with punctuation; and a number: 1,234.56.",
    "",
    "   \n\t ",
    "🙂👩‍👩‍👧 naïve café, 搜索引擎, हिन्दी, العربية",
    "word " * 700,  # over 512 tokens
    "x" * 100_000,
    ("the quick brown fox " * 5_000)[:100_000],
]


@pytest.fixture(scope="module")
def small(catalog, tiny_embedder):
    return fastembed_engine.load(models.of_variant(catalog, "bge-small-en-v1.5", tiny_embedder))


@pytest.fixture(scope="module")
def reranker(catalog, tiny_reranker):
    return fastembed_engine.load(models.of_variant(catalog, "bge-reranker-base", tiny_reranker))


def passed(folder, model_file, text, limit, pair=None):
    """Output of the model for one text or pair, without padding, and the tokens before cutting."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    before = len(tokenizer.encode(text, pair).ids)
    tokenizer.enable_truncation(limit)
    one = tokenizer.encode(text, pair)
    session = ort.InferenceSession(str(folder / model_file), providers=["CPUExecutionProvider"])
    wanted = {
        "input_ids": one.ids,
        "attention_mask": one.attention_mask,
        "token_type_ids": [0] * len(one.ids),
    }
    given = {node.name: np.array([wanted[node.name]], np.int64) for node in session.get_inputs()}
    return session.run(None, given)[0][0], before


def test_vectors_are_those_of_a_pass_by_hand(small, tiny_embedder):
    made = small.embed(TEXTS, "passage")
    for text, row, tokens in zip(TEXTS, made.dense, made.tokens, strict=True):
        states, before = passed(tiny_embedder, "model_optimized.onnx", text, 512)
        wanted = states[0] / np.linalg.norm(states[0])
        assert float(row @ wanted) > 0.99999 and tokens == before
    assert np.allclose(np.linalg.norm(made.dense, axis=1), 1, atol=1e-5)
    assert made.counted == sum(min(n, 512) for n in made.tokens)
    assert len({tuple(np.round(row, 3)) for row in made.dense}) > 4  # the weights tell texts apart


def test_scores_are_those_of_a_pass_by_hand(reranker, tiny_reranker):
    query = "How do search engines rank?"
    made = reranker.rerank(query, TEXTS)
    for text, score, tokens in zip(TEXTS, made.raw, made.tokens, strict=True):
        logit, before = passed(tiny_reranker, "onnx/model.onnx", query, 512, text)
        assert score == pytest.approx(float(logit[0]), abs=1e-3) and tokens == before
    assert made.scale == "logit" and np.all((made.sigmoid >= 0) & (made.sigmoid <= 1))
    assert len(set(np.round(made.raw, 3))) > 4


def test_the_order_of_texts_changes_no_vector(small):
    forward, back = small.embed(TEXTS, "passage"), small.embed(TEXTS[::-1], "passage")
    assert (
        np.allclose(forward.dense, back.dense[::-1], atol=1e-5)
        and forward.tokens == back.tokens[::-1]
    )


def test_a_query_gets_the_instruction_and_a_passage_none(small):
    query, bare, passage = (
        small.embed(["fox"], role, instruct=on)
        for role, on in (("query", True), ("query", False), ("passage", True))
    )
    by_hand = small.embed(
        ["Represent this sentence for searching relevant passages: fox"], "passage"
    )
    assert np.allclose(query.dense, by_hand.dense) and not np.allclose(query.dense, bare.dense)
    assert np.allclose(bare.dense, passage.dense) and query.tokens[0] > bare.tokens[0]


def test_no_texts_give_no_rows(small, reranker):
    assert small.embed([], "passage").dense.shape == (0, 384) and reranker.rerank(
        "q", []
    ).raw.shape == (0,)


def test_a_batch_holds_texts_of_one_length_and_few_tokens(monkeypatch):
    read = [8_192, *range(1, 200)]
    found = list(engine.batches(read, 64))
    assert sorted(place for batch in found for place in batch) == list(range(200))
    assert found[0] == [0]
    for batch in found:
        assert len(batch) <= 64 and (
            len(batch) == 1
            or len(batch) * max(read[place] for place in batch) <= engine.BATCH_TOKENS
        )
    monkeypatch.setattr(engine, "BATCH_TOKENS", 15)
    assert list(engine.batches([3, 7, 3, 7], 4)) == [[1, 3], [0, 2]]
    assert [len(batch) for batch in engine.batches([0, 0, 99], 2)] == [1, 2]


def test_weights_of_another_shape_are_not_called_the_variant(small):
    assert small.about.variant_id is None and small.about.precision is None
    assert any("32" in note and "384" in note for note in small.about.notes)
    assert small.about.model != small._model.name


def test_weights_of_the_right_shape_are_the_variant_with_their_precision(catalog, tiny_embedder):
    right = replace(
        models.of_variant(catalog, "bge-small-en-v1.5", tiny_embedder), embedding_dim=32
    )
    size = (tiny_embedder / "model_optimized.onnx").stat().st_size
    for precision, width in (("fp32", 4), ("fp16", 2), ("int8", 1)):
        about = fastembed_engine.load(replace(right, parameters=size // width)).about
        assert (about.variant_id, about.precision) == ("bge-small-en-v1.5", precision)


def test_a_limit_of_the_catalog_below_the_tokenizers_is_kept(catalog, tiny_m3):
    model = replace(models.of_variant(catalog, "bge-m3", tiny_m3), max_tokens=16)
    loaded = fastembed_engine.load(model)
    assert loaded.about.max_tokens == 16
    long, cut = (
        loaded.embed(["one two three four five six seven eight nine ten " * 9], "passage"),
        None,
    )
    cut = passed(
        tiny_m3, "onnx/model.onnx", "one two three four five six seven eight nine ten " * 9, 16
    )[0][0]
    assert (
        float(long.dense[0] @ (cut / np.linalg.norm(cut))) > 0.99999
        and long.tokens[0] > 16
        and long.counted == 16
    )


def test_a_custom_model_with_its_weights_beside_it_can_be_loaded_twice(catalog, tiny_m3):
    model = models.of_variant(catalog, "bge-m3", tiny_m3)
    one, other = fastembed_engine.load(model), fastembed_engine.load(model)
    assert np.allclose(one.embed(["fox"], "query").dense, other.embed(["fox"], "query").dense)


def test_an_engine_that_pools_otherwise_is_refused(catalog, tiny_embedder, pinned):
    model = replace(
        models.of_variant(catalog, "bge-small-en-v1.5", tiny_embedder),
        embedding_dim=32,
        pooling="mean",
    )
    with pytest.raises(EncodeError) as caught:
        fastembed_engine.load(
            model
        )  # fastembed's built-in takes the first token whatever the catalog says
    assert (
        model.name in str(caught.value)
        and "mean" in str(caught.value)
        and str(caught.value) == pinned
    )


@pytest.mark.parametrize(
    ("broken", "named"),
    [
        ("missing", "model_optimized.onnx"),
        ("cut", "BGE Small EN v1.5"),
        ("empty", "BGE Small EN v1.5"),
        ("no tokenizer", "tokenizer.json"),
        ("tokenizer is no JSON", "BGE Small EN v1.5"),
    ],
)
def test_a_broken_folder_is_told_in_a_sentence(catalog, tiny_embedder, tmp_path, broken, named):
    folder = shutil.copytree(tiny_embedder, tmp_path / "model")
    file = folder / "model_optimized.onnx"
    if broken == "missing":
        file.unlink()
    elif broken == "cut":
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    elif broken == "empty":
        file.write_bytes(b"")
    elif broken == "no tokenizer":
        (folder / "tokenizer.json").unlink()
    else:
        (folder / "tokenizer.json").write_text("{")
    with pytest.raises(EncodeError) as caught:
        fastembed_engine.load(models.of_variant(catalog, "bge-small-en-v1.5", folder))
    assert named in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_that_is_missing_and_one_that_is_broken_are_told_with_the_next_step(
    catalog, tiny_embedder, tmp_path, pinned
):
    folder = shutil.copytree(tiny_embedder, tmp_path / "model")
    found = {}
    for name, spoil in (
        ("broken", lambda file: file.write_bytes(b"")),
        ("missing", lambda file: file.unlink()),
    ):
        spoil(folder / "model_optimized.onnx")
        with pytest.raises(EncodeError) as caught:
            fastembed_engine.load(models.of_variant(catalog, "bge-small-en-v1.5", folder))
        found[name] = re.sub(r"\(\w+\)", "(KIND)", str(caught.value))  # the kind is onnxruntime's
    assert "model_optimized.onnx" in found["missing"] and "(KIND)" in found["broken"]
    assert found == pinned


def test_a_model_that_pools_its_last_token_is_left_to_a_server(catalog, tmp_path):
    with pytest.raises(EncodeError, match=catalog.variants["bge-multilingual-gemma2"].name):
        models.of_variant(catalog, "bge-multilingual-gemma2", tmp_path)


def test_what_a_model_is_not_for_is_said(small, reranker, pinned):
    found = {}
    for name, ask in (
        ("an embedder scores nothing", lambda: small.rerank("q", ["p"])),
        ("a reranker gives no vectors", lambda: reranker.embed(["p"], "passage")),
        ("only dense vectors", lambda: small.embed(["p"], "passage", outputs=("dense", "sparse"))),
    ):
        with pytest.raises(EncodeError) as caught:
            ask()
        found[name] = str(caught.value)
    assert [small.about.model in sentence for sentence in found.values()] == [True, False, False]
    assert [reranker.about.model in sentence for sentence in found.values()] == [False, True, False]
    assert found == pinned


def test_a_stand_in_says_so(tmp_path, tiny_embedder, pinned):
    folder = shutil.copytree(tiny_embedder, tmp_path / "standin")
    with pytest.raises(EncodeError) as caught:
        models.standin(folder)
    assert models.STANDIN_FILE in str(caught.value) and str(caught.value) == pinned
    told = {
        "name": "Tiny",
        "kind": "embedder",
        "model_file": "model_optimized.onnx",
        "pooling": "mean",
        "max_tokens": 64,
        "embedding_dim": 32,
    }
    (folder / models.STANDIN_FILE).write_text(json.dumps(told))
    engine = fastembed_engine.load(models.standin(folder))
    assert (
        engine.about.standin and engine.about.variant_id is None and engine.about.max_tokens == 64
    )
    states, _ = passed(folder, "model_optimized.onnx", "a fox", 64)
    mean = states.mean(axis=0)
    assert (
        float(engine.embed(["a fox"], "query").dense[0] @ (mean / np.linalg.norm(mean))) > 0.99999
    )
