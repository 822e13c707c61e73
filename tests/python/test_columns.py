"""Equity columns: the way for long arrays gives what the way for short ones gives, bit for bit."""

from __future__ import annotations

import json

import msgspec
import numpy as np
import pytest
from bt import _columns, _document


def test_long_and_short_arrays_are_read_to_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    n = 80_000
    draws = np.random.default_rng(1)
    equity = draws.normal(1e4, 50, n)
    balance = draws.normal(0, 1, n) * 10.0 ** draws.integers(-12, 12, n)
    times = 10**18 + np.arange(n, dtype=np.int64) * 60
    document = {"timestamp_ns": times.tolist(), "equity": equity.tolist(), "balance": balance.tolist()}
    text = msgspec.json.decode(json.dumps(document, separators=(",", ":")), type=_columns.EquityText)
    assert memoryview(text.timestamp_ns).nbytes > _columns.LARGE
    long = _columns.equity_columns(text)
    monkeypatch.setattr(_columns, "LARGE", 10**12)
    medium = _columns.equity_columns(text)
    monkeypatch.setattr(_columns, "MEDIUM", 10**12)
    short = _columns.equity_columns(text)
    for *ways, wanted in zip(long, medium, short, (times, equity, balance), strict=True):
        assert {found.dtype for found in ways} == {wanted.dtype}
        assert {found.tobytes() for found in ways} == {wanted.tobytes()}


@pytest.mark.parametrize("large", [0, 10**12])
def test_a_point_that_is_no_number_is_nan(large: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_columns, "LARGE", large)
    text = msgspec.json.decode(b'{"timestamp_ns":[1,2],"equity":[1,null],"balance":[-0.0,2]}', type=_columns.EquityText)
    times, equity, balance = _columns.equity_columns(text)
    assert times.tolist() == [1, 2]
    np.testing.assert_array_equal(equity, [1.0, np.nan])
    np.testing.assert_array_equal(balance, [-0.0, 2.0])
    assert np.signbit(balance).tolist() == [True, False]


@pytest.mark.parametrize("large", [0, 10**12])
@pytest.mark.parametrize("wrong", ["null", "1.5", "true", '"x"', str(2**63), "1e300"])
def test_a_time_that_is_no_whole_number_of_64_bits_is_refused(
    wrong: str, large: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_columns, "LARGE", large)
    document = f'{{"timestamp_ns":[1,{wrong}],"equity":[1,2],"balance":[1,2]}}'
    text = msgspec.json.decode(document, type=_columns.EquityText)
    with pytest.raises(ValueError, match=r"Expected `int|conversion error to int64"):
        _columns.equity_columns(text)


@pytest.mark.parametrize(
    ("first", "step", "parsed"),
    [
        (10**15, 60, True),
        (631_152_000 * 10**9, 60_000_000_000, True),
        (1_735_689_600 * 10**9, 60_000_000_000, True),
        (2**63 - 1 - 99_999, 1, True),
        (2**63 - 1 - 99_998, 1, False),
        (10**18 - 50_000, 1, False),
        (-(10**16), 1, False),
    ],
)
def test_times_of_one_width_are_read_to_their_values_and_others_are_left_alone(
    first: int, step: int, parsed: bool
) -> None:
    times = [first + step * k for k in range(100_000)]
    found = _columns._of_one_width(np.frombuffer(",".join(map(str, times)).encode(), np.uint8))
    assert (found is not None) is parsed
    assert found is None or found.tolist() == times


@pytest.mark.parametrize("at", [0, 5, 17, 18, 19, 500, 18_998])
@pytest.mark.parametrize("wrong", [b" ", b"/", b":", b"x", b",", b"."])
def test_a_character_out_of_place_among_times_is_noticed(at: int, wrong: bytes) -> None:
    text = bytearray(b",".join(b"%d" % (10**17 + k) for k in range(1_000)))
    if text[at : at + 1] == wrong:
        text[at : at + 1] = b"0"
    else:
        text[at : at + 1] = wrong
    assert _columns._of_one_width(np.frombuffer(bytes(text), np.uint8)) is None


def test_points_cut_out_of_a_text_are_those_that_decoding_the_whole_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    points = {"timestamp_ns": [1, 2], "equity": [1.5, 2.5], "balance": [1.0, 2.0]}
    document = {
        "ok": True,
        "rejected_orders": [{"note": '"equity":{"timestamp_ns":[7],"equity":[],"balance":[]}'}],
        "equity": points,
        "metrics": {"a": 1},
        "meta": {"run_id": "]}"},
    }
    whole = _document.decode(json.dumps(document, separators=(",", ":")))
    monkeypatch.setattr(_document, "LARGE", 0)
    cut = 0
    for separators in ((",", ":"), (", ", ": ")):
        for ascii_only in (True, False):
            text = json.dumps({**document, "definitions": {"ü": {}}}, separators=separators, ensure_ascii=ascii_only)
            cut += _document._cut(text) is not None
            found = _document.decode(text)
            assert (found.metrics, found.meta, found.rejected_orders) == (
                whole.metrics,
                whole.meta,
                whole.rejected_orders,
            )
            columns = [column.tolist() for column in _columns.equity_columns(found.equity)]
            assert columns == list(points.values())
    assert cut == 1, "only the engine's own layout is cut"


def test_an_array_that_holds_something_else_is_refused() -> None:
    text = msgspec.json.decode(b'{"timestamp_ns":[1],"equity":["x"],"balance":[1.0]}', type=_columns.EquityText)
    with pytest.raises(ValueError, match="could not convert"):
        _columns.equity_columns(text)
