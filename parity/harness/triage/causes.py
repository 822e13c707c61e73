"""Which config keys a divergence is about, and what each engine made of them. Pure.

One table, kind of divergence -> keys: the case's config has V1's keys, an engine that tells how it understood them has
V2's. What a key means is not known here: a value that is another text on the other side is shown first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from parity.harness.model.case import Case
from parity.harness.model.events import Closed, EquityPoint, Event, ExitChecked, Fee, Filled, Signal
from parity.harness.oracle.compare import Difference
from parity.harness.oracle.equality import same
from parity.harness.oracle.stops import Stop, lone_signals
from parity.harness.oracle.trace_diff import Divergence
from parity.harness.triage.words import number

Config = Mapping[str, Any]
#: Pairs of keys that are shown at most, with one among them that says why and without; characters of a value.
MOST_KEYS, WITHOUT_REASON, LONGEST = 3, 5, 60
_ABSENT = object()


@dataclass(frozen=True)
class Key:
    """A key of V1's config and the one it becomes in V2's. Of alternatives (``|``) the first that is there counts."""

    v1: str
    v2: str


def _keys(*rows: tuple[str, str]) -> tuple[Key, ...]:
    return tuple(Key(*row) for row in rows)


def _parameters(*names: str) -> tuple[Key, ...]:
    return tuple(Key(f"strategy.parameters.{name}", f"strategy_parameters.{name}") for name in names)


def _alike(*names: str) -> tuple[Key, ...]:
    return tuple(Key(name, name) for name in names)


_COSTS = _keys(
    ("execution.fee_multiplier", "costs.fee_multiplier"),
    ("execution.slippage_multiplier", "costs.slippage_multiplier"),
    ("slippage", "costs.slippage"),
)
_MONEY = _keys(("account_currency", "account.account_currency"), ("rates_static", "rates"))
_CLOCK = _alike("timestamp_alignment.entry_timestamp_mode")
_HIGHER = _alike(
    "timestamp_alignment.stale_bar_limit_bars", "timestamp_alignment.use_previous_completed_higher_tf",
    "timestamp_alignment.higher_tf_timestamps_mode", "timestamp_alignment.normalize_to_timeframe",
    "timeframes.additional",
)  # fmt: skip
_BAND = _parameters("b_b_length", "std_factor", "window_length", "z_score_long", "z_score_short", "kalman_r",
                    "kalman_q")  # fmt: skip
_CHAIN = _parameters("scenario6_mode", "scenario6_timeframes", "scenario6_params")
_MANAGER = _keys(
    ("strategy.parameters.max_holding_minutes", "strategy_parameters.max_holding_minutes"
     "|trade_management.max_holding_minutes"),
    ("strategy.parameters.use_position_manager", "strategy_parameters.use_position_manager|trade_management.enabled"),
)  # fmt: skip
_COOLDOWN = _keys(
    ("cooldown_minutes", "cooldown.minutes_after_entry"),
    ("cooldown_minutes_trade", "cooldown.minutes_after_exit"),
    ("cooldown_candles", "cooldown.candles"),
)
#: Kind of divergence -> the keys involved, the likeliest first. A key that V1 does not have is empty.
CAUSES: Mapping[str, tuple[Key, ...]] = {
    "cooldown_exit": _COOLDOWN,
    "cooldown_entry": _COOLDOWN,
    "cooldown_candles": _COOLDOWN,
    "session": (Key("strategy.session_filter|session_filter", "sessions"), *_CLOCK),
    "anchor": (Key("strategy.anchored_session_filter|anchored_session_filter", "anchored_sessions"), *_CLOCK),
    "news": _keys(("", "news_filter.enabled"), ("", "news_filter.currencies"), ("", "news_filter.min_impact"),
                  ("", "news_filter.minutes_before"), ("", "news_filter.minutes_after")),
    "position_limit": _keys(("", "account.max_positions")),
    "trend": _parameters("htf_filter", "htf_tf", "htf_ema", "extra_htf_filter", "extra_htf_tf", "extra_htf_ema")
    + _HIGHER,
    "chain": _CHAIN + _BAND + _HIGHER,
    "rules": _parameters("enabled_scenarios", "direction_filter") + _BAND
    + _parameters("ema_length", "tp_min_distance", "local_z_lookback", "intraday_vol_allowed") + _CHAIN,
    "levels": _parameters("atr_length", "atr_mult", "b_b_length", "std_factor", "ema_length", "window_length",
                          "tp_min_distance"),
    "prices": (*_COSTS, Key("execution.random_seed", "rng_seed")),
    "fees": _COSTS[:2] + _MONEY + _keys(("", "costs.enabled")),
    "sizes": _keys(("risk_per_trade", "account.risk_per_trade"), ("initial_balance", "account.initial_balance"))
    + _MONEY,
    "timeout": _MANAGER + _CLOCK,
    "exits": (Key("", "costs.pip_buffer_factor"), *_MANAGER),
    "orders": (Key("", "costs.pip_buffer_factor"), *_COSTS, *_CLOCK),
    "bars": _alike("start_date", "end_date", "warmup_bars", "timeframes.primary") + _CLOCK,
    "account": _keys(("initial_balance", "account.initial_balance")) + _MONEY,
}  # fmt: skip
EVERY_KEY = tuple(dict.fromkeys(key for keys in CAUSES.values() for key in keys if key.v1))
#: Field of a row -> kind, where there is no trace.
_FIELDS = {
    "initial_sl": "levels", "sl": "levels", "tp": "levels", "entry_price": "prices", "exit_price": "prices",
    "size": "sizes", "entry_fee": "fees", "exit_fee": "fees", "exit_time_ns": "exits", "reason": "exits",
    "trigger_time_ns": "orders", "entry_time_ns": "rules", "direction": "rules", "scenario": "rules",
}  # fmt: skip


def cause_of(divergence: Divergence, stop: Stop | None) -> str:
    """The kind of a divergence, as in CAUSES."""
    if stop is not None:
        return stop.gate.gate
    a, b = divergence.a, divergence.b
    first = divergence.first
    alike = a is not None and b is not None and (a.event, a.bar) == (b.event, b.bar)
    if not divergence.same_time:
        return "bars"
    match first:
        case Signal():
            return "rules" if lone_signals(divergence) else "levels"
        case Fee():
            return "fees"
        case Closed() if {"timeout"} < {getattr(event, "reason", None) for event in (a, b)}:
            return "timeout"
        case Filled() | Closed() if alike:
            return _of_prices(a, b)
        case Closed() | ExitChecked():
            return "exits"
        case EquityPoint():
            return "account" if alike else "bars"
    return "orders"


def _of_prices(a: Event | None, b: Event | None) -> str:
    if not same(getattr(a, "price", None), getattr(b, "price", None)):
        return "prices"
    return "sizes"


def cause_of_field(difference: Difference) -> str:
    """The kind of a difference between results, where no trace tells more."""
    if difference.a == "timeout" or difference.b == "timeout":
        return "timeout"
    if difference.order is not None and not difference.field:
        return "rules"
    return _FIELDS.get(difference.field, "account")


def config_lines(case: Case, cause: str, names: tuple[str, str], own: tuple[Config | None, Config | None]) -> list[str]:
    """The keys involved, in the case's config and in ``own``: the configs as the engines understood them, if told.

    Where they do not disagree in these, those keys in which they do come first.
    """
    calendar = [f"a news calendar of {len(case.news)} events and no key"] if cause == "news" else []
    tellers = [i for i in (0, 1) if own[i] is not None]
    if not tellers:
        given = [_found(case.config, key.v1) for key in CAUSES.get(cause, ()) if key.v1]
        shown = [f"{name} {text(value)}" for name, value in given if value is not _ABSENT]
        return [f"config of the case: {', '.join([*calendar, *shown[:WITHOUT_REASON]])}"] if calendar or shown else []
    # The case's config is V1's: it belongs to the engine that tells no other.
    left = "config of the case" if len(tellers) == 2 else f"{names[1 - tellers[0]]} config"
    lines = []
    for teller in tellers:
        rows = sorted(_rows(case.config, own[teller] or {}, CAUSES.get(cause, ())), key=lambda row: row[0])
        if not rows or rows[0][0]:
            known = {key for key in CAUSES.get(cause, ()) if key.v1}
            others = tuple(key for key in EVERY_KEY if key not in known)
            rows = [row for row in _rows(case.config, own[teller] or {}, others, plain=True) if not row[0]] + rows
        if not rows:
            continue
        rows = rows[: WITHOUT_REASON if rows[0][0] else MOST_KEYS]
        mine = [*calendar, *(name for _, name, _ in rows if name)] or ["no key"]
        lines.append(f"{left}: {', '.join(mine)} -> {names[teller]} config: {', '.join(row[2] for row in rows)}")
    return lines


def _rows(config: Config, own: Config, keys: Sequence[Key], *, plain: bool = False) -> Iterator[tuple[int, str, str]]:
    """(0 where both sides disagree, text of either side) of each key that says anything.

    ``plain`` leaves out lists and tables, which two engines may write down in two ways.
    """
    for key in keys:
        (name, value), (target, theirs) = _found(config, key.v1), _found(own, key.v2)
        told = text(theirs)
        if key.v1 and value is _ABSENT and told in ("absent", "null", "0", "false", "none"):
            continue
        if plain and isinstance(value, Mapping | list | tuple):
            continue
        agree = value is _ABSENT or text(value).casefold() == told.casefold()
        mine = f"{name} {text(value)}" if key.v1 else ""
        yield (1 + (value is not _ABSENT) if agree else 0), mine, f"{target} {told}"


def _found(config: Config, paths: str) -> tuple[str, Any]:
    """The first of the paths that is there, and what lies there."""
    alternatives = paths.split("|")
    for path in alternatives if paths else ():
        value: Any = config
        for step in path.split("."):
            value = value.get(step, _ABSENT) if isinstance(value, Mapping) else _ABSENT
        if value is not _ABSENT:
            return path, value
    return alternatives[-1], _ABSENT


def text(value: Any) -> str:
    """A value of a config, the same for either engine's way of writing windows, numbers and lists."""
    if value is _ABSENT:
        return "absent"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return number(value)
    out = _window(value) or _collection(value)
    return out if len(out) <= LONGEST else f"{out[: LONGEST - 3]}..."


