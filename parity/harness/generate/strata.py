"""Strata of the generated cases: each changes a draft so that one rule is met far more often than by chance. Pure.

A case belongs to one stratum, ``usual`` for most of them; its tag says which. Rates of a sweep are reported by stratum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from parity.harness.generate.choices import Choices
from parity.harness.generate.drafts import Draft
from parity.harness.generate.parameters import NEAR, REGIMES
from parity.harness.generate.respell import OF_STRATEGIES, RESPELL, possible
from parity.harness.model.bars import MINUTE_NS, TIMEFRAME_MINUTES, Bars
from parity.harness.model.limits import Limits
from parity.harness.model.spellings import REFUSED, TAKEN

USUAL = "usual"
#: Of so many cases, one is of a stratum of its own.
ONE_IN = 2
_PAIRS = (["-09:00", "+04:30"], ["-00:30", "+01:00"], ["-02:00", "-01:00"], ["+00:15", "+06:00"])


@dataclass(frozen=True)
class Stratum:
    """``change`` a draft of a strategy in ``strategies``, where the limits allow it; ``weight`` to the others."""

    change: Callable[[Choices, Draft], None]
    strategies: tuple[str, ...] = ("scripted", "mean_reversion")
    allowed: Callable[[Limits], bool] = lambda _: True
    weight: int = 1


def _all_day(d: Draft) -> None:
    d.without_sessions()
    d.config["session_filter"] = {"fixed_times": [["00:00", "23:59"]]}


def _two_wrappers(c: Choices, d: Draft) -> None:
    _all_day(d)
    place = d.config["strategy"] if c.one_in(3) else d.config
    place["anchored_session_filter"] = {"anchor": c.pick(("london", "tokyo")), "offset_window": [c.pick(_PAIRS)]}
    if d.scripted and c.one_in(2):
        d.parameters["orders"], d.parameters["edits"] = [], []
    d.parameters["use_position_manager"] = c.flag()


def _tested(c: Choices, d: Draft) -> int:
    """The close of one of the first bars, ns since the epoch."""
    step = TIMEFRAME_MINUTES[d.shape.timeframe] * MINUTE_NS
    last = len(d.market.ts) - 1
    return int(d.market.ts[min(d.market.lead + c.integer(0, 30), last)]) + step


def _news(c: Choices, d: Draft) -> None:
    """Events whose windows begin or end exactly at the close of a bar, or a bar beside it."""
    out = []
    for _ in range(c.integer(1, 3)):
        close = _tested(c, d)
        edge = c.pick((60, -30)) + c.pick((0, 1, -1)) * TIMEFRAME_MINUTES[d.shape.timeframe]
        start = datetime.fromtimestamp((close + edge * MINUTE_NS) / 1e9, tz=UTC)
        out.append((start.strftime("%Y-%m-%d %H:%M:%S"), c.pick(("USD", "EUR", "JPY", "NZD")), "HIGH"))
    d.news = tuple(out)
    if "entry_timestamp_mode" in d.limits.alignment:
        d.config["timestamp_alignment"]["entry_timestamp_mode"] = c.pick(("open", "close"))


def _regimes(c: Choices, d: Draft) -> None:
    """Scenario 5 with hysteresis over several bars."""
    d.parameters.update({
        "enabled_scenarios": [5], "htf_filter": "none", "extra_htf_filter": "none",
        "intraday_vol_feature": c.pick(("atr_points", "garch_forecast")), "garch_alpha": 0.05, "garch_beta": 0.9,
        "garch_min_periods": c.integer(1, 5), "intraday_vol_cluster_window": c.integer(5, 30),
        "intraday_vol_cluster_k": c.integer(2, 4), "intraday_vol_log_transform": c.flag(),
        "intraday_vol_min_points": c.integer(1, 8), "intraday_vol_garch_lookback": c.pick((0, 15, 40)),
        "cluster_hysteresis_bars": c.integer(2, 5),
        "intraday_vol_allowed": c.sample(REGIMES, least=1, most=4),
    })  # fmt: skip


def _chain(c: Choices, d: Draft) -> None:
    """Scenario 6 with a block for each direction, the primary timeframe under both of its names."""
    primary = d.shape.timeframe
    near = [name for name in NEAR[primary][:2] if name in d.limits.higher_timeframes]
    names = c.sample(("PRIMARY", *near), least=1, most=2)
    wide = {"window_length": 3, "std_factor": 0.3, "z_score": c.pick((-0.1, 0.2)), "b_b_length": 3}
    side: tuple[dict[str, Any], ...] = (
        {"z_score": -0.1},
        {"std_factor": 0.2, "window_length": 2},
        {},
        {"b_b_length": 4},
    )
    blocks = {}
    for name in names:
        own = c.pick(("PRIMARY", primary)) if name == "PRIMARY" else name
        directions = {direction: c.pick(side) for direction in c.sample(("long", "short"), least=0, most=2)}
        blocks[own] = {**c.pick(({}, wide)), **directions}
    d.parameters.update({
        "enabled_scenarios": [6], "htf_filter": "none", "extra_htf_filter": "none",
        "scenario6_mode": c.pick(("all", "any")), "scenario6_timeframes": names, "scenario6_params": blocks,
    })  # fmt: skip
    if c.flag():
        d.parameters[f"scenario6_{c.pick(('PRIMARY', primary))}_{c.pick(('long', 'short'))}_std_factor"] = 0.1
    _load(d, [name for name in names if name != "PRIMARY"])


def _load(d: Draft, names: list[str], *, stale: bool = False) -> None:
    """Higher timeframes with their bars."""
    for name in names:
        if name not in d.config["timeframes"]["additional"]:
            d.config["timeframes"]["additional"].append(name)
        d.bars[name] = d.market.resample(TIMEFRAME_MINUTES[name] * MINUTE_NS, stale=stale)


def _timeouts(c: Choices, d: Draft) -> None:
    """Stops and targets far from every price: one bar ends the time of several orders, whenever each was filled."""
    _all_day(d)
    last = len(d.market.ts) - d.market.lead - 1
    orders = []
    for _ in range(c.integer(2, 5)):
        bar, kind, long = c.integer(0, min(4, last)), c.pick(("market", "limit", "stop")), c.flag()
        close = int((d.market.ask if long else d.market.bid)[d.market.lead + bar, 3])
        sign = 1 if long == (kind == "stop") else -1
        entry = close if kind == "market" else close + sign * c.integer(0, 12)
        far = 4000 if long else -4000
        orders.append({
            "bar": bar, "direction": "long" if long else "short", "type": kind, "entry": entry / d.market.scale,
            "sl": (entry - far) / d.market.scale, "tp": (entry + far) / d.market.scale,
        })  # fmt: skip
    d.parameters["orders"] = sorted(orders, key=lambda order: order["bar"])
    d.parameters["edits"] = []
    d.parameters["max_holding_minutes"] = c.integer(1, 12)
    d.parameters.pop("use_position_manager", None)
    for key in ("cooldown_candles", "cooldown_minutes", "cooldown_minutes_trade"):
        d.config.pop(key, None)


def _look_ahead(c: Choices, d: Draft) -> None:
    names = [name for name in NEAR[d.shape.timeframe] if name in d.limits.higher_timeframes]
    d.config["timestamp_alignment"]["use_previous_completed_higher_tf"] = False
    d.parameters.update({"enabled_scenarios": c.pick(([2], [3], [1, 2])), "htf_filter": c.pick(("above", "below")),
                         "htf_tf": c.pick(names), "htf_ema": c.integer(2, 4)})  # fmt: skip
    _load(d, [d.parameters["htf_tf"]], stale=c.flag())


def _flat(c: Choices, d: Draft) -> None:
    """Windows whose closes are all the same, or all but one, after some that are not."""
    name = d.shape.timeframe
    bars = d.bars[name]
    bid, ask = bars.bid.copy(), bars.ask.copy()
    for _ in range(c.integer(1, 3)):
        first = c.integer(1, max(1, len(bars) - 2))
        for i in range(first, min(first + c.integer(4, 25), len(bars))):
            spread = ask[i] - bid[i]
            bid[i], ask[i] = bid[first - 1, 3], bid[first - 1, 3] + np.abs(spread)
    d.bars[name] = Bars(bars.ts, np.round(bid, 5), np.round(ask, 5), bars.volume)
    length = c.integer(2, 6)
    d.parameters.update({
        "enabled_scenarios": c.pick(([2], [1], [1, 2], [1, 3, 4])), "window_length": length, "b_b_length": length,
        "std_factor": c.pick((0.05, 0.5, 1.0, 0.0)), "z_score_long": c.pick((-0.1, -0.5)),
        "z_score_short": c.pick((0.1, 0.5)),
    })  # fmt: skip


def _cooldown(c: Choices, d: Draft) -> None:
    step = TIMEFRAME_MINUTES[d.shape.timeframe]
    d.config["cooldown_minutes_trade"] = c.integer(1, 6) * step + c.pick((0, 0, 1))
    if "entry_timestamp_mode" in d.limits.alignment:
        d.config["timestamp_alignment"]["entry_timestamp_mode"] = c.pick(("close", "open"))
    d.without_sessions()


def _anchors(c: Choices, d: Draft) -> None:
    RESPELL["anchors list"](c, d)


def _seconds(c: Choices, d: Draft) -> None:
    """Windows that begin or end on a bar's close, or some seconds beside it."""
    d.without_sessions()
    windows = []
    for _ in range(c.integer(1, 2)):
        pair = []
        for _ in range(2):
            close = _tested(c, d) // 1_000_000_000 + c.pick((0, 1, -1, 30, -30))
            pair.append(datetime.fromtimestamp(close, tz=UTC).strftime("%H:%M:%S"))
        windows.append(pair)
    d.config["session_filter"] = {"fixed_times": windows}


