"""Whole cases: V1 configs and the markets they run on.

``build_case`` makes a case of any source of choices: ``cases()`` is the Hypothesis strategy, ``sweep_case(seed)`` the
fast plain one. What an engine cannot do is left out of what is drawn (``Limits``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from parity.harness.generate.choices import Choices, Drawn, Seeded
from parity.harness.generate.drafts import Draft
from parity.harness.generate.markets import (
    DAYS,
    KINDS,
    Built,
    Segment,
    Shape,
    build,
)
from parity.harness.generate.orders import scripted_edits, scripted_orders
from parity.harness.generate.parameters import RATE_TABLES, RATES, costs, gates, mean_reversion, slippages
from parity.harness.generate.strata import stratify
from parity.harness.model.bars import MINUTE_NS, TIMEFRAME_MINUTES
from parity.harness.model.case import DEFAULT_SPECS, Case
from parity.harness.model.limits import EVERYTHING, Limits

MEAN_REVERSION = {
    "module": "strategies.mean_reversion_z_score.backtest.backtest_strategy",
    "class": "MeanReversionZScoreStrategy",
}
SCRIPTED = {"module": "strategies.scripted_orders", "class": "ScriptedOrdersStrategy"}
#: How a tag that names a case's stratum begins.
STRATUM = "stratum "
CURRENCIES = ("USD", "EUR", "JPY", "GBP", "AUD", "CHF")


def shape_of(c: Choices, limits: Limits = EVERYTHING, *, timeframe: str = "M1", lead: int = 0) -> Shape:
    """A market of up to a few hundred bars."""
    count = c.integer(1, limits.most_segments)
    segments = [
        Segment(kind=c.pick(KINDS), bars=c.integer(1, limits.longest_segment), size=c.integer(1, 4))
        for _ in range(count)
    ]
    bars = sum(s.bars for s in segments)
    oddity = c.pick(limits.oddities[1:] or limits.oddities) if c.one_in(4) else limits.oddities[0]
    odd_from, odd_bars = (c.integer(0, bars - 1), c.integer(1, 4)) if oddity != "none" else (0, 1)
    return Shape(
        symbol=c.pick(limits.symbols),
        timeframe=timeframe,
        lead=lead,
        segments=tuple(segments),
        seed=c.integer(0, 2**16),
        spread=c.pick((10, 2, 30)),
        day=c.pick(tuple(DAYS)) if c.one_in(3) else "winter",
        oddity=oddity,
        odd_from=odd_from,
        odd_bars=odd_bars,
    )


def _base_config(c: Choices, shape: Shape, limits: Limits) -> dict[str, Any]:
    minutes = TIMEFRAME_MINUTES[shape.timeframe]
    scaled, modes = "multipliers" in limits.costs, "entry_timestamp_mode" in limits.alignment
    # V1 ends at midnight of the end date: with the first day as the last one hardly a bar is left, or none.
    last_day = shape.first_day if c.one_in(25) else shape.end_day
    return {
        "symbol": shape.symbol,
        "start_date": shape.first_day.date().isoformat(),
        "end_date": last_day.date().isoformat(),
        "timeframes": {"primary": shape.timeframe, "additional": []},
        "warmup_bars": shape.lead,
        "initial_balance": 10000.0,
        "risk_per_trade": c.pick((100.0, 0.5, 2500.0, 400_000.0)),
        "account_currency": c.pick(("USD", "EUR")),
        "rates_static": c.pick(RATE_TABLES) if c.one_in(4) else RATES,
        "execution": {
            "random_seed": c.integer(0, 2**40),
            "fee_multiplier": c.pick((1.0, 1.5) if scaled else (1.0,)),
            "slippage_multiplier": c.pick((1.0, 1.0, 0.5) if scaled else (1.0,)),
        },
        "timestamp_alignment": {"entry_timestamp_mode": c.pick(("open", "close") if modes else ("open",))},
        **gates(c, step_minutes=minutes, hour=shape.begin.hour, limits=limits),
        **_seldom_set(c, limits),
    }


def _seldom_set(c: Choices, limits: Limits) -> dict[str, Any]:
    """Keys that override others or that V1 hardly reads; mostly absent."""
    out: dict[str, Any] = {}
    if {"fixed_slippage", "random_slippage"} & set(limits.costs) and c.one_in(8):
        out["slippage"] = slippages(c, limits, fixed=(0.5, 0.0), random=(0.0, 0.2))
    if c.one_in(8):
        out["rates"] = {"mode": "static"}
        out["mode"] = "candle"
    return out


def _scripted(c: Choices, config: dict[str, Any], market: Built) -> None:
    orders = scripted_orders(c, market)
    parameters: dict[str, Any] = {"orders": orders, "edits": scripted_edits(c, orders, market)}
    parameters["max_holding_minutes"] = c.pick((None, 3, 0, 10))
    if c.one_in(8):
        parameters["use_position_manager"] = False
    config["strategy"] = {**SCRIPTED, "parameters": parameters}


def _news(c: Choices, shape: Shape) -> tuple[tuple[str, str, str], ...]:
    first = int(shape.begin.timestamp()) // 60
    out = []
    # Relevant news keep a short market from trading altogether, so most have none.
    for _ in range(c.integer(1, 2) if c.one_in(3) else 0):
        # Events lie on the clock of the bars, so that the ends of their windows are met exactly.
        minute = first + c.integer(0, 40) * TIMEFRAME_MINUTES[shape.timeframe]
        day, minute = divmod(minute - int(shape.first_day.timestamp()) // 60, 1440)
        date = (shape.first_day.toordinal() + day, minute)
        out.append((f"{_iso(date[0])} {date[1] // 60:02}:{date[1] % 60:02}:00", c.pick(CURRENCIES), "HIGH"))
    return tuple(out)


def _iso(ordinal: int) -> str:
    from datetime import date

    return date.fromordinal(ordinal).isoformat()


def _mean_reversion(
    c: Choices, config: dict[str, Any], shape: Shape, market: Built, bars: dict[str, Any], limits: Limits
) -> None:
    parameters = mean_reversion(c, shape.timeframe, limits)
    named = {parameters["htf_tf"], parameters["extra_htf_tf"], *parameters.get("scenario6_timeframes", ())}
    if "AUTO" in named and shape.timeframe == "M5":
        named.add("H1")
    named -= {"NONE", "PRIMARY", "AUTO", shape.timeframe}
    stale = c.one_in(4)
    # A filter may name a timeframe that is not loaded: then it never passes.
    for higher in sorted(named) if not c.one_in(6) else []:
        config["timeframes"]["additional"].append(higher)
        bars[higher] = market.resample(TIMEFRAME_MINUTES[higher] * MINUTE_NS, stale=stale)
    _alignment(c, config, limits)
    config["strategy"] = {**MEAN_REVERSION, "parameters": parameters}
    if "session_filter" in config and c.one_in(6):
        # The strategy's own filter comes before the config's.
        config["strategy"]["session_filter"] = config.pop("session_filter")


def _alignment(c: Choices, config: dict[str, Any], limits: Limits) -> None:
    """How bars of higher timeframes are matched with those of the primary one."""
    alignment, may = config["timestamp_alignment"], limits.alignment
    alignment["stale_bar_limit_bars"] = c.pick((0, 3) if "stale_bar_limit_bars" in may else (0,))
    if "use_previous_completed_higher_tf" in may and c.one_in(8):
        alignment["use_previous_completed_higher_tf"] = False
    if "normalize_to_timeframe" in may and c.one_in(8):
        alignment["normalize_to_timeframe"] = True
    if "higher_tf_timestamps_mode" in may and c.one_in(8):
        alignment["higher_tf_timestamps_mode"] = dict.fromkeys(config["timeframes"]["additional"], "close")


def build_case(c: Choices, limits: Limits = EVERYTHING) -> Case:
    """A whole case: scripted or mean reversion, any costs, any gates. The market comes first (``sweep_case``)."""
    kind = c.pick(limits.strategies)
    scripted = kind == "scripted"
    lead = 0 if scripted else c.pick((*limits.warm_up[:1], 0, *limits.warm_up[1:]))
    timeframe = c.pick(limits.timeframes if scripted else limits.timeframes[::-1])
    shape = shape_of(c, limits, timeframe=timeframe, lead=lead)
    market = build(shape)
    news = () if scripted or not limits.news else _news(c, shape)
    c.market_is_drawn()
    config = _base_config(c, shape, limits)
    bars: dict[str, Any] = {shape.timeframe: market.bars()}
    if scripted:
        _scripted(c, config, market)
    else:
        _mean_reversion(c, config, shape, market, bars, limits)
    draft = Draft(shape, market, limits, config, bars, costs(c, shape.symbol, limits), news)
    stratum = stratify(c, draft, kind)
    tags = (kind, f"day {shape.day}", f"rows {shape.oddity}", *sorted({f"market {s.kind}" for s in shape.segments}),
            f"{STRATUM}{stratum}", *draft.tags)  # fmt: skip
    return Case(
        id="generated", config=draft.config, bars=draft.bars, costs=draft.costs, specs=DEFAULT_SPECS, news=draft.news,
        tags=tags,
    )  # fmt: skip


@st.composite
def cases(draw: Callable[..., int], limits: Limits = EVERYTHING) -> Case:
    """Cases as a Hypothesis strategy."""
    return build_case(Drawn(draw), limits)


@st.composite
def shapes(draw: Callable[..., int], limits: Limits = EVERYTHING, *, lead: int = 0) -> Shape:
    """Markets as a Hypothesis strategy."""
    c = Drawn(draw)
    return shape_of(c, limits, timeframe=c.pick(limits.timeframes), lead=lead)


#: Cases of a sweep that share a market: writing it is most of the harness's work.
SHARED = 8


def sweep_case(seed: int, number: int, limits: Limits = EVERYTHING) -> tuple[Case, list[int]]:
    """Case ``number`` of a sweep, and the choices that made it. Each market serves ``SHARED`` cases in a row."""
    choices = Seeded((seed, 0, number // SHARED), (seed, 1, number))
    return build_case(choices, limits), choices.made


__all__ = ["MEAN_REVERSION", "RATES", "SCRIPTED", "build_case", "cases", "costs", "gates",
           "mean_reversion", "scripted_orders", "shapes", "sweep_case"]  # fmt: skip
