"""Spellings of a V1 config (spec 3.1): which there are, where a config holds one, and what it means. Pure.

V1 took those of ``TAKEN`` and refused those of ``REFUSED``. A migration reports each: ``kinds`` are the words for it.
``plain`` gives the config as it is written without them, for everything in the harness that reads one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Config = Mapping[str, Any]
PARAMETERS = "strategy.parameters."
#: Parameters that V1 reads as numbers, and as whole numbers.
FLOATS = ("std_factor", "atr_mult", "z_score_long", "z_score_short", "kalman_r", "kalman_q", "tp_min_distance",
          "garch_alpha", "garch_beta", "garch_scale")  # fmt: skip
WHOLE = ("window_length", "b_b_length", "ema_length", "atr_length", "htf_ema", "extra_htf_ema", "garch_min_periods",
         "local_z_lookback", "intraday_vol_cluster_window", "intraday_vol_cluster_k", "intraday_vol_min_points",
         "cluster_hysteresis_bars")  # fmt: skip
COOLDOWNS = ("cooldown_candles", "cooldown_minutes", "cooldown_minutes_trade")
MULTIPLIERS = ("execution.fee_multiplier", "execution.slippage_multiplier")
#: Words of a migration's report: the value is written otherwise; it may be, or the key alone; V1 did not run with it.
NORMALISED: tuple[str, ...] = ("normalised",)
AS_IT_IS: tuple[str, ...] = ("mapped", "renamed", "normalised")
V1_REFUSED = "V1 refused this"
GONE = object()


@dataclass(frozen=True, kw_only=True)
class Spelling:
    """One way of writing a key. ``find`` gives the paths at which a config, or a file beside it, holds it.

    ``kinds`` are the words by which a report may name it, none where there is no key to report.
    """

    name: str
    what: str
    find: Callable[[Config], Iterator[str]]
    kinds: tuple[str, ...] = NORMALISED


def at(config: Config, path: str) -> Any:
    """What lies at a path; GONE where nothing does."""
    place: Any = config
    for name in path.split("."):
        if not isinstance(place, Mapping) or name not in place:
            return GONE
        place = place[name]
    return place


def filter_at(config: Config, name: str) -> str | None:
    """Where a session filter of a config stands: the strategy's own comes before the one at the top."""
    for path in (f"strategy.{name}", name):
        if at(config, path) is not GONE:
            return path
    return None


def _where(paths: tuple[str, ...], test: Callable[[Any], bool]) -> Callable[[Config], Iterator[str]]:
    def find(config: Config) -> Iterator[str]:
        for path in paths:
            value = at(config, path)
            if value is not GONE and test(value):
                yield path

    return find


def _parameter(names: tuple[str, ...], test: Callable[[Any], bool]) -> Callable[[Config], Iterator[str]]:
    return _where(tuple(PARAMETERS + name for name in names), test)


def _absent(path: str) -> Callable[[Config], Iterator[str]]:
    def find(config: Config) -> Iterator[str]:
        parent = path.rpartition(".")[0]
        if at(config, path) is GONE and (not parent or isinstance(at(config, parent), Mapping)):
            yield path

    return find


def _clocks(test: Callable[[Any], bool]) -> Callable[[Config], Iterator[str]]:
    """Windows of a session filter of which a time passes a test."""

    def find(config: Config) -> Iterator[str]:
        path = filter_at(config, "session_filter")
        windows = at(config, f"{path}.fixed_times")
        if isinstance(windows, list) and any(isinstance(w, list) and any(map(test, w)) for w in windows):
            yield str(path)

    return find


def _session(test: Callable[[Any], bool]) -> Callable[[Config], Iterator[str]]:
    def find(config: Config) -> Iterator[str]:
        path = filter_at(config, "session_filter")
        if path is None:
            return
        found = at(config, path)
        if found is None and test(None):
            yield path
        elif isinstance(found, Mapping) and "fixed_times" in found and test(found["fixed_times"]):
            yield f"{path}.fixed_times"

    return find


def _anchored(test: Callable[[Mapping[str, Any]], bool]) -> Callable[[Config], Iterator[str]]:
    def find(config: Config) -> Iterator[str]:
        path = filter_at(config, "anchored_session_filter")
        found = None if path is None else at(config, path)
        if isinstance(found, Mapping) and test(found):
            yield str(path)

    return find


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _null(value: Any) -> bool:
    return value is None


