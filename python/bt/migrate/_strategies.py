"""Strategies of V1: their names, and their parameters with V1's defaults written out, because V2's differ."""

from __future__ import annotations

from typing import Any

from bt.migrate._chain import LONGEST, chain
from bt.migrate._report import (
    DROPPED,
    FORMAT,
    INVALID_ARGUMENT,
    MISSING,
    NORMALISED,
    TYPE_MISMATCH,
    V1_REFUSED,
    At,
    Refused,
)
from bt.migrate._show import nearest
from bt.migrate._source import Source
from bt.migrate._values import (
    MOST_ORDERS,
    NOT_NEGATIVE,
    NUMBER,
    POSITIVE,
    TIMEFRAMES,
    Bound,
    Convert,
    choice,
    each,
    flag,
    items,
    number,
    or_null,
    text,
    whole,
)

STRATEGIES = {
    "strategies.mean_reversion_z_score.backtest.backtest_strategy": (
        "MeanReversionZScoreStrategy",
        "mean_reversion_z_score",
    ),
    "strategies.scripted_orders": ("ScriptedOrdersStrategy", "scripted_orders"),
}
PREFIX = "strategies."
_PRICE = Bound("a price above 0", low=0, above=True)
_MOST_BARS = 1_000_000_000
_FILTERS = choice(("both", "none", "above", "below"), null="none")
_HIGHER = choice((*TIMEFRAMES, "NONE", "AUTO"), null="NONE")
_SCENARIOS = "a list of numbers from 1 to 6"
_ALL = [1, 2, 3, 4, 5, 6]
#: V1's default window of scenario 5, by primary timeframe.
_CLUSTER_WINDOWS = {"M5": 300, "M15": 200, "M30": 240, "H1": 240}
_REGIMES = ("low", "mid", "high", "very_high", "extreme", *(f"cluster_{n}" for n in range(5, 101)))


def _direction(value: Any, at: At) -> str:
    found = value.lower() if isinstance(value, str) else ""
    out = found if found in ("long", "short", "both") else "both"
    if out != value:
        at.note(NORMALISED, value, out, None if found == out else "V1 traded both directions with it")
    return out


def _scenarios(value: Any, at: At) -> list[int]:
    """V1 enabled all six when the value was empty, a single number, or held nothing valid."""
    if isinstance(value, bool) or (isinstance(value, dict) and value):
        at.fault(TYPE_MISMATCH, "wrong type", value, _SCENARIOS)
    empty = value is None or (isinstance(value, str | list | tuple | dict) and not value)
    if isinstance(value, int | float) or empty:
        at.note(NORMALISED, value, _ALL, "V1 enabled all six")
        return list(_ALL)
    if isinstance(value, str):
        numbers = _digits(value, at)
    else:
        numbers = each(whole(-(2**31), 2**31, cut=False), _SCENARIOS)(value, at)
    out = sorted({n for n in numbers if 1 <= n <= 6})
    dropped = [n for n in numbers if not 1 <= n <= 6]
    if not out:
        at.note(NORMALISED, value, _ALL, "none of them is a scenario: V1 enabled all six")
        return list(_ALL)
    if dropped or isinstance(value, str):
        at.note(NORMALISED, value, out, "V1 left out what is no scenario" if dropped else None)
    return out


def _digits(value: str, at: At) -> list[int]:
    """Scenarios in a text: single digits with commas or blanks between them."""
    parts = value.replace(",", " ").split()
    if not parts or any(part not in tuple("0123456789") for part in parts):
        at.fault(FORMAT, "is no list of scenarios", value, 'numbers from 1 to 6, as in [1, 2] or "1,2"')
    return [int(part) for part in parts]


def _regimes(value: Any, at: At) -> list[str]:
    """Regimes in any case. A name that no regime has never matched in V1, so leaving it out changes nothing."""
    out = []
    for item, place in items(value, at, "a list of regimes"):
        name = text(item, place).lower()
        if name in _REGIMES:
            out.append(name)
            continue
        close = nearest(name, _REGIMES)
        place.ledger.add(
            place.path, DROPPED, reason=f"no regime has this name{f'; the nearest is {close}' if close else ''}"
        )
    if out != list(value):
        at.note(NORMALISED, value, out)
    return out


