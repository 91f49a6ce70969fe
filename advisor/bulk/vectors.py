"""Files of vectors: parquet, a row a passage, as float32, float16 or int8 with a scale.

int8 is symmetric, with a scale of each vector: the largest absolute value divided by 127. A value
comes back as number x scale, at most half a scale away from what it was, that is 1/254 of the
vector's largest value. float16 keeps 11 binary digits: at most 1/2,048 of a value (for values below
0.00006 at most 3e-8 in all)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from numpy.typing import NDArray

from advisor.base.errors import EncodeError
from advisor.encode.engine import Float32s

VectorFormat = Literal["float32", "float16", "int8"]
TYPES: tuple[VectorFormat, ...] = get_args(VectorFormat)
STEPS = 127
_ARROW = {"float32": pa.float32(), "float16": pa.float16(), "int8": pa.int8()}


def quantised(rows: Float32s) -> tuple[NDArray[np.int8], Float32s]:
    """Vectors as whole numbers from -127 to 127, and the scale of each (of zeros: 0).

    Shapes: `rows` (passages, dim) float32; results (passages, dim) int8 and (passages,) float32."""
    scales = (np.abs(rows).max(axis=1, initial=0) / STEPS).astype(np.float32)
    steps = np.rint(rows / np.where(scales > 0, scales, 1)[:, None]).clip(-STEPS, STEPS)
    return steps.astype(np.int8), scales


def packed(ids: list[str], rows: Float32s, kind: VectorFormat, about: dict[str, str]) -> bytes:
    """A parquet file of `rows` (passages, dim) float32; `about` goes into its schema."""
    columns: dict[str, Any] = {"id": pa.array(ids, pa.string())}
    values: NDArray[Any] = rows.astype(kind) if kind != "int8" else rows
    if kind == "int8":
        values, scales = quantised(rows)
        columns["scale"] = pa.array(scales)
    flat = pa.array(np.ascontiguousarray(values).reshape(-1), _ARROW[kind])
    columns["vector"] = pa.FixedSizeListArray.from_arrays(flat, rows.shape[1])
    about = about | {"dim": str(rows.shape[1]), "type": kind}
    table = pa.table(columns).replace_schema_metadata(about)
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="none", use_dictionary=False, write_statistics=False)
    return bytes(sink.getvalue())


def read(path: Path) -> tuple[list[str], Float32s, dict[str, str]]:
    """Ids, vectors (passages, dim) float32, scaled where int8, and what the schema says of them.

    Raises EncodeError where the file is none that bulk encoding wrote."""
    try:
        table = pq.read_table(path, memory_map=False)
        metadata = table.schema.metadata or {}
        about = {key.decode(): value.decode() for key, value in metadata.items()}
        vector = table.column("vector").combine_chunks()
        flat = vector.flatten().to_numpy(zero_copy_only=False)
        values = flat.reshape(-1, vector.type.list_size).astype(np.float32)
        if about["type"] == "int8":
            values = values * table.column("scale").to_numpy()[:, None]
        return table.column("id").to_pylist(), values, about
    except (OSError, pa.ArrowException, KeyError, AttributeError, ValueError) as error:
        raise EncodeError(
            f"{path.name} is no file of vectors that can be read ({type(error).__name__})."
        ) from None
