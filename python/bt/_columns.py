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


#: Steps that turn eight ASCII digits, first digit in the lowest byte, into their number: neighbours are added up
#: pairwise, with weights 10, 100 and 10,000 (Lemire 2018, "Quickly parsing eight digits").
_PAIRWISE = [(2561, 8, 0x00FF00FF00FF00FF), (6553601, 16, 0x0000FFFF0000FFFF), (42949672960001, 32, 0xFFFFFFFF)]
#: Numbers at a time, so that the steps stay in the cache.
_STRETCH = 1 << 14


def _of_one_width(text: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64] | None:
    """Whole numbers of 16 to 19 digits with a comma between them, as times in ns are for decades on end.

    None for any other text. A third of the time of a general parser, and without the GIL.
    """
    width = bytes(text[:20].data).find(b",")
    if not 16 <= width <= 19:
        return None
    count, left = divmod(len(text) + 1, width + 1)
    if left or np.any(text[width :: width + 1] != ord(",")):
        return None
    digits = sum(
        int(np.count_nonzero((text[at : at + (1 << 18)] - np.uint8(ord("0"))) < 10))
        for at in range(0, len(text), 1 << 18)
    )
    if digits != count * width:
        return None
    # Three overlapping groups of eight digits: the first is cut down to what lies before the other two.
    groups = [np.ndarray((count,), "<u8", text.data, at, (width + 1,)) for at in (0, width - 16, width - 8)]
    out, spare = np.empty(count, np.uint64), np.empty(_STRETCH, np.uint64)
    for at in range(0, count, _STRETCH):
        into = out[at : at + _STRETCH]
        into[:] = 0
        for number, group in enumerate(groups):
            eight = np.bitwise_and(group[at : at + _STRETCH], 0x0F0F0F0F0F0F0F0F, out=spare[: len(into)])
            for weight, shift, mask in _PAIRWISE:
                eight *= np.uint64(weight)
                eight >>= np.uint64(shift)
                eight &= np.uint64(mask)
            if number == 0:
                eight //= np.uint64(10 ** (24 - width))
            into *= np.uint64(10**8)
            into += eight
    return out.view(np.int64) if out.max() < 1 << 63 else None


def _large(raw: msgspec.Raw, kind: type[Any]) -> npt.NDArray[Any]:
    # An array of plain numbers, its commas turned into line ends, is a CSV file of one column, and Arrow reads those
    # without holding the GIL.
    array = np.frombuffer(memoryview(raw), dtype=np.uint8)[1:-1]
    if kind is np.int64 and (whole := _of_one_width(array)) is not None:
        return whole
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