def _lookback(value: Any, at: At) -> int:
    return int(whole(-(2**31), LONGEST, zero="0 and below mean the default of 500")(value, at))


def _length(low: int = 1, **how: Any) -> Convert:
    return whole(low, LONGEST, **how)


#: Name -> (V1's default, what it takes); the order is that of the specification.
_MEAN_REVERSION: dict[str, tuple[Any, Convert]] = {
    "atr_length": (14, _length()),
    "atr_mult": (2.0, number(NOT_NEGATIVE)),
    "b_b_length": (20, _length()),
    "std_factor": (2.0, number(NOT_NEGATIVE)),
    "window_length": (100, _length()),
    "z_score_long": (-2.5, number(NUMBER)),
    "z_score_short": (2.5, number(NUMBER)),
    "ema_length": (30, _length()),
    "kalman_r": (0.01, number(POSITIVE)),
    "kalman_q": (1.0, number(NOT_NEGATIVE)),
    "tp_min_distance": (1.0, number(NUMBER)),
    "direction_filter": ("both", _direction),
    "enabled_scenarios": (_ALL, _scenarios),
    "htf_tf": ("D1", _HIGHER),
    "htf_ema": (100, _length()),
    "htf_filter": ("both", _FILTERS),
    "extra_htf_tf": ("AUTO", _HIGHER),
    "extra_htf_ema": (50, _length()),
    "extra_htf_filter": ("both", _FILTERS),
    "garch_alpha": (0.05, number(NOT_NEGATIVE)),
    "garch_beta": (0.90, number(NOT_NEGATIVE)),
    # Null means automatic in both; V2's default is a number, so null is written out.
    "garch_omega": (None, or_null(number(NOT_NEGATIVE))),
    "garch_use_log_returns": (True, flag),
    "garch_scale": (100.0, number(POSITIVE)),
    "garch_min_periods": (50, _length(0)),
    "garch_sigma_floor": (1e-6, number(NOT_NEGATIVE)),
    "local_z_lookback": (0, _length(0, zero="0 and below mean off")),
    "intraday_vol_feature": ("garch_forecast", choice(("garch_forecast", "atr_points"), fold=False)),
    "intraday_vol_cluster_k": (3, whole(1, 100)),
    "intraday_vol_log_transform": (True, flag),
    "intraday_vol_min_points": (60, _length(0, zero="no less than 0 points can be wanted")),
    "intraday_vol_garch_lookback": (500, _lookback),
    "cluster_hysteresis_bars": (0, _length(0, zero="0 and below mean off")),
    "intraday_vol_allowed": (["low", "mid"], _regimes),
}


def _cluster_window(primary: str) -> Convert:
    def convert(value: Any, at: At) -> int:
        if value is None:
            at.note(V1_REFUSED, None, _CLUSTER_WINDOWS.get(primary, 200), "the default of the primary timeframe")
            return _CLUSTER_WINDOWS.get(primary, 200)
        return int(_length()(value, at))

    return convert


