"""What a visitor may choose here, and what is told of that which is not at hand."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from advisor.base import formatting
from advisor.base.errors import EncodeError
from advisor.encode import available_models, downloads, torch_engine
from advisor.encode.endpoints import Endpoint

LOCAL = {
    "bge-base-en-v1.5": "Qdrant/bge-base-en-v1.5-onnx-Q",
    "bge-large-en-v1.5": "Qdrant/bge-large-en-v1.5-onnx",
    "bge-m3": "BAAI/bge-m3",
    "bge-reranker-base": "BAAI/bge-reranker-base",
    "bge-reranker-large": "BAAI/bge-reranker-large",
    "bge-reranker-v2-m3": "onnx-community/bge-reranker-v2-m3-ONNX",
    "bge-small-en-v1.5": "Qdrant/bge-small-en-v1.5-onnx-Q",
}
STANDIN = {
    "name": "Tiny",
    "kind": "embedder",
    "model_file": "model.onnx",
    "pooling": "mean",
    "max_tokens": 64,
}


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> Path:
    """A machine with an empty models' folder, no stand-in and no torch; gives that folder."""
    monkeypatch.setenv("ADVISOR_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("ADVISOR_STANDIN", str(tmp_path / "standin"))
    monkeypatch.delenv("ADVISOR_HUB", raising=False)
    monkeypatch.setattr(torch_engine, "find_spec", lambda name: None)
    return tmp_path / "models"


def found(catalog, served=None, **folders):
    return available_models.all_of(catalog, served or {}, folders)


def fill(folder, choice):
    """Somebody's own folder with all files of a choice, and no manifest."""
    for name in choice.files.required:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")
    return folder


def endpoint(name, **fields):
    told = {
        "id": "m3",
        "name": name,
        "base_url": "http://127.0.0.1:8080",
        "shape": "tei",
        "model": "BAAI/bge-m3",
        "kind": "embedder",
    }
    return Endpoint(**told | fields)


def test_where_nothing_is_at_hand_each_model_says_what_to_do(catalog, pinned):
    got = found(catalog)
    assert {key: one.files.repo for key, one in got.items()} == LOCAL | {
        "bge-m3.torch": "BAAI/bge-m3"
    }
    assert all(
        repo in got[key].missing and got[key].missing == downloads.lacking(got[key].files)
        for key, repo in LOCAL.items()
    )
    assert got["bge-m3.torch"].missing == torch_engine.INSTALL_TORCH
    assert {"not fetched": got["bge-m3"].missing, "no torch": torch_engine.INSTALL_TORCH} == pinned
    assert Counter(one.kind for one in got.values()) == {"embedder": 5, "reranker": 3}
    assert [key for key, one in got.items() if not one.fetchable] == ["bge-m3.torch"]
    assert all(
        key == one.id and one.model.variant_id == key.removesuffix(".torch")
        for key, one in got.items()
    )


def test_what_fetching_takes_and_where_it_comes_from_is_told(catalog, monkeypatch, pinned):
    monkeypatch.setattr(downloads, "free_bytes", lambda: 12_340_000_000)
    small = found(catalog)["bge-small-en-v1.5"]
    assert (
        f"{formatting.significant(small.gigabytes)} GB" in small.room
        and small.gigabytes == catalog.variants[small.id].local_files.gigabytes
    )
    known, unknown = replace(small, gigabytes=0.4567), replace(small, gigabytes=None)
    assert "0.457 GB" in known.room and "12.3 GB" in known.room and "huggingface.co" in known.room
    assert "12.3 GB" in unknown.room and unknown.room.count(" GB") == 1
    assert {"size known": known.room, "size unknown": unknown.room} == pinned
    monkeypatch.setenv("ADVISOR_HUB", "http://hub.example:8000")
    assert "hub.example:8000" in small.room and "huggingface.co" not in small.room


def test_a_folder_of_ones_own_named_by_the_models_id_is_at_hand(catalog, here):
    fill(here / "bge-m3", found(catalog)["bge-m3"])
    got = found(catalog)
    assert (
        got["bge-m3"].missing == ""
        and got["bge-m3"].model.folder == here / "bge-m3"
        and not got["bge-m3"].fetchable
    )
    assert all(one.missing for key, one in got.items() if key != "bge-m3")


def test_such_a_folder_that_lacks_a_file_is_passed_over(catalog, here):
    fill(here / "bge-m3", found(catalog)["bge-m3"])
    (here / "bge-m3/onnx/model.onnx_data").unlink()
    got = found(catalog)["bge-m3"]
    assert got.missing == downloads.lacking(got.files) and got.model.folder == here / "BAAI--bge-m3"


def test_a_folder_that_was_fetched_is_at_hand_when_its_manifest_says_that_it_is_complete(
    catalog, here
):
    one = found(catalog)["bge-small-en-v1.5"]
    folder = fill(here / "Qdrant--bge-small-en-v1.5-onnx-Q", one)
    assert "complete.json" in found(catalog)[one.id].missing
    stated = {name: {"size": 1, "sha256": "0" * 64} for name in one.files.required}
    (folder / "complete.json").write_text(
        json.dumps({"repo": one.files.repo, "revision": "a" * 40, "files": stated})
    )
    assert found(catalog)[one.id].missing == "" and found(catalog)[one.id].model.folder == folder


def test_a_folder_that_was_named_goes_before_the_models_folder(catalog, here, tmp_path):
    one = found(catalog)["bge-m3"]
    fill(here / "bge-m3", one)
    mine = fill(tmp_path / "mine", one)
    got = found(catalog, **{"bge-m3": mine})["bge-m3"]
    assert got.missing == "" and got.model.folder == mine


def test_a_named_folder_that_lacks_a_file_says_which(catalog, here, tmp_path, pinned):
    one = found(catalog)["bge-m3"]
    fill(here / "bge-m3", one)  # is not taken in its place
    mine = fill(tmp_path / "mine", one)
    (mine / "onnx/model.onnx_data").unlink()
    (mine / "tokenizer.json").unlink()
    got = found(catalog, **{"bge-m3": mine})["bge-m3"]
    assert (
        got.model.folder == mine
        and "onnx/model.onnx_data" in got.missing
        and "BAAI/bge-m3" in got.missing
    )
    assert got.missing == pinned


@pytest.mark.parametrize("kind", ["nothing", "a file"])
def test_a_named_folder_that_is_not_there_is_told(catalog, here, tmp_path, kind, pinned):
    fill(here / "bge-m3", found(catalog)["bge-m3"])
    if kind == "a file":
        (tmp_path / "gone").write_text("x")
    got = found(catalog, **{"bge-m3": tmp_path / "gone"})["bge-m3"]
    assert (
        got.model.folder == tmp_path / "gone"
        and "BAAI/bge-m3" in got.missing
        and got.missing == pinned
    )


def test_no_stand_in_is_offered_where_there_is_none(catalog):
    assert available_models.standin_folder() is None and available_models.STANDIN not in found(
        catalog
    )


def test_a_stand_in_comes_first_and_is_labelled(catalog, tmp_path):
    (tmp_path / "standin").mkdir()
    (tmp_path / "standin/standin.json").write_text(json.dumps(STANDIN))
    got = found(catalog)
    assert next(iter(got)) == "standin" and "Tiny" in got["standin"].label != got["standin"].name
    one = got["standin"]
    assert (
        one.missing == ""
        and one.model.standin
        and one.model.variant_id is None
        and one.model.folder == tmp_path / "standin"
    )
    assert not one.fetchable and one.query_instruction is None


def test_a_stand_in_may_be_in_a_folder_that_was_named(catalog, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other/standin.json").write_text(json.dumps(STANDIN))
    assert found(catalog, standin=tmp_path / "other")["standin"].model.folder == tmp_path / "other"
    assert "standin" not in found(catalog, standin=tmp_path / "none")


@pytest.mark.parametrize(
    "content", ["{", "[]", "{}", json.dumps(STANDIN | {"max_tokens": "many"}), "\udcff"]
)
def test_a_stand_in_that_cannot_be_read_is_not_offered(catalog, tmp_path, content):
    (tmp_path / "standin").mkdir()
    (tmp_path / "standin/standin.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    assert available_models.standin_folder() is not None and "standin" not in found(catalog)


def test_endpoints_are_chosen_by_their_ids(catalog):
    one, other = (
        endpoint("M3 on our GPU", variant="bge-m3"),
        endpoint("Somebody's", id="x", model="e5-large"),
    )
    served = available_models.endpoints_by_choice({"m3": one}, other)
    assert list(served) == ["at.m3", "typed"] and list(
        available_models.endpoints_by_choice({"m3": one})
    ) == ["at.m3"]
    got = found(catalog, served)
    assert list(got)[-2:] == ["at.m3", "typed"]
    assert (
        got["at.m3"].endpoint,
        got["at.m3"].engine,
        got["at.m3"].missing,
        got["at.m3"].model,
    ) == (one, "remote", "", None)
    assert "M3 on our GPU" in got["at.m3"].label and not got["at.m3"].fetchable
    assert got["at.m3"].query_instruction is None and got["typed"].query_instruction is None
    small = found(
        catalog,
        available_models.endpoints_by_choice({"s": endpoint("Small", variant="bge-small-en-v1.5")}),
    )["at.s"]
    assert small.query_instruction == catalog.variants["bge-small-en-v1.5"].query_instruction != ""


def test_with_torch_every_encoder_that_it_runs_can_be_chosen_in_it(
    catalog, here, tmp_path, monkeypatch
):
    monkeypatch.setattr(torch_engine, "find_spec", lambda name: object())
    got = {key: one for key, one in found(catalog).items() if one.engine == "torch"}
    assert sorted(got) == sorted(f"{key}.torch" for key in LOCAL)
    assert "BAAI/bge-base-en-v1.5" in got["bge-base-en-v1.5.torch"].missing
    assert all(one.missing == downloads.lacking(one.files) for one in got.values())
    assert (
        got["bge-base-en-v1.5.torch"].files.required[0] == "model.safetensors"
        and got["bge-base-en-v1.5.torch"].fetchable
    )
    assert got["bge-m3.torch"].files.required[:3] == (
        "pytorch_model.bin",
        "sparse_linear.pt",
        "colbert_linear.pt",
    )
    assert got["bge-m3.torch"].model.outputs == ("dense", "sparse", "multi_vector")
    fill(here / "bge-m3.torch", got["bge-m3.torch"])
    assert found(catalog)["bge-m3.torch"].missing == "" != found(catalog)["bge-m3"].missing
    got = found(catalog, **{"bge-m3.torch": fill(tmp_path / "mine", got["bge-m3.torch"])})
    assert got["bge-m3.torch"].model.folder == tmp_path / "mine" and got["bge-m3"].missing


def test_no_two_models_on_this_machine_have_one_label(catalog, tmp_path, monkeypatch, pinned):
    (tmp_path / "standin").mkdir()
    (tmp_path / "standin/standin.json").write_text(json.dumps(STANDIN | {"name": "BGE M3"}))
    monkeypatch.setattr(torch_engine, "find_spec", lambda name: object())
    got = found(catalog, available_models.endpoints_by_choice({"m3": endpoint("BGE M3")}))
    labels = {key: one.label for key, one in got.items()}
    assert len(set(labels.values())) == len(labels) == 2 + 2 * len(LOCAL)
    of_m3 = {key: labels[key] for key in ("standin", "bge-m3", "bge-m3.torch", "at.m3")}
    assert all("BGE M3" in label for label in of_m3.values()) and of_m3 == pinned


def test_a_variant_without_an_onnx_file_is_left_to_a_server(catalog, pinned):
    assert "bge-multilingual-gemma2" not in found(
        catalog
    ) and "bge-multilingual-gemma2.torch" not in found(catalog)
    variant = catalog.variants["bge-multilingual-gemma2"]
    with pytest.raises(EncodeError) as caught:
        available_models.local_files(variant)
    assert variant.name in str(caught.value) and str(caught.value) == pinned


@pytest.mark.parametrize("named", ["~nosuchuser/x", "x" * 300, "a\0b", "/proc/1/root/x"])
def test_a_folder_that_cannot_be_is_told_as_not_there(catalog, here, named):
    got, gone = (
        available_models.all_of(catalog, {}, {"bge-m3": folder})["bge-m3"]
        for folder in (available_models.folder(named), here / "gone")
    )
    assert got.missing == gone.missing and got.missing != downloads.lacking(got.files)
