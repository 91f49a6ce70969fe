"""Blocks on a Ray cluster, by Ray Data: a task reads, actors encode and write, the driver journals.

The corpus, the model's folder and the folder for the vectors must be at the same paths on every
machine of the cluster, as on a shared file system, and this package must be installed there. A
block goes through Ray as one row, so that Ray cuts and joins nothing.

Seen in Ray 2.60: blocks of Ray Data are joined up to `target_max_block_size`, a driver prints
workers' logs and progress bars unless told otherwise."""

from __future__ import annotations

import logging
import os
import pickle
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from advisor.base.errors import EncodeError
from advisor.base.installed import how_to_install
from advisor.bulk import work
from advisor.bulk.blocks import CorpusEnd
from advisor.bulk.folder import WrittenBlock
from advisor.bulk.run import CorpusCut
from advisor.bulk.work import BlockTask
from advisor.encode import worker
from advisor.encode.engine import About, Engine, Float32s
from advisor.encode.models import Model

INSTALL = f"This part needs Ray Data, which is not installed. Run: {how_to_install('ray')}"
LOCAL = "local"
STORE_BYTES = 512 * 2**20
"""Shared memory of a cluster on this machine, where blocks wait for workers."""
_ROOT = Path(__file__).resolve().parents[2]
_ITEM = "item"


class _Encoder:
    """One actor: holds the engine, encodes blocks and writes them."""

    def __init__(self, model: Model, threads: int, task: BlockTask) -> None:
        self._task, self._problem = task, ""
        try:
            self._engine: Engine = worker.load(model, threads)
            if not work.same_model(work.probe(self._engine), task.probe):
                self._problem = (
                    f"{model.folder} holds another model on one of the cluster's machines. "
                    "Copy the same files to all."
                )
        except EncodeError as error:
            self._problem = str(error)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """The record of a block in its place; the end as it is; a sentence where it fails."""
        item = pickle.loads(batch[_ITEM][0])  # noqa: S301  # from our own task
        answer: WrittenBlock | CorpusEnd | str
        try:
            answer = item
            if not isinstance(item, CorpusEnd | str):
                answer = self._problem or work.encode(self._engine, item, self._task)
        except EncodeError as error:
            answer = str(error)
        except OSError as error:
            why = error.strerror or type(error).__name__
            answer = f"{self._task.out} cannot be written to on a worker ({why})."
        return {_ITEM: [pickle.dumps(answer)]}


def _read(cut: CorpusCut) -> Iterator[Any]:
    """The items as tables of one row; a sentence for the rest where a file cannot be read."""
    import pyarrow as pa  # type: ignore[import-untyped]

    def table(item: object) -> Any:
        return pa.table({_ITEM: pa.array([pickle.dumps(item)], pa.large_binary())})

    try:
        yield from map(table, cut.blocks())
    except EncodeError as error:
        yield table(str(error))