def _matches(pattern: str) -> Callable[[Any], bool]:
    known = re.compile(pattern)
    return lambda value: isinstance(value, str) and known.fullmatch(value) is not None


def _rates(config: Config) -> Iterator[str]:
    rates = at(config, "rates_static")
    if isinstance(rates, Mapping):
        yield from (f"rates_static.{name}" for name, rate in rates.items() if isinstance(rate, str))


def _holds(value: Any, kind: type) -> bool:
    return isinstance(value, list) and any(isinstance(item, kind) for item in value)


def _short_offsets(found: Mapping[str, Any]) -> bool:
    pairs = found.get("offset_window")
    return isinstance(pairs, list) and any(
        isinstance(pair, list) and any(_matches(r"[+-]?\d:\d\d")(x) for x in pair) for pair in pairs
    )


def _blocks(found: Mapping[str, Any]) -> bool:
    windows = found.get("windows")
    return isinstance(windows, list) and bool(windows) and all(isinstance(w, Mapping) for w in windows)


def _names(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(_matches("[a-z_]+")(x) for x in value)


def _another_case(*known: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value not in known and value.lower() in known


def _unknown_direction(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value != "both" and value.lower() not in ("long", "short"))


def _dev_seed(config: Config) -> Iterator[str]:
    if at(config, "reporting.dev_mode") is True and at(config, "execution.random_seed") is GONE:
        yield from _where(("reporting.dev_seed",), lambda _: True)(config)


def _without_prefix(value: Any) -> bool:
    return isinstance(value, str) and not value.startswith("strategies.")


def _from_bars(config: Config) -> Iterator[str]:
    if at(config, "rates.mode") == "timeseries":
        yield "rates.mode"
    elif at(config, "rates_static") is GONE and at(config, "rates.mode") is GONE:
        yield "rates_static"


def _wrong_order(config: Config) -> Iterator[str]:
    start, end = (str(at(config, key)) for key in ("start_date", "end_date"))
    if _matches(r"\d{4}-\d\d-\d\d")(start) and _matches(r"\d{4}-\d\d-\d\d")(end) and end < start:
        yield "end_date"


def _twice(value: Any) -> bool:
    return isinstance(value, list) and len(set(map(str, value))) < len(value)


_DATES = ("start_date", "end_date")
_MODE = ("timestamp_alignment.entry_timestamp_mode",)
_SCENARIOS = ("enabled_scenarios",)
_DIRECTION = ("direction_filter",)
_ANCHORS = ("london", "new_york", "tokyo", "sydney", "frankfurt", "asia", "europe")


def _spelling(
    name: str, what: str, find: Callable[[Config], Iterator[str]], kinds: tuple[str, ...] = NORMALISED
) -> Spelling:
    return Spelling(name=name, what=what, find=find, kinds=kinds)


TAKEN: tuple[Spelling, ...] = (
    _spelling("text parameter", "a parameter as text", _parameter(FLOATS, _text)),
    _spelling("text whole parameter", "a whole parameter as text", _parameter(WHOLE, _matches(r"-?\d+"))),
    _spelling("fraction cut", "a fraction where a whole number is meant",
              _parameter(WHOLE, lambda value: isinstance(value, float) and not value.is_integer())),
    _spelling("text rate", "a rate as text", _rates),
    _spelling("text slippage", "slippage as text", _where(("slippage.fixed_pips", "slippage.random_pips"), _text)),
    _spelling("text multiplier", "a multiplier as text", _where(MULTIPLIERS, _text)),
    _spelling("text seed", "a seed as text", _where(("execution.random_seed",), _text)),
    _spelling("direction case", "a direction in capitals", _parameter(_DIRECTION, _another_case("long", "short"))),
    _spelling("direction unknown", "an unknown direction: both", _parameter(_DIRECTION, _unknown_direction)),
    _spelling("scenarios text", "scenarios as texts",
              _parameter(_SCENARIOS, lambda v: isinstance(v, list) and bool(v) and all(map(_text, v)))),
    _spelling("scenarios number", "a single scenario, no list: all",
              _parameter(_SCENARIOS, lambda value: type(value) is int)),
    _spelling("scenarios empty", "no scenarios: all", _parameter(_SCENARIOS, lambda value: value in ([], "", None))),
    _spelling("session seconds", "a window with seconds", _clocks(_matches(r"\d\d:\d\d:\d\d")), AS_IT_IS),
    _spelling("session null", "a session filter that is null", _session(_null)),
    _spelling("session names", "names instead of times: no restriction", _session(_names)),
    _spelling("offset short", "an offset without leading zero", _anchored(_short_offsets), AS_IT_IS),
    _spelling("anchors list", "a list of windows with anchors of their own", _anchored(_blocks), AS_IT_IS),
    _spelling("entry mode case", "the timestamp mode in capitals", _where(_MODE, _another_case("open", "close"))),
    _spelling("duplicate timeframes", "a timeframe twice", _where(("timeframes.additional",), _twice)),
    _spelling("negative cooldown", "a negative cooldown: none",
              _where(COOLDOWNS, lambda value: isinstance(value, int | float) and value < 0)),
    _spelling("dev seed", "the seed of the dev mode", _dev_seed, AS_IT_IS),
    _spelling("module without prefix", "a module without its prefix", _where(("strategy.module",), _without_prefix),
              AS_IT_IS),
    _spelling("no cost file", "a cost file that is missing: no costs",
              _where(("execution_costs_file",), _null), ()),
)  # fmt: skip

REFUSED: tuple[Spelling, ...] = (
    _spelling("text warmup", "history as text", _where(("warmup_bars",), _text)),
    _spelling("text balance", "the balance as text", _where(("initial_balance",), _text)),
    _spelling("text risk", "the risk as text", _where(("risk_per_trade",), _text)),
    _spelling("text cooldown", "a cooldown as text", _where(COOLDOWNS, _text)),
    _spelling("text fraction", "a whole parameter as text with a fraction", _parameter(WHOLE, _matches(r"-?\d+\.\d*"))),
    _spelling("null whole parameter", "null for a whole parameter", _parameter(WHOLE, _null)),
    _spelling("null multiplier", "null for a multiplier", _where(MULTIPLIERS, _null)),
    _spelling("null additional", "null for the additional timeframes", _where(("timeframes.additional",), _null)),
    _spelling("null rates", "null for the rates", _where(("rates_static",), _null)),
    _spelling("null slippage", "null for slippage", _where(("slippage",), _null)),
    _spelling("null cooldown", "null for a cooldown", _where(COOLDOWNS, _null)),
    _spelling("no timeframes", "no timeframes", _absent("timeframes")),
    _spelling("no additional", "no additional timeframes", _absent("timeframes.additional")),
    _spelling("primary in lower case", "the primary timeframe in lower case",
              _where(("timeframes.primary",), _matches(r"[a-z]\d+"))),
    _spelling("session one digit", "a time without its first zero", _clocks(_matches(r"\d:\d\d"))),
    _spelling("session 24:00", "24:00", _clocks(_matches("24:00"))),
    _spelling("bare pair", "offsets as a bare pair",
              _anchored(lambda f: _holds(f.get("offset_window"), str))),
    _spelling("pairs under windows", "pairs of offsets under `windows`",
              _anchored(lambda f: _holds(f.get("windows"), list))),
    _spelling("anchor in another case", "an anchor in another case",
              _anchored(lambda f: _another_case(*_ANCHORS)(f.get("anchor")))),
    _spelling("date with a time", "a date with a time", _where(_DATES, _matches(r"\d{4}-\d\d-\d\d[T ].*"))),
    _spelling("date without zeros", "a date without leading zeros",
              _where(_DATES, _matches(r"\d{4}-\d-\d{1,2}|\d{4}-\d\d-\d"))),
    _spelling("dates in the wrong order", "an end before the start", _wrong_order),
    _spelling("symbol in lower case", "the symbol in lower case", _where(("symbol",), _matches("[a-z0-9]+"))),
    _spelling("currency in lower case", "the currency in lower case",
              _where(("account_currency",), _matches("[a-z]+"))),
    _spelling("rates mode in another case", "the mode of the rates in another case",
              _where(("rates.mode",), _another_case("static"))),
    _spelling("rates from bars", "rates from bars", _from_bars),
)  # fmt: skip


def spellings(config: Config, known: tuple[Spelling, ...]) -> list[tuple[Spelling, str]]:
    """The spellings that a config holds, with their paths."""
    return [(spelling, path) for spelling in known for path in spelling.find(config)]
