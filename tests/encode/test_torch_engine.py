"""The torch engine on tiny models with random weights, against one forward pass a text worked out
here, and against FlagEmbedding.
"""

from __future__ import annotations

import json
import pickle
import re
import shutil
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from advisor.base.errors import EncodeError
from advisor.encode import engine as contract
from advisor.encode import torch_engine
from advisor.encode.models import Model
from advisor.live.matching import max_sim, sparse_score

WORDS = [
    "what",
    "is",
    "the",
    "price",
    "of",
    "a",
    "gpu",
    "for",
    "one",
    "month",
    "and",
    "how",
    "many",
    "tokens",
    "does",
    "it",
    "read",
]
PIECES = ["▁", *(f"▁{word}" for word in WORDS), *"abcdefghijklmnopqrstuvwxyz", "s", "ing"]
TEXTS = [
    "what is the price of a gpu",
    "tokens",
    "",
    "the the the months 🙂 gpu",
    "how many tokens does it read for one month and a price " * 3,
]
LIMIT = 20
KIND = r"\(\w+\)"  # of an error of torch and the like


def test_without_torch_one_sentence_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(
        torch_engine, "find_spec", lambda name: None if name == "torch" else object()
    )
    assert torch_engine.installed() == torch_engine.INSTALL_TORCH
    with pytest.raises(EncodeError) as caught:
        torch_engine.load(model_of(tmp_path))
    assert str(caught.value) == torch_engine.INSTALL_TORCH


def model_of(folder: Path, **changed: Any) -> Model:
    return replace(
        Model(
            "torch",
            folder,
            "Tiny",
            "embedder",
            "bge-m3",
            None,
            max_tokens=LIMIT,
            outputs=("dense", "sparse", "multi_vector"),
        ),
        **changed,
    )


@pytest.fixture(scope="module")
def torch() -> Any:
    pytest.importorskip("transformers")
    return pytest.importorskip("torch")


