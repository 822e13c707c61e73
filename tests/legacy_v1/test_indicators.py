"""V1's indicators against the observed series: every value to the last bit, no row left out."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import near_ties
import numpy as np
import observed
import omega_rust
import pytest
from backtest_engine.indicators import ohlcv_stream, read_indicator


def stream(bars: list[list[float] | None]) -> bytes:
    table = np.array([[math.nan] * 5 if row is None else [*row[1:5], 1.0] for row in bars], dtype=float)
    ts = np.arange(len(bars), dtype=np.int64) * 300_000_000_000
    return ohlcv_stream(ts, table, symbol="EURUSD", timeframe="M5", side="bid")


def _garch(m: re.Match[str]) -> tuple[Any, ...]:
    omega = None if m["om"] == "None" else float(m["om"])
    return (float(m["a"]), float(m["b"]), omega, m["log"] == "1", float(m["sc"]), int(m["mp"]), float(m["fl"]))


GARCH = r"a(?P<a>[\d.]+)_b(?P<b>[\d.]+)_om(?P<om>None|[\de.-]+)_log(?P<log>\d)_sc(?P<sc>[\d.]+)_mp(?P<mp>\d+)_fl(?P<fl>[\de.-]+)"
R: Any = omega_rust
CALLS: list[tuple[str, Callable[[re.Match[str], bytes, bytes], tuple[bytes, int]]]] = [
    (r"ema_(\d+)", lambda m, b, a: (R.ema(b, int(m[1])), 0)),
    (r"sma_(\d+)", lambda m, b, a: (R.sma(b, int(m[1])), 0)),
    (r"atr_ask_(\d+)", lambda m, b, a: (R.atr(a, int(m[1])), 0)),
    (r"atr_(\d+)", lambda m, b, a: (R.atr(b, int(m[1])), 0)),
    (
        r"bb_(\d+)_([\d.]+)_(upper|mid|lower)",
        lambda m, b, a: (R.bollinger(b, int(m[1]), float(m[2])), ["upper", "mid", "lower"].index(m[3])),
    ),
    (r"z_rolling_(\d+)", lambda m, b, a: (R.zscore(b, int(m[1])), 0)),
    (r"z_ema_(\d+)_ema(\d+)", lambda m, b, a: (R.zscore(b, int(m[1]), int(m[2])), 0)),
    (r"kalman_mean_R([\d.]+)_Q([\d.]+)", lambda m, b, a: (R.kalman_mean(b, float(m[1]), float(m[2])), 0)),
    (
        r"kalman_z_w(\d+)_R([\d.]+)_Q([\d.]+)",
        lambda m, b, a: (R.kalman_zscore(b, int(m[1]), float(m[2]), float(m[3])), 0),
    ),
    (r"garch_" + GARCH, lambda m, b, a: (R.garch_volatility(b, *_garch(m)), 0)),
    (
        r"kgz_R(?P<R>[\d.]+)_Q(?P<Q>[\d.]+)_" + GARCH,
        lambda m, b, a: (R.kalman_garch_zscore(b, float(m["R"]), float(m["Q"]), *_garch(m)), 0),
    ),
    (r"rsi_(\d+)", lambda m, b, a: (R.rsi(b, int(m[1])), 0)),
    (r"macd_(line|signal)", lambda m, b, a: (R.macd(b), ["line", "signal"].index(m[1]))),
    (r"roc_(\d+)", lambda m, b, a: (R.roc(b, int(m[1])), 0)),
    (r"chop_(\d+)", lambda m, b, a: (R.choppiness(b, int(m[1])), 0)),
    (r"plus_di_(\d+)", lambda m, b, a: (R.dmi(b, int(m[1])), 0)),
    (r"minus_di_(\d+)", lambda m, b, a: (R.dmi(b, int(m[1])), 1)),
    (r"adx_(\d+)", lambda m, b, a: (R.dmi(b, int(m[1])), 2)),
]


def compute(key: str, bid: bytes, ask: bytes) -> list[float]:
    for pattern, call in CALLS:
        match = re.fullmatch(pattern, key)
        if match:
            answer, band = call(match, bid, ask)
            return read_indicator(answer)[band]
    raise AssertionError(f"no call for observed series {key}")


def assert_equal(key: str, found: list[float], wanted: list[float | None]) -> None:
    assert len(found) == len(wanted)
    for i, (got, want) in enumerate(zip(found, wanted, strict=True)):
        if want is None:
            assert math.isnan(got), (key, i, got)
        else:
            assert got == want, (key, i, got, want)


def assert_equal_but_for_near_ties(
    key: str, bars: list[list[float] | None], found: list[float], wanted: list[float | None], g: tuple[Any, ...]
) -> None:
    """Equal to the last bit, or both exact with numpy.log's near ties rounded either way (see near_ties.py)."""
    told = [None if math.isnan(x) else x for x in found]
    if told != wanted:
        closes = [None if row is None else row[4] for row in bars]
        for whose, series in (("found", told), ("recorded", wanted)):
            assert near_ties.follows(closes, series, near_ties.Garch(*g)), (key, whose)


FILES = observed.files("indicators")
KEYS = [(path, key) for path in FILES for key in observed.load(path)["series"]]


@pytest.mark.parametrize(("path", "key"), KEYS, ids=lambda x: getattr(x, "stem", x))
def test_series_is_the_observed_one(path: Path, key: str) -> None:
    case = observed.load(path)
    found = compute(key, stream(case["bars"]), stream(case["bars_ask"]))
    garch = re.fullmatch(r"garch_" + GARCH, key)
    if garch and garch["log"] == "1":
        assert_equal_but_for_near_ties(key, case["bars"], found, case["series"][key], _garch(garch))
    else:
        assert_equal(key, found, case["series"][key])


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_local_versions_are_the_observed_ones(path: Path) -> None:
    case = observed.load(path)
    bid = stream(case["bars"])
    garch = (0.05, 0.9, None, True, 100.0, 20, 1e-6)
    checked = 0
    for key, wanted in case["local"].items():
        match = re.fullmatch(r"(garch|kgz)_local_idx(\d+)_lb(\d+)", key)
        assert match, key
        idx, lookback = int(match[2]), int(match[3])
        if match[1] == "garch":
            found = read_indicator(omega_rust.garch_volatility_local(bid, idx, lookback, *garch))[0]
            window = case["bars"][max(0, idx + 1 - lookback) : idx + 1]
            assert_equal_but_for_near_ties(key, window, found, wanted, garch)
        else:
            z = omega_rust.kalman_garch_zscore_local(bid, idx, lookback, 0.5, 0.05, *garch)
            assert (z is None) == (wanted is None), key
            if wanted is not None:
                assert z == wanted, key
        checked += 1
    assert checked


@pytest.mark.parametrize("key", ["ema_5", "adx_14", "bb_20_2.0_upper", "z_rolling_20", "kgz_R0.5", "chop_14"])
def test_the_last_bit_of_a_series_counts(key: str) -> None:
    wanted: list[float | None] = [None, 1.5, -2.25]
    assert_equal(key, [math.nan, 1.5, -2.25], wanted)
    with pytest.raises(AssertionError):
        assert_equal(key, [math.nan, math.nextafter(1.5, 2), -2.25], wanted)
    with pytest.raises(AssertionError):
        assert_equal(key, [0.0, 1.5, -2.25], wanted)