def _collection(value: Any) -> str:
    if isinstance(value, Mapping):
        if value.keys() <= {"fixed_times"}:
            return text(value.get("fixed_times"))
        if "anchor" in value:
            windows = value.get("windows") or value.get("offset_window") or ()
            return f"{value['anchor']} {text(windows)}"
        if value.keys() == {"windows"}:
            return text(value["windows"])
        return ", ".join(f"{name} {text(value[name])}" for name in sorted(value)) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(text(part) for part in value) or "none"
    return str(value)


def _window(value: Any) -> str:
    """A window of clocks or offsets, in V1's form (a pair) or in V2's (two keys); empty for anything else."""
    if isinstance(value, Mapping) and value.keys() == {"start", "end"}:
        return f"{value['start']}-{value['end']}"
    if isinstance(value, Mapping) and value.keys() == {"start_offset_minutes", "end_offset_minutes"}:
        begin, end = (_offset(value[f"{side}_offset_minutes"]) for side in ("start", "end"))
        return f"{begin} to {end}"
    pair = isinstance(value, list | tuple) and len(value) == 2 and all(isinstance(v, str) and ":" in v for v in value)
    if not pair:
        return ""
    return " to ".join(value) if value[0][:1] in "+-" else "-".join(value)


def _offset(minutes: int) -> str:
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}:{rest:02}"