def write_tokenizer(folder: Path, bert: bool = False) -> None:
    """SentencePiece's unigram as XLM-R has it, or BERT's special tokens around it."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    names = ["[PAD]", "[CLS]", "[SEP]", "[UNK]"] if bert else ["<s>", "<pad>", "</s>", "<unk>"]
    vocabulary = {name: 0.0 for name in names} | {
        piece: -float(place) / 10 for place, piece in enumerate(PIECES)
    }
    made = Tokenizer(models.Unigram(list(vocabulary.items()), unk_id=3))
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]
    )
    made.add_special_tokens(names)
    one, pair = (
        ("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1")
        if bert
        else ("<s> $A </s>", "<s> $A </s> </s> $B </s>")
    )
    marks = [(name, place) for place, name in enumerate(names)]
    made.post_processor = processors.TemplateProcessing(single=one, pair=pair, special_tokens=marks)
    made.enable_truncation(
        7
    )  # a cut and a padding of the file's own, which the engine must not take over
    made.enable_padding(length=9)
    made.save(str(folder / "tokenizer.json"))
    kind = "BertTokenizer" if bert else "XLMRobertaTokenizer"
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": kind, "model_max_length": LIMIT})
    )


def write(folder: Path, kind: str, seed: int = 3, **config: Any) -> Path:
    """A model of that class of transformers, with weights larger than its own first ones so that
    texts differ.
    """
    import torch
    import transformers

    torch.manual_seed(seed)
    bert = kind.startswith("Bert")
    told = transformers.BertConfig if bert else transformers.XLMRobertaConfig
    size = {
        "hidden_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 24,
        "initializer_range": 0.5,
    }
    places = (
        {"max_position_embeddings": 32}
        if bert
        else {"max_position_embeddings": 34, "type_vocab_size": 1, "pad_token_id": 1}
    )
    network = getattr(transformers, kind)(
        told(vocab_size=len(set(PIECES)) + 4, **size, **places, **config)
    )
    for parameter in network.parameters():
        if parameter.ndim == 1:
            torch.nn.init.normal_(parameter, mean=0.2, std=0.5)
    network.save_pretrained(folder)
    write_tokenizer(folder, bert)
    return folder


@pytest.fixture(scope="module")
def m3(torch: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write(tmp_path_factory.mktemp("m3"), "XLMRobertaModel")
    for name, outputs in (("sparse_linear.pt", 1), ("colbert_linear.pt", 16)):
        torch.save(
            torch.nn.Linear(16, outputs).half().state_dict(), folder / name
        )  # the published heads are in fp16 too
    return folder


@pytest.fixture(scope="module")
def reranker(torch: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(
        tmp_path_factory.mktemp("reranker"), "XLMRobertaForSequenceClassification", num_labels=1
    )


@pytest.fixture
def copied(m3: Path, tmp_path: Path) -> Path:
    return shutil.copytree(m3, tmp_path / "copied")


def by_hand(
    folder: Path, text: str, other: str | None = None, limit: int = LIMIT
) -> tuple[list[int], list[str], Any, int]:
    """Ids, tokens, the encoder's output for one text without padding, and its tokens without a
    limit.
    """
    import torch
    import transformers
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    given = (text,) if other is None else (text, other)
    tokens = len(tokenizer.encode(*given).ids)
    tokenizer.enable_truncation(limit)
    one = tokenizer.encode(*given)
    kind = (
        transformers.AutoModel if other is None else transformers.AutoModelForSequenceClassification
    )
    network = kind.from_pretrained(folder).eval()
    with torch.no_grad():
        kinds = (
            {"token_type_ids": torch.tensor([one.type_ids])}
            if network.config.type_vocab_size > 1
            else {}
        )
        return one.ids, one.tokens, network(input_ids=torch.tensor([one.ids]), **kinds), tokens


def unit(values: np.ndarray) -> np.ndarray:
    return values / np.linalg.norm(values, axis=-1, keepdims=True)


def test_m3_gives_the_three_outputs_of_its_definition(torch: Any, m3: Path) -> None:
    engine = torch_engine.load(model_of(m3))
    got = engine.embed(TEXTS, "passage", outputs=("dense", "sparse", "multi_vector"))
    assert got.sparse is not None and got.multi_vector is not None and got.pieces is not None
    heads = {
        name: torch.load(m3 / f"{name}_linear.pt", weights_only=True)
        for name in ("sparse", "colbert")
    }
    weight, bias = (
        {name: one[part].float().numpy() for name, one in heads.items()}
        for part in ("weight", "bias")
    )
    for place, text in enumerate(TEXTS):
        ids, tokens, made, unlimited = by_hand(m3, text)
        states = made.last_hidden_state[0].numpy()
        np.testing.assert_allclose(got.dense[place], unit(states[0]), atol=1e-5)
        weights: dict[str, float] = {}
        for piece, token, state in zip(tokens, ids, states, strict=True):
            scaled = (weight["sparse"] @ state + bias["sparse"]).item()
            if token > 3 and scaled > 0:
                weights[piece] = max(weights.get(piece, 0), scaled)
        assert got.sparse[place] == pytest.approx(weights, abs=1e-5)
        np.testing.assert_allclose(
            got.multi_vector[place],
            unit(states[1:] @ weight["colbert"].T + bias["colbert"]),
            atol=1e-5,
        )
        assert got.pieces[place] == tuple(tokens[1:])
        assert got.tokens is not None and got.tokens[place] == unlimited
    assert got.counted == sum(min(tokens, LIMIT) for tokens in got.tokens or ())
    assert max(got.tokens or ()) > LIMIT > min(got.tokens or ())
    assert got.dense.dtype == got.multi_vector[0].dtype == np.float32


def test_special_and_unknown_tokens_have_no_sparse_weight_and_the_largest_place_counts(
    m3: Path,
) -> None:
    engine = torch_engine.load(model_of(m3))
    sparse = engine.embed(["the gpu the 🙂 the 漢"], "passage", outputs=("sparse",)).sparse
    assert sparse is not None
    assert set(sparse[0]) <= {"▁the", "▁gpu", "▁"}
    assert engine._weights([0, 5, 6, 5, 3, 2, 1], [9, 0.25, -1, 0.5, 9, 9, 9, 9]) == {
        PIECES[1]: 0.5
    }


def test_only_what_is_asked_for_is_given(m3: Path) -> None:
    got = torch_engine.load(model_of(m3)).embed(["a gpu"], "query")
    assert got.sparse is None and got.multi_vector is None and got.pieces is None
    assert got.dense.shape == (1, 16)


def test_no_text_gives_no_vector(m3: Path) -> None:
    got = torch_engine.load(model_of(m3)).embed(
        [], "query", outputs=("dense", "sparse", "multi_vector")
    )
    assert got.dense.shape == (0, 16)
    assert (got.sparse, got.multi_vector, got.pieces, got.tokens, got.counted) == (
        (),
        (),
        (),
        (),
        0,
    )


def test_a_text_has_the_same_vector_alone_and_in_any_batch(
    m3: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = torch_engine.load(model_of(m3))
    whole = engine.embed(TEXTS, "passage", outputs=("sparse", "multi_vector"))
    monkeypatch.setattr(contract, "BATCH_TOKENS", 25)
    small = engine.embed(TEXTS[::-1], "passage", outputs=("sparse", "multi_vector"))
    np.testing.assert_allclose(whole.dense, small.dense[::-1], atol=1e-5)
    for one, other in zip(whole.multi_vector or (), (small.multi_vector or ())[::-1], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-5)
    assert whole.tokens == (small.tokens or ())[::-1]


@pytest.mark.parametrize(
    ("pooling", "normalised"), [("cls", True), ("cls", False), ("mean", True), ("mean", False)]
)
def test_an_english_embedder_pools_as_told_and_puts_the_instruction_before_queries(
    torch: Any, tmp_path: Path, pooling: Any, normalised: bool
) -> None:
    folder = write(tmp_path / "bert", "BertModel")
    engine = torch_engine.load(
        model_of(
            folder,
            outputs=("dense",),
            pooling=pooling,
            normalised=normalised,
            query_instruction="what is: ",
            variant_id="bge-small-en-v1.5",
        )
    )
    assert engine.about.outputs == ("dense",)
    for role, instruct, before in (
        ("query", True, "what is: "),
        ("query", False, ""),
        ("passage", True, ""),
    ):
        got = engine.embed(TEXTS, role, instruct=instruct)
        for place, text in enumerate(TEXTS):
            _, _, made, unlimited = by_hand(folder, before + text)
            states = made.last_hidden_state[0].numpy()
            row = states[0] if pooling == "cls" else states.mean(0)
            np.testing.assert_allclose(
                got.dense[place], unit(row) if normalised else row, atol=1e-5
            )
            assert (got.tokens or ())[place] == unlimited


@pytest.mark.parametrize(
    "kind", ["XLMRobertaForSequenceClassification", "BertForSequenceClassification"]
)
def test_a_reranker_gives_the_logit_of_each_pair(torch: Any, tmp_path: Path, kind: str) -> None:
    folder = write(tmp_path / "reranker", kind, num_labels=1)
    engine = torch_engine.load(
        model_of(
            folder, kind="reranker", outputs=(), pooling="none", variant_id="bge-reranker-base"
        )
    )
    got = engine.rerank("price of a gpu", TEXTS)
    assert got.scale == "logit" and got.raw.dtype == np.float32
    for place, text in enumerate(TEXTS):
        _, _, made, unlimited = by_hand(folder, "price of a gpu", text)
        assert got.raw[place] == pytest.approx(made.logits.item(), abs=1e-5)
        assert (got.tokens or ())[place] == unlimited
    assert len(set(got.raw.tolist())) == len(TEXTS)
    assert engine.rerank("price", []).raw.shape == (0,)


def test_the_limit_is_the_smaller_of_the_catalogs_and_the_positions(
    m3: Path, reranker: Path
) -> None:
    assert torch_engine.load(model_of(m3)).about.max_tokens == LIMIT
    assert (
        torch_engine.load(model_of(m3, max_tokens=8192)).about.max_tokens == 32
    )  # 34 rows, two before the first position
    assert torch_engine.load(model_of(m3, max_tokens=None)).about.max_tokens == 32
    whole = torch_engine.load(model_of(m3, max_tokens=None)).embed(
        ["gpu " * 99], "passage", outputs=("multi_vector",)
    )
    assert whole.multi_vector is not None and len(whole.multi_vector[0]) == 31


def test_other_weights_than_the_catalogs_are_told_and_carry_no_variant(m3: Path) -> None:
    import transformers

    parameters = transformers.AutoModel.from_pretrained(m3).num_parameters()
    own = torch_engine.load(model_of(m3, parameters=parameters)).about
    assert own.variant_id == "bge-m3" and len(own.notes) == 1
    other = torch_engine.load(model_of(m3, parameters=567_754_752)).about
    assert other.variant_id is None
    assert "Tiny" in other.notes[1] and re.findall(r"\d[\d,]*\d", other.notes[1]) == [
        f"{parameters:,}",
        "567,754,752",
    ]


def test_a_folder_without_a_head_gives_the_other_outputs_and_says_so(copied: Path) -> None:
    (copied / "sparse_linear.pt").unlink()
    engine = torch_engine.load(model_of(copied))
    assert engine.about.outputs == ("dense", "multi_vector")
    (note,) = engine.about.notes[1:]
    assert "sparse_linear.pt" in note
    with pytest.raises(EncodeError, match=r"Tiny.*sparse.*dense, multi_vector"):
        engine.embed(["a"], "query", outputs=("dense", "sparse"))


def test_an_embedder_scores_no_pairs_and_a_reranker_gives_no_vectors(
    m3: Path, reranker: Path
) -> None:
    with pytest.raises(EncodeError, match="Tiny"):
        torch_engine.load(model_of(m3)).rerank("a", ["b"])
    with pytest.raises(EncodeError, match="Tiny"):
        torch_engine.load(model_of(reranker, kind="reranker", outputs=())).embed(["a"], "query")


def test_gemma2_runs_only_through_a_server(tmp_path: Path, torch: Any) -> None:
    with pytest.raises(EncodeError, match=r"Tiny.*37 GB"):
        torch_engine.load(model_of(tmp_path, pooling="last_token"))


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_missing_file_is_named(copied: Path, name: str) -> None:
    (copied / name).unlink()
    with pytest.raises(EncodeError, match=f"Tiny.*{name}"):
        torch_engine.load(model_of(copied))


@pytest.mark.parametrize(
    "name", ["config.json", "tokenizer.json", "model.safetensors", "sparse_linear.pt"]
)
def test_a_file_cut_short_is_told_in_a_sentence(copied: Path, name: str) -> None:
    (copied / name).write_bytes((copied / name).read_bytes()[:-30])
    with pytest.raises(EncodeError, match=rf"Tiny.*{KIND}"):
        torch_engine.load(model_of(copied))


def test_weights_that_lack_a_layer_are_refused_and_not_filled_with_random_values(
    torch: Any, copied: Path
) -> None:
    from safetensors.torch import load_file, save_file

    values = load_file(copied / "model.safetensors")
    del values["encoder.layer.1.output.dense.bias"]
    save_file(values, copied / "model.safetensors", {"format": "pt"})
    with pytest.raises(EncodeError, match=r"Tiny.*encoder\.layer\.1\.output\.dense\.bias"):
        torch_engine.load(model_of(copied))


def test_weights_without_the_pooler_that_is_not_used_are_taken(torch: Any, copied: Path) -> None:
    from safetensors.torch import load_file, save_file

    values = {
        key: value
        for key, value in load_file(copied / "model.safetensors").items()
        if not key.startswith("pooler.")
    }
    save_file(values, copied / "model.safetensors", {"format": "pt"})
    assert torch_engine.load(model_of(copied)).embed(["a"], "query").dense.shape == (1, 16)


def test_as_many_threads_compute_as_are_told(torch: Any, m3: Path) -> None:
    before = torch.get_num_threads()
    torch_engine.load(model_of(m3))
    assert torch.get_num_threads() == before
    torch_engine.load(model_of(m3), threads=1)
    assert torch.get_num_threads() == 1
    torch.set_num_threads(before)


def test_an_embedders_weights_make_no_reranker(copied: Path) -> None:
    with pytest.raises(EncodeError, match=r"Tiny.*classifier\.dense"):
        torch_engine.load(model_of(copied, kind="reranker"))


def test_a_classifier_with_two_classes_is_no_reranker(torch: Any, tmp_path: Path) -> None:
    folder = write(tmp_path / "two", "XLMRobertaForSequenceClassification", num_labels=2)
    with pytest.raises(EncodeError, match=r"Tiny.*\b2\b"):
        torch_engine.load(model_of(folder, kind="reranker"))


def test_a_head_of_another_width_does_not_fit(torch: Any, copied: Path) -> None:
    torch.save(torch.nn.Linear(5, 1).state_dict(), copied / "sparse_linear.pt")
    with pytest.raises(EncodeError, match=rf"Tiny.*{KIND}"):
        torch_engine.load(model_of(copied))


def test_pickled_weights_load_as_plain_tensors(torch: Any, copied: Path) -> None:
    from safetensors.torch import load_file

    before = torch_engine.load(model_of(copied)).embed(TEXTS, "query").dense
    torch.save(load_file(copied / "model.safetensors"), copied / "pytorch_model.bin")
    (copied / "model.safetensors").unlink()
    np.testing.assert_array_equal(
        torch_engine.load(model_of(copied)).embed(TEXTS, "query").dense, before
    )


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self) -> Any:
        return (Path.touch, (self.path,))


@pytest.mark.parametrize("name", ["pytorch_model.bin", "sparse_linear.pt", "colbert_linear.pt"])
@pytest.mark.parametrize("how", ["pickle", "torch"])
def test_a_pickle_that_would_run_code_is_refused(
    torch: Any, copied: Path, tmp_path: Path, name: str, how: str
) -> None:
    sprung = tmp_path / "sprung"
    trap = {"weight": Trap(sprung), "bias": Trap(sprung)}
    if how == "torch":
        torch.save(trap, copied / name)
    else:
        (copied / name).write_bytes(pickle.dumps(trap))
    if name == "pytorch_model.bin":
        (copied / "model.safetensors").unlink()
    with pytest.raises(EncodeError, match=rf"Tiny.*{KIND}"):
        torch_engine.load(model_of(copied))
    assert not sprung.exists()


def test_code_in_the_folder_is_not_run(copied: Path, tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    (copied / "own.py").write_text(
        f"import pathlib\npathlib.Path({str(sprung)!r}).touch()\nclass Config: pass\nclass Own: "
        "pass\n"
    )
    config = json.loads((copied / "config.json").read_text())
    config |= {
        "model_type": "own",
        "auto_map": {"AutoConfig": "own.Config", "AutoModel": "own.Own"},
    }
    (copied / "config.json").write_text(json.dumps(config))
    with pytest.raises(EncodeError, match=rf"Tiny.*{KIND}"):
        torch_engine.load(model_of(copied))
    assert not sprung.exists()


def test_loading_and_encoding_ask_no_network(
    m3: Path, reranker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(socket.socket, "connect", lambda *given: asked.append(given))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *given, **named: asked.append(given) or [])
    torch_engine.load(model_of(m3, hub_id="BAAI/bge-m3")).embed(TEXTS, "query", outputs=("sparse",))
    torch_engine.load(model_of(reranker, kind="reranker", outputs=())).rerank("a", TEXTS)
    assert asked == []


def test_a_lone_surrogate_is_read_as_a_question_mark(m3: Path) -> None:
    engine = torch_engine.load(model_of(m3))
    got = engine.embed(["gpu \ud800", "gpu ?"], "query").dense
    np.testing.assert_allclose(got[0], got[1], atol=1e-6)


@pytest.mark.parametrize(
    "told",
    [
        "[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory",
        "CUDA out of memory.",
    ],
)
def test_too_little_memory_is_told_in_a_sentence(
    m3: Path, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    engine = torch_engine.load(model_of(m3))

    def fail(**given: Any) -> Any:
        raise RuntimeError(told)

    monkeypatch.setattr(engine._network, "forward", fail)
    with pytest.raises(EncodeError) as caught:
        engine.embed(["a"], "query")
    assert told not in str(caught.value)


def test_flag_embedding_gives_the_same(
    m3: Path, reranker: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """FlagEmbedding 1.4.2 imports beside transformers 5.23, not beside 5.24."""
    flag = pytest.importorskip("FlagEmbedding", exc_type=ImportError)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    theirs = flag.BGEM3FlagModel(str(m3), use_fp16=False, devices="cpu")
    made = theirs.encode(
        TEXTS, max_length=LIMIT, return_dense=True, return_sparse=True, return_colbert_vecs=True
    )
    engine = torch_engine.load(model_of(m3))
    got = engine.embed(TEXTS, "passage", outputs=("dense", "sparse", "multi_vector"))
    assert got.sparse is not None and got.multi_vector is not None
    np.testing.assert_allclose(got.dense, made["dense_vecs"], atol=1e-5)
    for place, weights in enumerate(made["lexical_weights"]):
        named = {
            theirs.tokenizer.convert_ids_to_tokens(int(token)): float(weight)
            for token, weight in weights.items()
        }
        assert got.sparse[place] == pytest.approx(named, abs=1e-5)
        np.testing.assert_allclose(got.multi_vector[place], made["colbert_vecs"][place], atol=1e-5)
    first, last = made["lexical_weights"][0], made["lexical_weights"][4]
    assert sparse_score(got.sparse[0], got.sparse[4]) == pytest.approx(
        theirs.compute_lexical_matching_score(first, last), abs=1e-5
    )
    late = theirs.colbert_score(made["colbert_vecs"][0], made["colbert_vecs"][4])
    assert max_sim(got.multi_vector[0], got.multi_vector[4]) == pytest.approx(late.item(), abs=1e-5)

    # beside transformers 5 it decodes the tokens and reads the text again: an empty passage is lost
    # then, and pieces beside an unknown one
    texts = [text for text in TEXTS[:4] if text.isascii() and text]
    scores = flag.FlagReranker(
        str(reranker), use_fp16=False, devices="cpu", max_length=LIMIT
    ).compute_score([["a gpu", text] for text in texts])
    got_scores = torch_engine.load(model_of(reranker, kind="reranker", outputs=())).rerank(
        "a gpu", texts
    )
    np.testing.assert_allclose(got_scores.raw, scores, atol=1e-5)


def test_sentence_transformers_gives_the_same(m3: Path, reranker: Path) -> None:
    st = pytest.importorskip("sentence_transformers")
    folder = shutil.copytree(m3, m3.parent / "st")
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling/config.json").write_text(
        json.dumps(
            {
                "word_embedding_dimension": 16,
                "pooling_mode_cls_token": True,
                "pooling_mode_mean_tokens": False,
            }
        )
    )
    kinds = ["Transformer", "Pooling", "Normalize"]
    modules = [
        {
            "idx": place,
            "name": str(place),
            "path": ["", "1_Pooling", "2_Normalize"][place],
            "type": f"sentence_transformers.models.{kind}",
        }
        for place, kind in enumerate(kinds)
    ]
    (folder / "modules.json").write_text(json.dumps(modules))
    theirs = st.SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    theirs.max_seq_length = LIMIT
    np.testing.assert_allclose(
        torch_engine.load(model_of(m3)).embed(TEXTS, "passage").dense,
        theirs.encode(TEXTS),
        atol=1e-5,
    )
    cross = st.CrossEncoder(
        str(reranker),
        device="cpu",
        max_length=LIMIT,
        local_files_only=True,
        activation_fn=__import__("torch").nn.Identity(),
    )
    got = torch_engine.load(model_of(reranker, kind="reranker", outputs=())).rerank("a gpu", TEXTS)
    np.testing.assert_allclose(
        got.raw, cross.predict([["a gpu", text] for text in TEXTS]), atol=1e-5
    )
