"""The model folders that tests use: fastembed loads them, and what it gives is what a pass by hand
gives.
"""

import json

import fastembed
import numpy as np
import pytest
from fastembed.rerank.cross_encoder import TextCrossEncoder
from tokenizers import Tokenizer

from tools import models, onnx_models

TEXTS = [*models.TEXTS[:3], "short", ""]
TINY_NAME = "BAAI/bge-small-en-v1.5"  # its file is model_optimized.onnx, its pooling CLS
# a name of fastembed with CLS pooling whose file is onnx/model.onnx
M3_NAME = "mixedbread-ai/mxbai-embed-large-v1"
STANDIN_NAME = "sentence-transformers/all-MiniLM-L6-v2"
SIMILARITIES = [
    0.733438,
    0.071965,
    0.098207,
]  # of its safetensors through torch 2.13 and transformers 5.24


def embedded(name, folder, texts, batch_size=256):
    model = fastembed.TextEmbedding(
        name, specific_model_path=str(folder), providers=["CPUExecutionProvider"]
    )
    return np.array(list(model.embed(texts, batch_size=batch_size)))


def ran(path, encoding):
    """What the model gives for one text that is not padded."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    given = {
        "input_ids": encoding.ids,
        "attention_mask": [1] * len(encoding.ids),
        "token_type_ids": encoding.type_ids,
    }
    return session.run(
        None, {each.name: np.array([given[each.name]]) for each in session.get_inputs()}
    )[0][0]


def tokenizer(folder, limit):
    loaded = Tokenizer.from_file(str(folder / "tokenizer.json"))
    loaded.no_padding()
    loaded.enable_truncation(limit)
    return loaded


def unit(vector):
    return vector / np.linalg.norm(vector)


@pytest.mark.parametrize(
    ("fixture", "name", "file", "limit"),
    [
        ("tiny_embedder", TINY_NAME, "model_optimized.onnx", 512),
        ("tiny_m3", M3_NAME, "onnx/model.onnx", 8192),
    ],
)
def test_an_embedders_vector_is_its_first_token(request, fixture, name, file, limit):
    folder = request.getfixturevalue(fixture)
    texts = [*TEXTS, "cut off " * 400]
    expected = [
        unit(ran(folder / file, encoding)[0])
        for encoding in tokenizer(folder, limit).encode_batch(texts)
    ]
    assert embedded(name, folder, texts) == pytest.approx(np.array(expected), abs=1e-5)


def test_a_rerankers_score_is_its_logit_for_the_pair(tiny_reranker):
    passages = [*TEXTS, "cut off " * 400]
    model = TextCrossEncoder(
        "BAAI/bge-reranker-base",
        specific_model_path=str(tiny_reranker),
        providers=["CPUExecutionProvider"],
    )
    pairs = tokenizer(tiny_reranker, 512).encode_batch(
        [(models.TEXTS[9], passage) for passage in passages]
    )
    assert max(len(pair.ids) for pair in pairs) == 512
    expected = [ran(tiny_reranker / "onnx/model.onnx", pair)[0] for pair in pairs]
    assert list(model.rerank(models.TEXTS[9], passages)) == pytest.approx(expected, abs=1e-4)
    assert np.ptp(expected) > 1


def test_the_standins_vector_is_the_mean_of_its_tokens(standin):
    texts = [*TEXTS, "cut off " * 400]
    encodings = tokenizer(standin, 256).encode_batch(texts)
    assert max(len(each.ids) for each in encodings) == 256
    expected = [unit(ran(standin / "model.onnx", encoding).mean(0)) for encoding in encodings]
    assert embedded(STANDIN_NAME, standin, texts) == pytest.approx(np.array(expected), abs=1e-5)


def test_xlm_r_puts_two_ends_between_query_and_passage(tiny_reranker):
    loaded = tokenizer(tiny_reranker, 512)
    pair, plain = (
        loaded.encode("search", "engine"),
        loaded.encode("search", add_special_tokens=False),
    )
    assert pair.tokens[0] == "<s>" and pair.ids[0] == 0
    assert (
        pair.ids[1 : 1 + len(plain.ids)] == plain.ids
        and pair.ids[1 + len(plain.ids) :][:2] == [2, 2]
        and pair.ids[-1] == 2
    )
    assert [loaded.token_to_id(piece) for piece in ("<s>", "<pad>", "</s>", "<unk>")] == [
        0,
        1,
        2,
        3,
    ]
    assert 3 not in loaded.encode(models.TEXTS[0]).ids and 3 in loaded.encode("💧").ids


def test_different_texts_have_clearly_different_vectors(tiny_embedder, tiny_m3):
    for name, folder in ((TINY_NAME, tiny_embedder), (M3_NAME, tiny_m3)):
        vectors = embedded(name, folder, [*models.TEXTS[:8], "one and two", "two and one"])
        apart = (vectors @ vectors.T)[np.triu_indices(len(vectors), 1)]
        assert apart.max() < 0.99 and np.median(apart) < 0.8


@pytest.mark.parametrize("write", [models.write_embedder, models.write_reranker, models.write_m3])
def test_a_model_written_twice_is_the_same_bytes(write, tmp_path):
    for name in ("one", "two", "two"):  # the last one over what is there
        write(tmp_path / name)
    files = sorted(
        path.relative_to(tmp_path / "one")
        for path in (tmp_path / "one").rglob("*.*")
        if path.is_file()
    )
    assert len(files) >= 5
    assert all(
        (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
        for file in files
    )


def test_half_the_precision_is_half_the_file_and_nearly_the_vector(tiny_embedder, tmp_path):
    models.write_embedder(tmp_path, "model.onnx", precision="fp16")
    half, full = (
        path.stat().st_size
        for path in (tmp_path / "model.onnx", tiny_embedder / "model_optimized.onnx")
    )
    assert half == pytest.approx(full / 2, rel=0.01)
    (tmp_path / "model.onnx").rename(tmp_path / "model_optimized.onnx")
    near, exact = embedded(TINY_NAME, tmp_path, TEXTS), embedded(TINY_NAME, tiny_embedder, TEXTS)
    cosines = (near * exact).sum(1)
    assert cosines.min() > 0.999 and np.abs(near - exact).max() > 1e-6


def test_a_reranker_can_have_its_weights_beside_it(tiny_reranker, tmp_path):
    models.write_reranker(tmp_path, external=True)
    assert (tmp_path / "onnx/model.onnx_data").stat().st_size > 100_000
    encoding = tokenizer(tiny_reranker, 512).encode("query", "passage")
    assert ran(tmp_path / "onnx/model.onnx", encoding) == pytest.approx(
        ran(tiny_reranker / "onnx/model.onnx", encoding)
    )


def test_the_second_segment_counts(tiny_embedder):
    one = tokenizer(tiny_embedder, 512).encode("a query", "a passage")
    path = tiny_embedder / "model_optimized.onnx"
    two = tokenizer(tiny_embedder, 512).encode("a query [SEP] a passage")
    assert one.ids == two.ids and np.abs(ran(path, one)[0] - ran(path, two)[0]).max() > 0.01


def test_the_folders_say_how_they_pool_and_where_they_cut(tiny_embedder, tiny_m3, standin):
    for folder, pooling, tokens in (
        (tiny_embedder, "cls_token", 512),
        (tiny_m3, "cls_token", 8192),
        (standin, "mean_tokens", 256),
    ):
        said = json.loads((folder / "1_Pooling/config.json").read_text())
        assert [name for name, value in said.items() if value is True] == [
            f"pooling_mode_{pooling}"
        ]
        assert (
            json.loads((folder / "tokenizer_config.json").read_text())["model_max_length"] == tokens
        )
    published = Tokenizer.from_file(str(standin / "tokenizer.json"))
    assert published.truncation["max_length"] == 256 and published.padding["length"] is None


def test_given_weights_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"words.*\(2, 3\).*\(4, 3\)"):
        onnx_models.Graph({"words": np.zeros((2, 3))}).weight("words", 4, 3)


def test_the_standin_gives_the_similarities_of_the_published_model(standin):
    texts = [
        "How much does a GPU cost per hour?",
        "The hourly price of a graphics card is one dollar.",
        "The cat slept in the sun.",
    ]
    vectors = embedded(STANDIN_NAME, standin, texts)
    assert vectors.shape == (3, 384)
    assert (vectors @ vectors.T)[np.triu_indices(3, 1)] == pytest.approx(SIMILARITIES, abs=1e-4)
