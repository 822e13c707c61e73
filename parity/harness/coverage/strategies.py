"""Branches of the strategies and their gates (document 7) that a trace shows. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from parity.harness.coverage.life_cycle import Trace
from parity.harness.model.bars import MINUTE_NS, TIMEFRAME_MINUTES

SECOND_NS, DAY_SECONDS = 1_000_000_000, 86_400
#: A window that lets every bar through, as markets have it.
ALL_DAY = (0, 86_340)
SCENARIOS = ("1", "2", "3", "4", "5", "6")


def _rules(s: Trace) -> Iterator[str]:
    if s.scripted:
        return
    p = s.parameters
    labels = [o.signal.scenario for o in s.orders.values()]
    for label in labels:
        side, _, number = (label or "").partition("_")
        if side not in ("long", "short") or number not in SCENARIOS:
            continue
        yield f"rule {side} {number}"
        if (p["z_score_long"] > 0) if side == "long" else (p["z_score_short"] < 0):
            yield "rule positive threshold"
        if number == "3" and p.get("tp_min_distance", 1.0) > 0:
            yield "rule target distance"
    if labels and p.get("direction_filter") in ("long", "short"):
        yield f"rule {p['direction_filter']} only"
    if len(labels) > 1:
        yield "rule second entry"


def _loaded(s: Trace, prefix: str) -> str | None:
    """Timeframe of a filter that wants a side and has its bars."""
    if s.parameters.get(f"{prefix}htf_filter") not in ("above", "below"):
        return None
    name = s.parameters.get(f"{prefix}htf_tf", "NONE")
    if name == "AUTO":
        name = {"M5": "H1", "M15": "H4", "M30": "H4"}.get(s.timeframe, "NONE")
    return name if name in s.config["timeframes"].get("additional", ()) else None


def _trends(s: Trace) -> Iterator[str]:
    if s.scripted:
        return
    p, alignment = s.parameters, s.config.get("timestamp_alignment", {})
    by_band = [o for o in s.orders.values() if o.rule != "1"]
    for prefix in ("", "extra_"):
        wanted = p.get(f"{prefix}htf_filter")
        if wanted not in ("above", "below"):
            continue
        name = _loaded(s, prefix)
        if name is None:
            if not by_band and len(s.traded) > 20 and p.get("enabled_scenarios") != [1]:
                yield "trend blocks"
            continue
        if not by_band:
            continue
        yield f"trend {wanted}"
        if prefix:
            yield "trend extra"
        if p.get(f"{prefix}htf_tf") == "AUTO":
            yield "trend auto"
        looking = alignment.get("use_previous_completed_higher_tf", True)
        yield "higher completed" if looking else "higher look-ahead"
        if looking and alignment.get("entry_timestamp_mode") == "close":
            yield "higher close mode"
        if alignment.get("stale_bar_limit_bars", 0) > 0:
            yield "higher stale set"
        bars = s.case.bars.get(name)
        if (
            bars is not None
            and len(bars) > 1
            and (bars.ts[1:] - bars.ts[:-1]).max() > TIMEFRAME_MINUTES[name] * MINUTE_NS
        ):
            yield "higher stale gap"


def _models(s: Trace) -> Iterator[str]:
    if s.scripted:
        return
    p = s.parameters
    numbers = {o.rule for o in s.orders.values()}
    if "4" in numbers and p.get("local_z_lookback", 0) > 0:
        yield "volatility local"
    by_garch = "4" in numbers or ("5" in numbers and p.get("intraday_vol_feature") != "atr_points")
    if by_garch and not p.get("garch_use_log_returns", True):
        yield "volatility simple"
    stable = p.get("garch_alpha", 0.05) + p.get("garch_beta", 0.9) < 1.0
    if not stable and p.get("enabled_scenarios") == [4] and not numbers and len(s.traded) > 20:
        yield "volatility unstable"
    if "5" in numbers:
        yield "regime range" if p.get("intraday_vol_feature") == "atr_points" else "regime garch"
        if p.get("cluster_hysteresis_bars", 0) > 1:
            yield "regime hysteresis"
        if p.get("intraday_vol_cluster_k") == 1:
            yield "regime one"
    if "6" in numbers:
        yield f"chain {p.get('scenario6_mode', 'all')}"
        if set(p.get("scenario6_timeframes", ())) - {"PRIMARY", s.timeframe}:
            yield "chain higher"


def _second(text: str) -> int:
    """Second of the day of ``HH:MM`` or ``HH:MM:SS``."""
    return sum(int(part) * unit for part, unit in zip(text.split(":"), (3600, 60, 1), strict=False))


def _inside(second: int, window: tuple[int, int]) -> bool:
    start, end = window
    return start <= second <= end if start <= end else second >= start or second <= end


def _sessions(s: Trace) -> Iterator[str]:
    signals = [o.signal.timestamp_ns for o in s.orders.values()]
    only_one = s.wrappers == 1 and not any(key.startswith("cooldown") for key in s.config)
    if "anchored_session_filter" in s.config and s.wrappers == 1:
        if signals:
            yield "anchor inside"
        if s.lost and only_one:
            yield "anchor outside"
    if "session_filter" not in s.config or s.wrappers != 1:
        return
    windows = [(_second(a), _second(b)) for a, b in s.config["session_filter"]["fixed_times"]]
    if not windows and signals:
        yield "session empty"
    if s.lost and only_one and windows:
        yield "session outside"
    step = s.step // SECOND_NS
    for ts in signals if windows and windows != [ALL_DAY] else ():
        opened = ts // SECOND_NS % DAY_SECONDS
        closed = (opened + step) % DAY_SECONDS
        yield "session inside"
        if any(a > b for a, b in windows):
            yield "session wraps"
        if any(closed == b for _, b in windows):
            yield "session edge"
        if not any(_inside(opened, w) for w in windows):
            yield "session close time"


def _cooldowns(s: Trace) -> Iterator[str]:
    keys = {"cooldown_candles": "cooldown candles", "cooldown_minutes": "cooldown entry",
            "cooldown_minutes_trade": "cooldown exit"}  # fmt: skip
    all_day = s.config.get("session_filter", {}).get("fixed_times") == [["00:00", "23:59"]]
    gated = s.wrappers > 0 and not (all_day and s.wrappers == 1)
    for key, name in keys.items():
        wanted = s.config.get(key, 0)
        if not wanted:
            continue
        if s.lost and not gated:
            yield name
        bars = [o.signal.bar for o in s.orders.values()]
        length = wanted if key == "cooldown_candles" else wanted * MINUTE_NS // s.step
        clocks = bars if key != "cooldown_minutes_trade" else [o.end.bar for o in s.orders.values() if o.end]
        if any(bar - clock == length for bar in bars for clock in clocks):
            yield "cooldown over"


def _relevant(currency: str, symbol: str) -> bool:
    if currency == "USD":
        return True
    if currency in ("AUD", "NZD"):
        return "AUD" in symbol or "NZD" in symbol
    return currency in ("GBP", "EUR", "JPY", "CHF", "CAD") and currency in symbol


def _news(s: Trace) -> Iterator[str]:
    if s.scripted or not s.case.news:
        return
    # The news are tested at the bar's close, in both timestamp modes.
    signals = [o.signal.timestamp_ns + s.step for o in s.orders.values()]
    traded = [ts + s.step for ts in s.traded]
    for start, currency, _ in s.case.news:
        event = int(datetime.fromisoformat(start).replace(tzinfo=UTC).timestamp()) * 1_000_000_000
        low, high = event - 60 * MINUTE_NS, event + 30 * MINUTE_NS
        within = [t for t in signals if low <= t <= high]
        if not _relevant(currency, s.config["symbol"]):
            if within:
                yield "news irrelevant"
        elif not within and signals and sum(low <= t <= high for t in traded) > 5:
            yield "news blocks"


CHAPTERS: list[Callable[[Trace], Iterator[str]]] = [_rules, _trends, _models, _sessions, _cooldowns, _news]