def _seed(c: Choices, d: Draft) -> None:
    RESPELL["dev seed"](c, d)
    if c.one_in(3):
        # The seed of the run comes before that of the dev mode.
        d.config["execution"]["random_seed"] = c.integer(0, 2**31)


def _free(c: Choices, d: Draft) -> None:
    d.costs = None
    if "fixed_slippage" in d.limits.costs and c.one_in(3):
        d.config["slippage"] = {"fixed_pips": 0.5, "random_pips": 0.0}


def _spelled(names: tuple[str, ...]) -> Callable[[Choices, Draft], None]:
    own = tuple(name for name in names if name in OF_STRATEGIES)
    others = tuple(name for name in names if name not in OF_STRATEGIES)

    def change(c: Choices, d: Draft) -> None:
        wanted = others if d.scripted or c.flag() else own
        name = c.pick([name for name in wanted if possible(name, d.limits)] or ("module without prefix",))
        if RESPELL[name](c, d) is not None:
            d.tags.append(f"spelling {name}")

    return change


MR = ("mean_reversion",)
#: Name -> what it does; the order is that of the report.
STRATA: Mapping[str, Stratum] = {
    "spelled": Stratum(_spelled(tuple(s.name for s in TAKEN)), allowed=lambda m: m.spellings, weight=5),
    "refused": Stratum(_spelled(tuple(s.name for s in REFUSED)), allowed=lambda m: m.spellings, weight=3),
    "two wrappers": Stratum(_two_wrappers, allowed=lambda m: {"session", "anchor"} <= set(m.gates)),
    "news edges": Stratum(_news, MR, lambda m: m.news, 2),
    "hysteresis": Stratum(_regimes, MR, lambda m: 5 in m.scenarios, 2),
    "chain blocks": Stratum(_chain, MR, lambda m: 6 in m.scenarios, 2),
    "timeouts": Stratum(_timeouts, ("scripted",), lambda m: "session" in m.gates, 2),
    "look-ahead": Stratum(
        _look_ahead, MR,
        lambda m: "trend" in m.gates and "use_previous_completed_higher_tf" in m.alignment
        and {2, 3} <= set(m.scenarios) and {"M15", "M30", "H1"} <= set(m.higher_timeframes),
    ),
    "flat": Stratum(_flat, MR, lambda m: {1, 2, 3, 4} <= set(m.scenarios), 2),
    "cooldown after exit": Stratum(_cooldown, allowed=lambda m: "cooldown_exit" in m.gates),
    "several anchors": Stratum(_anchors, allowed=lambda m: "anchor" in m.gates and m.spellings),
    "seconds": Stratum(_seconds, allowed=lambda m: "session" in m.gates and m.spellings),
    "dev seed": Stratum(_seed, allowed=lambda m: m.spellings and "random_slippage" in m.costs),
    "no cost file": Stratum(_free, allowed=lambda m: m.spellings),
}  # fmt: skip


def stratify(c: Choices, draft: Draft, strategy: str) -> str:
    """Changes a draft as one of the strata does, or leaves it as it is; the name of its stratum."""
    if not c.one_in(ONE_IN):
        return USUAL
    open_to = [name for name, one in STRATA.items() if strategy in one.strategies and one.allowed(draft.limits)]
    weighted = [name for name in open_to for _ in range(STRATA[name].weight)]
    if not weighted:
        return USUAL
    name = c.pick(weighted)
    draft.unshare()
    STRATA[name].change(c, draft)
    return name
