"""Long JSON arrays of numbers as NumPy columns, without a Python object for each number."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

__all__ = ["EquityText", "equity_columns"]

#: Bytes of one array from which on Arrow's parser beats building a list, and threads pay.
LARGE = 1 << 20


class EquityText(msgspec.Struct, frozen=True):
    """The ``equity`` object of a result, its arrays still text."""

    timestamp_ns: msgspec.Raw
    equity: msgspec.Raw
    balance: msgspec.Raw


def _small(raw: bytes, kind: type[Any]) -> npt.NDArray[Any]:
    return np.array(msgspec.json.decode(raw), dtype=kind)


def _large(raw: msgspec.Raw, kind: type[Any]) -> npt.NDArray[Any]:
    # An array of plain numbers, its commas turned into line ends, is a CSV file of one column, and Arrow reads those
    # without holding the GIL.
    array = np.frombuffer(memoryview(raw), dtype=np.uint8)[1:-1]
    text = (array == ord(",")).view(np.uint8)
    text *= ord(",") ^ ord("\n")
    text ^= array
    lines: Any = pa.BufferReader(pa.py_buffer(text.data))
    table = csv.read_csv(
        lines,
        read_options=csv.ReadOptions(column_names=["x"]),
        convert_options=csv.ConvertOptions(column_types={"x": pa.from_numpy_dtype(np.dtype(kind))}, null_values=[]),
    )
    return table["x"].to_numpy()


def equity_columns(
    text: EquityText,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Times in ns, equity and balance; each of shape (points,).

    Raises:
        ValueError: an array holds something else than numbers.
    """
    columns = [(text.timestamp_ns, np.int64), (text.equity, np.float64), (text.balance, np.float64)]
    if memoryview(text.timestamp_ns).nbytes < LARGE:
        times, equity, balance = (_small(bytes(raw), kind) for raw, kind in columns)
    else:
        with ThreadPoolExecutor(len(columns)) as pool:
            times, equity, balance = pool.map(lambda column: _large(*column), columns)
    return times, equity, balance
