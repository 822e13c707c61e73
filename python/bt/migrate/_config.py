"""The table of spec 3.3, top to bottom: each V1 key with what it takes, its default and its key in V2."""

from __future__ import annotations

import math
from typing import Any, Literal

from bt.migrate._meaning import meaningless
from bt.migrate._recognise import is_v2
from bt.migrate._report import (
    CONSTRAINT,
    DEFAULT,
    DROPPED,
    INVALID_ARGUMENT,
    NORMALISED,
    NOT_IMPLEMENTED,
    TYPE_MISMATCH,
    V1_REFUSED,
    WARNING,
    At,
    Ledger,
    Migration,
)
from bt.migrate._sessions import filters
from bt.migrate._show import name_of
from bt.migrate._source import Source
from bt.migrate._strategies import mean_reversion, name_of_strategy, scripted
from bt.migrate._values import (
    DAY,
    NOT_NEGATIVE,
    POSITIVE,
    TIMEFRAMES,
    Convert,
    choice,
    day,
    each,
    flag,
    number,
    text,
    upper,
    whole,
)

__all__ = ["TARGETS", "migrate_config"]

TARGETS = ("v1", "v2")
_VARIANTS = {"v1": "v1_parity", "v2": "v2"}
_MOST_BARS = 1_000_000_000
_NO_COOLDOWN = "V1 took a negative cooldown for none"
_BARS = "rates from bars (rates.mode timeseries), which V2 does not have: write them into rates_static"


def migrate_config(
    v1_config: dict[str, Any], semantics: Literal["v1", "v2"] = "v1", *, news: bool = False
) -> Migration:
    """Translates a V1 config.

    ``semantics`` is the target. ``v1``, the default: V2 computes what V1 did (``execution_variant: v1_parity``).
    ``v2``: V2 decides as ``bt.migrate.SWITCHES`` lists, and results change. ``news`` says that a news calendar is in
    use; V1 had no key for it and read one in every mean-reversion run. The argument is not changed.

    Raises:
        MigrationError: keys are missing, or V2 cannot express their values; ``issues`` holds every fault.
    """
    ledger = Ledger()
    if semantics not in TARGETS:
        ledger.fault(INVALID_ARGUMENT, "semantics", "is no target", semantics, ", ".join(TARGETS))
    elif is_v2(v1_config):
        ledger.fault(INVALID_ARGUMENT, "", "the config is one of V2 already: bt run takes it", None, "a V1 config")
    ledger.close()
    source = Source(v1_config, "", ledger)
    ledger.close()
    config: dict[str, Any] = {"schema_version": "2", "execution_variant": _VARIANTS[semantics]}
    environment = _sections(source, config, ledger, news=news)
    source.leftovers()
    ledger.close()
    _never_applied(config, ledger)
    if semantics == "v2":
        meaningless(config, ledger)
        ledger.close()
    return Migration(config=config, findings=tuple(ledger.findings), environment=environment, semantics=semantics)


def _sections(source: Source, config: dict[str, Any], ledger: Ledger, *, news: bool) -> dict[str, str]:
    """Fills the config, section by section; returns the environment that V2 needs."""
    timeframes = _timeframes(source)
    config |= _strategy_and_basics(source, timeframes)
    config["timeframes"] = timeframes
    config["timestamp_alignment"] = _alignment(source)
    config["warmup_bars"] = source.take("warmup_bars", "warmup_bars", _strict_whole(0, 1_000_000), 500)
    config["cooldown"] = {
        "candles": source.take(
            "cooldown_candles", "cooldown.candles", _strict_whole(0, _MOST_BARS, zero=_NO_COOLDOWN), 0
        ),
        "minutes_after_entry": source.take("cooldown_minutes", "cooldown.minutes_after_entry", _minutes, 0),
        "minutes_after_exit": source.take("cooldown_minutes_trade", "cooldown.minutes_after_exit", _minutes, 0),
    }
    money = number(POSITIVE, text=False)
    config["account"] = {
        "initial_balance": source.take("initial_balance", "account.initial_balance", money, 10000.0),
        "risk_per_trade": source.take("risk_per_trade", "account.risk_per_trade", money, 100.0),
        "account_currency": source.take(
            "account_currency", "account.account_currency", upper("[A-Za-z]{3}", "three letters"), "EUR"
        ),
    }
    config["rates"] = _rates(source)
    config["costs"], seed = _costs(source)
    if seed is not None:
        config["rng_seed"] = seed
    config["news_filter"] = {"enabled": bool(news) and config["strategy_name"] == "mean_reversion_z_score"}
    if config["strategy_name"] == "mean_reversion_z_score":
        _calendar(ledger, news=news)
    return _environment(source)


