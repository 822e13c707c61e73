"""The rule for numpy.log's near ties lets pass what it names, and not one unit more."""

from __future__ import annotations

import math
import re

import near_ties
import observed
import omega_rust
import pytest
from backtest_engine.indicators import read_indicator
from near_ties import Garch
from test_indicators import GARCH, _garch, stream

CASE = observed.load(observed.DEFAULT / "indicators" / "ind_gaps_m5_260.json")
CLOSES = [None if row is None else row[4] for row in CASE["bars"]]
KEYS = [key for key in CASE["series"] if re.fullmatch(r"garch_.*_log1_.*", key)]


def parameters(key: str) -> Garch:
    match = re.fullmatch(r"garch_" + GARCH, key)
    assert match, key
    return Garch(*_garch(match))


@pytest.mark.parametrize("key", KEYS)
def test_the_rule_takes_the_recorded_series_and_that_of_libm(key: str) -> None:
    found = read_indicator(omega_rust.garch_volatility(stream(CASE["bars"]), *parameters(key)))[0]
    assert near_ties.follows(CLOSES, CASE["series"][key], parameters(key))
    assert near_ties.follows(CLOSES, [None if math.isnan(x) else x for x in found], parameters(key))


@pytest.mark.parametrize("towards", [0.0, 1.0])
@pytest.mark.parametrize("key", [key for key in KEYS if any(x is not None for x in CASE["series"][key])])
def test_the_rule_takes_no_unit_more_at_any_bar(key: str, towards: float) -> None:
    wanted = CASE["series"][key]
    taken = 0
    for i, value in enumerate(wanted):
        if value is not None:
            series = [*wanted[:i], math.nextafter(value, towards), *wanted[i + 1 :]]
            taken += near_ties.follows(CLOSES, series, parameters(key))
    assert taken == 0


def test_the_rule_takes_no_missing_and_no_added_value() -> None:
    key = next(key for key in KEYS if any(x is not None for x in CASE["series"][key]))
    wanted = CASE["series"][key]
    first = next(i for i, x in enumerate(wanted) if x is not None)
    assert not near_ties.follows(CLOSES, [*wanted[:first], None, *wanted[first + 1 :]], parameters(key))
    assert not near_ties.follows(CLOSES, [*wanted[: first - 1], 1.0, *wanted[first:]], parameters(key))


def test_only_a_near_tie_has_two_roundings() -> None:
    """Those of V1 are at bars 189, 205 and 254; at three others the record does not show which float it took."""
    choices = near_ties.returns(CLOSES)
    assert [bar for bar, values in enumerate(choices) if len(values) == 2] == [83, 141, 189, 205, 240, 254]
    assert near_ties.roundings(1.0) == [0.0]
