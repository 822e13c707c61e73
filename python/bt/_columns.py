"""Long JSON arrays of numbers as NumPy columns, without a Python object for each number."""

from __future__ import annotations

import struct
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

__all__ = ["EquityText", "equity_columns"]

#: Bytes of one array from which on Arrow's parser beats building a list, and threads pay.
LARGE = 1 << 20
#: Bytes of one array from which on times are read eight digits at a time.
MEDIUM = 1 << 16


class EquityText(msgspec.Struct, frozen=True):
    """The ``equity`` object of a result, its arrays still text."""

    timestamp_ns: msgspec.Raw
    equity: msgspec.Raw
    balance: msgspec.Raw


_TIMES = msgspec.json.Decoder(list[Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]])
_FLOATS = msgspec.json.Decoder(list[float])


def _small(raw: msgspec.Raw, kind: type[Any]) -> npt.NDArray[Any]:
    if kind is np.int64:
        if memoryview(raw).nbytes >= MEDIUM and (times := _of_one_width(_inside(raw))) is not None:
            return times
        return np.array(_TIMES.decode(raw), dtype=kind)
    try:
        numbers = _FLOATS.decode(raw)
    except msgspec.ValidationError:  # `null`, which is no number, or something worse
        return np.array(msgspec.json.decode(raw), dtype=kind)
    # A third of what NumPy takes for a list.
    return np.frombuffer(struct.pack(f"{len(numbers)}d", *numbers))


def _inside(raw: msgspec.Raw) -> npt.NDArray[np.uint8]:
    """The characters between the brackets of an array."""
    return np.frombuffer(memoryview(raw), dtype=np.uint8)[1:-1]


#: Steps that turn eight ASCII digits, first digit in the lowest byte, into their number: neighbours are added up
#: pairwise, with weights 10, 100 and 10,000 (Lemire 2018, "Quickly parsing eight digits").
_PAIRWISE = [(2561, 8, 0x00FF00FF00FF00FF), (6553601, 16, 0x0000FFFF0000FFFF), (42949672960001, 32, 0xFFFFFFFF)]
#: Numbers, and characters, at a time, so that the steps stay in the cache.
_STRETCH, _BLOCK = 1 << 14, 1 << 16
_ALL = (1 << 64) - 1
_HIGH_BITS = np.uint64(0x8080808080808080)


def _eight(groups: npt.NDArray[np.uint64], length: int) -> npt.NDArray[np.uint64] | int | None:
    """The numbers in the first ``length`` bytes of each group of eight ASCII digits; None where a byte is no digit.

    One number when all are the same, as the first and the last digits of neighbouring times mostly are.
    """
    digits = groups & np.uint64((1 << 8 * length) - 1)
    if np.all(digits == digits[0]):
        text = digits[0].tobytes()[:length]
        return int(text or b"0") if text.isdigit() or not text else None
    # What is missing becomes zeros before the first digit.
    digits <<= np.uint64(64 - 8 * length)
    digits |= np.uint64(0x3030303030303030 & (_ALL >> 8 * length))
    if np.any((digits + np.uint64(0x4646464646464646) | digits - np.uint64(0x3030303030303030)) & _HIGH_BITS):
        return None
    digits &= np.uint64(0x0F0F0F0F0F0F0F0F)
    for weight, shift, kept in _PAIRWISE:
        digits *= np.uint64(weight)
        digits >>= np.uint64(shift)
        digits &= np.uint64(kept)
    return digits


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
    # Three overlapping groups of eight digits: of the first, only what lies before the other two counts.
    places = [(0, width - 16), (width - 16, 8), (width - 8, 8)]
    groups = [(np.ndarray((count,), "<u8", text.data, at, (width + 1,)), length) for at, length in places]
    out = np.zeros(count, np.uint64)
    for at in range(0, count, _STRETCH):
        into = out[at : at + _STRETCH]
        for group, length in groups:
            number = _eight(group[at : at + _STRETCH], length)
            if number is None:
                return None
            into *= np.uint64(10**8)
            into += number if isinstance(number, np.ndarray) else np.uint64(number)
    return out.view(np.int64) if out.max() < 1 << 63 else None


def _large(raw: msgspec.Raw, kind: type[Any]) -> npt.NDArray[Any]:
    # An array of plain numbers, its commas turned into line ends, is a CSV file of one column, and Arrow reads those
    # without holding the GIL.
    array = _inside(raw)
    if kind is np.int64 and (whole := _of_one_width(array)) is not None:
        return whole
    text = np.empty_like(array)
    for at in range(0, len(array), _BLOCK):
        source, target = array[at : at + _BLOCK], text[at : at + _BLOCK]
        np.equal(source, ord(","), out=target.view(np.bool_))
        target *= ord(",") ^ ord("\n")
        target ^= source
    lines: Any = pa.BufferReader(pa.py_buffer(text.data))
    types, nulls = {"x": pa.from_numpy_dtype(np.dtype(kind))}, ["null"] if kind is np.float64 else []
    table = csv.read_csv(
        lines,
        read_options=csv.ReadOptions(column_names=["x"]),
        convert_options=csv.ConvertOptions(column_types=types, null_values=nulls),
    )
    return table["x"].to_numpy()


def equity_columns(
    text: EquityText,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Times in ns, equity and balance; each of shape (points,).

    Raises:
        ValueError: an array holds something else than numbers; only an amount may be ``null``, which is NaN.
    """
    columns = [(text.timestamp_ns, np.int64), (text.equity, np.float64), (text.balance, np.float64)]
    if memoryview(text.timestamp_ns).nbytes < LARGE:
        times, equity, balance = (_small(raw, kind) for raw, kind in columns)
    else:
        # Arrow's parser has threads of its own, so two at a time are enough; what takes longest comes first.
        with ThreadPoolExecutor(2) as pool:
            balance, equity, times = pool.map(lambda column: _large(*column), reversed(columns))
    return times, equity, balance