def _timeframes(source: Source) -> dict[str, Any]:
    section = source.section("timeframes", null=False) if source.has("timeframes") else None
    if section is None:
        source.require("timeframes", "timeframes", text, '{"primary": "M5", "additional": []}')
        return {"primary": "M15", "additional": []}
    primary = section.take("primary", "timeframes.primary", choice(TIMEFRAMES, action=V1_REFUSED), "M15")
    if not section.has("additional") and not section.broken:
        section.known.append("additional")
        section.ledger.add(
            section.key("additional"), V1_REFUSED, "timeframes.additional", after="[]", reason="it wanted the key"
        )
    additional = section.take("additional", "timeframes.additional", _additional)
    section.leftovers()
    return {"primary": primary, "additional": additional or []}


def _additional(value: Any, at: At) -> list[str]:
    names = each(choice(TIMEFRAMES), "a list of timeframes")(value, at)
    once = list(dict.fromkeys(names))
    if once != names:
        at.note(NORMALISED, value, once, "each counts once")
    return once


def _strategy_and_basics(source: Source, timeframes: dict[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {"strategy_name": None, "strategy_parameters": {}}
    if not source.has("strategy"):
        source.require("strategy", "strategy_name", text, '{"module": ..., "class": ..., "parameters": {...}}')
        strategy = Source({}, "strategy", source.ledger)
    else:
        strategy = source.section("strategy", null=False)
        out["strategy_name"] = name = name_of_strategy(strategy)
        params = strategy.section("parameters")
        if name == "mean_reversion_z_score":
            out["strategy_parameters"], out["trade_management"] = mean_reversion(params, timeframes["primary"])
        elif name == "scripted_orders":
            out["strategy_parameters"] = scripted(params)
    out["symbol"] = source.require(
        "symbol", "symbol", upper("[A-Za-z0-9]{3,20}", "3 to 20 letters and digits"), "3 to 20 letters and digits"
    )
    start = out["start_date"] = source.require("start_date", "start_date", day, DAY)
    end = out["end_date"] = source.require("end_date", "end_date", day, DAY)
    if start and end and start > end:
        source.ledger.fault(CONSTRAINT, "end_date", "lies before start_date", end, f"a day not before {start}")
    out["data_mode"] = source.take("mode", "data_mode", _mode, "candle")
    out |= filters(source, strategy)
    strategy.leftovers()
    return out


def _mode(value: Any, at: At) -> str:
    found = str(choice(("candle", "tick"))(value, at))
    if found == "tick":
        at.fault(NOT_IMPLEMENTED, "tick data are not supported", value, "candle")
    return found


def _alignment(source: Source) -> dict[str, Any]:
    section = source.section("timestamp_alignment")
    at = "timestamp_alignment."
    out = {
        "entry_timestamp_mode": section.take(
            "entry_timestamp_mode", f"{at}entry_timestamp_mode", choice(("open", "close")), "open"
        ),
        "stale_bar_limit_bars": section.take(
            "stale_bar_limit_bars",
            f"{at}stale_bar_limit_bars",
            _stale_limit,
            0,
        ),
    }
    for name, default in (("use_previous_completed_higher_tf", True), ("normalize_to_timeframe", False)):
        out[name] = section.take(name, f"{at}{name}", flag, default)
    modes = section.take("higher_tf_timestamps_mode", f"{at}higher_tf_timestamps_mode", _labels)
    if modes:
        out["higher_tf_timestamps_mode"] = modes
    section.drop("additional_tfs_mode", "V1 never read it")
    section.drop("diagnostics", "it changed no result")
    section.leftovers()
    return out


def _labels(value: Any, at: At) -> dict[str, str]:
    if value is None:
        at.note(V1_REFUSED, None, {})
        return {}
    source = Source(value, at.path, at.ledger, quiet=True)
    out = {}
    for name in TIMEFRAMES:
        if source.has(name):
            out[name] = source.take(name, at.target, choice(("open", "close")))
    for name in [name for name in source.raw if name.upper() in TIMEFRAMES]:
        at.ledger.fault(INVALID_ARGUMENT, source.key(name), "is not in capitals", name, name.upper())
        del source.raw[name]
    source.known += TIMEFRAMES
    source.leftovers()
    return out


def _stale_limit(value: Any, at: At) -> int:
    if value is None:
        at.note(V1_REFUSED, None, 0, "automatic")
        return 0
    return int(_strict_whole(0, _MOST_BARS, zero="0 and below mean automatic")(value, at))


def _strict_whole(low: int, high: int, *, zero: str = "") -> Convert:
    """A whole number that V1 refused as text; without a fraction."""
    return whole(low, high, text=False, cut=False, zero=zero)


def _minutes(value: Any, at: At) -> float:
    minutes: float = number(NOT_NEGATIVE, text=False, zero=_NO_COOLDOWN)(value, at)
    if minutes != int(minutes):
        at.ledger.add(at.path, V1_REFUSED, at.target, reason="it wanted whole minutes")
    return minutes


def _rates(source: Source) -> dict[str, float]:
    section = source.section("rates")
    mode = section.take("mode", "rates", _rates_mode)
    section.leftovers()
    given = source.has("rates_static")
    if not given and mode is None and not section.broken:
        source.ledger.fault(
            NOT_IMPLEMENTED, "rates_static", f"is absent, so V1 took {_BARS}", None, '{"EURUSD": 1.1, ...}'
        )
    if not given and mode == "static":
        source.ledger.add(
            "rates_static", DEFAULT, "rates", after="{}", reason="a conversion without a rate is an error"
        )
    return source.take("rates_static", "rates", _pairs) or {}


def _rates_mode(value: Any, at: At) -> str:
    found = str(choice(("static", "timeseries"), action=V1_REFUSED)(value, at))
    if found == "timeseries":
        at.fault(NOT_IMPLEMENTED, f"means {_BARS}", value, "static")
    return found


def _pairs(value: Any, at: At) -> dict[str, float]:
    if not isinstance(value, dict):
        at.fault(TYPE_MISMATCH, "is null" if value is None else "wrong type", value, '{"EURUSD": 1.1, ...}')
    source = Source(value, at.path, at.ledger, quiet=True)
    out: dict[str, float] = {}
    for name in list(source.raw):
        pair = name.upper()
        if len(name) == 6 and name.isascii() and name.isalpha():
            rate = source.take(name, at.target, number(POSITIVE), math.nan)
            if pair in out and out[pair] != rate:
                at.ledger.fault(CONSTRAINT, source.key(name), f"is another rate of {pair}", rate, f"one rate of {pair}")
            elif name != pair:
                at.ledger.add(source.key(name), NORMALISED, at.target, before=name, after=pair)
            out[pair] = rate
        else:
            at.ledger.add(
                source.key(name_of(name)), DROPPED, reason="V1 looked up pairs such as EURUSD, so it never found it"
            )
    return out


def _multiplier(zero: str = "") -> Convert:
    return number(NOT_NEGATIVE, zero=zero)


def _costs(source: Source) -> tuple[dict[str, Any], int | None]:
    section = source.section("execution")
    costs: dict[str, Any] = {
        "enabled": True,
        "fee_multiplier": section.take(
            "fee_multiplier", "costs.fee_multiplier", _multiplier("V1 took a negative multiplier as 0"), 1.0
        ),
        "slippage_multiplier": section.take("slippage_multiplier", "costs.slippage_multiplier", _multiplier(), 1.0),
        "slippage": source.take("slippage", "costs.slippage", _slippage),
    }
    seed = _seed(section, source.section("reporting"))
    section.drop("spread_multiplier", "V1 never read it")
    section.leftovers()
    return costs, seed


def _slippage(value: Any, at: At) -> dict[str, float]:
    if not isinstance(value, dict):
        at.fault(TYPE_MISMATCH, "is null" if value is None else "wrong type", value, '{"fixed_pips": 0.1}')
    source = Source(value, at.path, at.ledger, quiet=True)
    out = {
        name: source.take(name, f"{at.target}.{name}", number(NOT_NEGATIVE))
        for name in ("fixed_pips", "random_pips")
        if source.has(name)
    }
    source.known += ["fixed_pips", "random_pips"]
    source.leftovers()
    return out


def _seed(execution: Source, reporting: Source) -> int | None:
    """``execution.random_seed``, else ``reporting.dev_seed`` under ``dev_mode``."""
    seed: int | None = _own_seed(execution, "random_seed")
    dev = reporting.take("dev_mode", "rng_seed", flag, False) if reporting.has("dev_mode") else False
    reporting.known += ["dev_mode", "dev_seed"]
    if seed is not None:
        reporting.drop("dev_seed", "execution.random_seed stands before it")
    elif not dev:
        reporting.drop("dev_seed", "V1 read it only with dev_mode true")
    else:
        seed = _own_seed(reporting, "dev_seed")
    for name in list(reporting.raw):
        reporting.drop(name, "it changed no result")
    if seed is None and not execution.broken and not reporting.broken:
        reason = "V1 was unseeded, so its random slippage changed from run to run; V2 takes 42 without rng_seed"
        execution.ledger.add("execution.random_seed", WARNING, "rng_seed", reason=reason)
    return seed


def _own_seed(source: Source, name: str) -> int | None:
    def convert(value: Any, at: At) -> int | None:
        if value is None:
            at.note(NORMALISED, None, None, "no seed")
            return None
        seed = int(whole(1 - 2**64, 2**64 - 1)(value, at))
        if seed < 0:
            at.note(NORMALISED, seed, -seed, "Python's generator takes the absolute value")
        return abs(seed)

    found: int | None = source.take(name, "rng_seed", convert)
    return found


def _calendar(ledger: Ledger, *, news: bool) -> None:
    if news:
        ledger.add("(news calendar)", DEFAULT, "news_filter.enabled", after="true")
        return
    reason = "V1 read the calendar of OMEGA_NEWS_CALENDAR_FILE in every run of this strategy; V2 reads none here. "
    reason += "If it had events, migrate with news=True (bt migrate-config --news)"
    ledger.add("(news calendar)", WARNING, "news_filter.enabled", reason=reason)


def _environment(source: Source) -> dict[str, str]:
    out = {}
    for key, variable, missing in (
        ("execution_costs_file", "OMEGA_EXECUTION_COSTS_FILE", "ran free of costs where it was missing"),
        ("symbol_specs_file", "OMEGA_SYMBOL_SPECS_FILE", "did not run where it was missing"),
    ):
        target = f"environment {variable}"
        own = "V2 takes the file that the variable names, and what is built in where it names none"
        if source.raw.get(key) is None:
            source.raw.pop(key, None)
            source.known.append(key)
            source.ledger.add(
                key, WARNING, target, reason=f"V1 took its project's file; {own}: fees and sizes may differ"
            )
            continue
        path = source.take(key, target, text)
        if path is not None:
            out[variable] = path
            told = f"V1 read it from the folder in which it was started, and {missing}; {own}"
            source.ledger.add(key, WARNING, target, reason=told)
    return out


def _never_applied(config: dict[str, Any], ledger: Ledger) -> None:
    """Names what V1 left out without a word, because it found its manager only behind exactly one session filter."""
    wrappers = ("sessions" in config) + ("anchored_sessions" in config)
    if config["strategy_name"] == "scripted_orders":
        manager, target = config["strategy_parameters"], "strategy_parameters"
        enabled, edits = manager["use_position_manager"], manager["edits"]
    else:
        manager, target = config["trade_management"], "trade_management"
        enabled, edits = manager["enabled"], []
    if wrappers == 1 or not enabled:
        return
    have = "two session filters" if wrappers else "no session filter"
    reason = f"V1 never applied it with {have}, nor does V2 at v1; V2 at v2 does (timeout_reach, ADR 0028)"
    if manager["max_holding_minutes"] is not None:
        key = "strategy.parameters.max_holding_minutes"
        ledger.add(key, WARNING, f"{target}.max_holding_minutes", reason=reason)
    if edits:
        ledger.add("strategy.parameters.edits", WARNING, f"{target}.edits", reason=reason)
