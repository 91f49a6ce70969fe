"""The folder of models may not be looked at, or no process can be started to fill it: a sentence, and the page goes on."""

import errno
import os
import tempfile
from pathlib import Path

import pytest

from advisor.base.errors import EncodeError
from advisor.encode import available_models
from advisor.encode.downloads import Downloads, Files, free_bytes, lacking, sys
from tests.encode import hub
from tests.environment import somebody

FILES = Files("BAAI/bge-m3", "onnx/model.onnx", ("onnx/model.onnx_data",))


@pytest.mark.parametrize(
    "closed", [".", "models", "models/BAAI--bge-m3", "models/BAAI--bge-m3/onnx"]
)
def test_a_folder_that_may_not_be_looked_at_is_as_one_that_is_not_there(
    catalog, repo, monkeypatch, closed
):
    with tempfile.TemporaryDirectory() as base:  # pytest's own folders are root's alone
        Path(base).chmod(0o755)
        store, place = Path(base) / "models", Path(base) / closed
        with hub.serving({FILES.repo: repo}) as address:
            assert Downloads().start(FILES, store, hub=address, spare_bytes=0).wait(60) == "done"
        assert lacking(FILES, store) is None
        monkeypatch.setenv("ADVISOR_MODELS", str(store))
        mode = place.stat().st_mode
        place.chmod(0)
        try:
            with somebody():
                told, free, found = (
                    lacking(FILES, store),
                    free_bytes(store),
                    available_models.all_of(catalog, {}, {}),
                )
        finally:
            place.chmod(mode)
        assert told and FILES.repo in told and free > 0 and found["bge-m3"].missing
        assert lacking(FILES, store) is None


def test_no_process_to_fetch_with_is_a_sentence_and_the_next_click_fetches(
    repo, tmp_path, monkeypatch
):
    downloads = Downloads()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(EncodeError) as error:
        downloads.start(FILES, tmp_path / "models")
    assert FILES.repo in str(error.value) and os.strerror(errno.ENOENT) in str(error.value)
    assert downloads.current is None
    monkeypatch.undo()
    with hub.serving({FILES.repo: repo}) as address:
        assert (
            downloads.start(FILES, tmp_path / "models", hub=address, spare_bytes=0).wait(60)
            == "done"
        )