class Ray:
    """Workers of the Ray cluster at `address`; that of `local` ends with the run."""

    def __init__(
        self, address: str, model: Model, workers: int | None, threads: int = 1, gpus: float = 0
    ) -> None:
        if find_spec("ray") is None:
            raise EncodeError(INSTALL)
        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # Ray sends statistics of use otherwise
        os.environ["RAY_DATA_DISABLE_PROGRESS_BARS"] = "1"
        # without it Ray 2.60 warns of a change to come
        os.environ["RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"] = "0"
        if address == LOCAL or address.startswith(("127.0.0.1:", "localhost:")):
            # without it Ray 2.60 takes the machine's address on its network in place of 127.0.0.1,
            # and listens there
            os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
        self._address, self._model, self._threads, self._gpus = address, model, threads, gpus
        if address == LOCAL:
            workers = workers or max(1, (os.cpu_count() or 2) - 1)
        self._workers = workers
        self._begun = False

    def known(self) -> tuple[About, Float32s]:
        """Who answers, and its vector of the probe, from the same files on this machine."""
        engine = worker.load(self._model, self._threads)
        return engine.about, work.probe(engine)

    def description(self) -> dict[str, Any]:
        """What the journal says of it."""
        return {"way": "ray", "workers": self._workers or "as many as fit"}

    def encoded(self, cut: CorpusCut, task: BlockTask) -> Iterator[WrittenBlock | CorpusEnd]:
        """Each block once it is on disk, and the end.

        Raises EncodeError where the cluster cannot be reached, or a worker gives up."""
        ray = self._start()
        task = replace(task, out=task.out.resolve())
        cut = replace(cut, files=[file._replace(path=file.path.resolve()) for file in cut.files])
        model = replace(self._model, folder=self._model.folder.resolve())
        try:
            size = self._workers or self._free(ray)
            actors = ray.data.ActorPoolStrategy(size=size, max_tasks_in_flight_per_actor=2)
            source = ray.data.read_datasource(_source(cut), override_num_blocks=1, num_cpus=0)
            dataset = source.map_batches(
                _Encoder,
                batch_size=1,
                batch_format="numpy",
                fn_constructor_args=(model, self._threads, task),
                compute=actors,
                num_cpus=self._threads,
                num_gpus=self._gpus or None,
            )
            for row in dataset.iter_rows():
                item = pickle.loads(row[_ITEM])  # noqa: S301  # from our own workers
                if isinstance(item, str):
                    raise EncodeError(f"{item} What is done stays.")
                yield item
        except ray.exceptions.RayError as error:
            raise EncodeError(
                f"The Ray cluster gave up ({type(error).__name__}). Look at its logs; "
                "what is done stays."
            ) from None

    def close(self) -> None:
        """Leaves the cluster; one on this machine ends."""
        if self._begun:
            import_module("ray").shutdown()
            self._begun = False

    def _start(self) -> Any:
        """Reaches the cluster, or starts one; gives the module ray."""
        ray = import_module("ray")
        import_module("ray.data")
        settings: dict[str, Any] = {"logging_level": logging.ERROR, "log_to_driver": False}
        if self._address == LOCAL:
            count = self._threads * (self._workers or 1) + 1  # one for the reading
            settings |= {"num_cpus": count, "include_dashboard": False}
            settings["object_store_memory"] = STORE_BYTES
        settings["runtime_env"] = {"env_vars": {"PYTHONPATH": str(_ROOT)}}
        try:
            ray.init(self._address, **settings)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise EncodeError(
                f"No Ray cluster was reached at {self._address} ({type(error).__name__}). "
                "Start one with: ray start --head"
            ) from None
        self._begun = True
        context = ray.data.DataContext.get_current()
        # a row each: a block of the corpus is not held back until others fill it up
        context.target_max_block_size = 1
        context.enable_progress_bars = False
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        return ray

    def _free(self, ray: Any) -> int:
        """Workers that the cluster's CPUs, or GPUs where asked for, have room for."""
        there = ray.cluster_resources()
        room = there.get("CPU", 1) / self._threads - 1
        if self._gpus:
            room = there.get("GPU", 0) / self._gpus
        return max(1, int(room))


def _source(cut: CorpusCut) -> Any:
    """The corpus as Ray Data reads it: one task, since ids are compared with all earlier ones."""
    data, block = import_module("ray.data"), import_module("ray.data.block")
    datasource: Any = data.Datasource

    class Corpus(datasource):  # type: ignore[misc]  # a class that is known only where Ray is installed
        def estimate_inmemory_data_size(self) -> int | None:
            return None

        def get_read_tasks(self, parallelism: int, *_: Any, **__: Any) -> list[Any]:
            metadata = block.BlockMetadata(
                num_rows=None, size_bytes=None, input_files=None, exec_stats=None
            )
            return [data.ReadTask(lambda: _read(cut), metadata)]

    return Corpus()