def mean_reversion(params: Source, primary: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """(``strategy_parameters``, ``trade_management``)."""
    out: dict[str, Any] = {}
    for name, (default, convert) in _MEAN_REVERSION.items():
        kept = list(default) if isinstance(default, list) else default
        out[name] = params.take(name, f"strategy_parameters.{name}", convert, kept)
    out["intraday_vol_cluster_window"] = params.take(
        "intraday_vol_cluster_window",
        "strategy_parameters.intraday_vol_cluster_window",
        _cluster_window(primary),
        _CLUSTER_WINDOWS.get(primary, 200),
    )
    out |= chain(params, primary)
    management = {
        "enabled": params.take("use_position_manager", "trade_management.enabled", flag, True),
        "max_holding_minutes": params.take(
            "max_holding_minutes", "trade_management.max_holding_minutes", or_null(number(NOT_NEGATIVE)), 30
        ),
    }
    params.leftovers()
    return out, management


def scripted(params: Source) -> dict[str, Any]:
    """``strategy_parameters`` of ``scripted_orders``."""
    orders = each(_order, "a list of orders", most=MOST_ORDERS)
    edits = each(_edit, "a list of edits", most=MOST_ORDERS)
    out = {
        "orders": params.take("orders", "strategy_parameters.orders", orders, []),
        "edits": params.take("edits", "strategy_parameters.edits", edits, []),
        "use_position_manager": params.take(
            "use_position_manager", "strategy_parameters.use_position_manager", flag, True
        ),
        "max_holding_minutes": params.take(
            "max_holding_minutes", "strategy_parameters.max_holding_minutes", or_null(number(NOT_NEGATIVE)), None
        ),
    }
    params.leftovers()
    return out


_ORDER: dict[str, tuple[Convert, str]] = {
    "bar": (whole(0, _MOST_BARS), "a whole number from 0"),
    "direction": (choice(("long", "short"), fold=False), "long, short"),
    "type": (choice(("market", "limit", "stop"), fold=False), ""),
    "entry": (or_null(number(_PRICE)), ""),
    "sl": (number(_PRICE), _PRICE.text),
    "tp": (number(_PRICE), _PRICE.text),
    "scenario": (or_null(text), ""),
}
_EDIT: dict[str, tuple[Convert, str]] = {
    "bar": (whole(0, _MOST_BARS), "a whole number from 0"),
    "order": (whole(0, 2**63 - 1), "a whole number from 0"),
    "sl": (or_null(number(_PRICE)), ""),
    "tp": (or_null(number(_PRICE)), ""),
}


def _row(value: Any, at: At, keys: dict[str, tuple[Convert, str]]) -> dict[str, Any]:
    """One order or edit; keys with words for what they take must be there."""
    source = Source(value, at.path, at.ledger, quiet=True)
    if source.broken:
        raise Refused
    out = {}
    for name, (convert, wanted) in keys.items():
        if wanted:
            out[name] = source.require(name, at.target, convert, wanted)
        elif source.has(name):
            out[name] = source.take(name, at.target, convert)
    source.known += list(keys)
    source.leftovers()
    return out


def _order(value: Any, at: At) -> dict[str, Any]:
    out = _row(value, at, _ORDER)
    if out.get("type", "market") in ("limit", "stop") and out.get("entry") is None:
        at.child("entry").fault(MISSING, "is required for limit and stop orders", None, _PRICE.text)
    return out


def _edit(value: Any, at: At) -> dict[str, Any]:
    return _row(value, at, _EDIT)


def name_of_strategy(strategy: Source) -> str | None:
    """V2's name of the strategy; None where V2 has none like it, which is reported."""
    modules, classes = ", ".join(STRATEGIES), ", ".join(name for name, _ in STRATEGIES.values())
    module = strategy.require("module", "strategy_name", _module, modules)
    kind = strategy.require("class", "strategy_name", text, classes)
    if module is None or kind is None:
        return None
    known = {name for name, _ in STRATEGIES.values()}
    if module in STRATEGIES and STRATEGIES[module][0] == kind:
        return STRATEGIES[module][1]
    if module in STRATEGIES:
        at, value, allowed = strategy.at("class", ""), kind, STRATEGIES[module][0]
    elif kind in known:
        at, value, allowed = strategy.at("module", ""), module, modules
    else:
        at, value, allowed = At(strategy.ledger, strategy.path, ""), f"{module}.{kind}", modules
    strategy.ledger.fault(
        INVALID_ARGUMENT, at.path, "V2 has no such strategy", value, allowed, nearest(value, allowed.split(", "))
    )
    return None


def _module(value: Any, at: At) -> str:
    """The module; V1's runner put ``strategies.`` before one that lacks it."""
    name = text(value, at)
    if not name.startswith(PREFIX):
        full = PREFIX + name
        if full in STRATEGIES:
            at.note(NORMALISED, name, full, "V1 put the prefix before it")
        return full if full in STRATEGIES else name
    return name
