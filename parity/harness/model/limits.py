"""What cases may be drawn: everything, narrowed by what the engines under comparison say they can do. Pure.

A limit is a list of names, ``true`` (all of them) or ``false`` (none of them, where a case can do without). What an
engine leaves out of a list is never drawn; what it lists and nothing here knows is refused, symbols excepted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from parity.harness.model.bars import TIMEFRAME_MINUTES

#: What may be odd about the rows of a market, besides its prices.
ODDITIES = ("none", "missing_ask", "missing_bid", "missing_both", "duplicate", "unsorted")
#: Timeframes that strategies trade on, and those that are loaded with them.
PRIMARY, HIGHER = ("M1", "M5"), ("M5", "M15", "M30", "H1")
#: What can keep a strategy from trading: fixed sessions, anchored sessions, the three cooldowns, both trend filters.
GATES = ("session", "anchor", "cooldown_candles", "cooldown_entry", "cooldown_exit", "trend")
#: Schemas of fees; then what changes them; then slippage; then the config's multipliers of both.
SCHEMAS = ("per_lot", "per_million_notional", "percent_of_notional")
COSTS = (*SCHEMAS, "one_sided", "min_fee", "fee_currency", "per_symbol", "fixed_slippage", "random_slippage",
         "multipliers")  # fmt: skip
#: Keys of ``timestamp_alignment`` that may differ from their defaults.
ALIGNMENT = ("entry_timestamp_mode", "stale_bar_limit_bars", "use_previous_completed_higher_tf",
             "normalize_to_timeframe", "higher_tf_timestamps_mode")  # fmt: skip
#: Limit -> what each of its values means, for the protocol document; the order is the document's.
MEANINGS: Mapping[str, str] = {
    "strategies": "strategies of a config",
    "symbols": "symbols of a market",
    "timeframes": "timeframes, primary (M1, M5) and additional (M5, M15, M30, H1); at least one primary one",
    "oddities": "what may be wrong with the rows of a market; `false` is `none` alone",
    "scenarios": "scenarios of the mean reversion; 6 is the chain of timeframes",
    "gates": "what can keep a strategy from trading; `anchor` is an anchored session, `cooldown_entry` and "
    "`cooldown_exit` count minutes, `trend` is either filter by a higher timeframe",
    "news": "whether a calendar may hold events",
    "costs": "schemas of fees, `one_sided` fees, `min_fee`, fees in another currency (`fee_currency`), `per_symbol` "
    "fees, both kinds of slippage, and the config's `multipliers`; a market without costs is always drawn",
    "alignment": "keys of `timestamp_alignment` that may differ from their defaults",
    "spellings": "whether a config may be written in any other way that V1 took or refused (numbers as text, null, "
    "another case); what V1 refused has to be refused, or named in `extra.migration` of the reply as a pair of its key "
    "and `V1 refused this`",
    "warm_up": "bars of history before the first bar; runs without any are always drawn",
}


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What may be drawn: the engines under comparison narrow it. The order of values is the order of the choices."""

    strategies: tuple[str, ...] = ("scripted", "mean_reversion")
    symbols: tuple[str, ...] = ("USDJPY", "EURUSD", "DE30EUR")
    timeframes: tuple[str, ...] = PRIMARY
    higher_timeframes: tuple[str, ...] = HIGHER
    oddities: tuple[str, ...] = ODDITIES
    scenarios: tuple[int, ...] = (1, 2, 3, 4, 5, 6)
    gates: tuple[str, ...] = GATES
    news: bool = True
    costs: tuple[str, ...] = COSTS
    alignment: tuple[str, ...] = ALIGNMENT
    warm_up: tuple[int, ...] = (10, 30)
    spellings: bool = True
    most_segments: int = 6
    longest_segment: int = 40

    def narrowed(self, allowed: Mapping[str, Any]) -> Limits:
        """Only what an engine says it can do.

        Raises:
            ValueError: a limit is unknown, has the wrong type, or leaves nothing to be drawn; the message names it.
        """
        unknown = sorted(set(allowed) - set(MEANINGS))
        if unknown:
            raise ValueError(f"unknown {', '.join(unknown)}; known: {', '.join(MEANINGS)}")
        out = self
        for name, value in allowed.items():
            if name in ("news", "spellings"):
                if not isinstance(value, bool):
                    raise ValueError(f"{name} wants true or false, not {value!r}")
                changed: dict[str, Any] = {name: getattr(out, name) and value}
                out = replace(out, **changed)
            elif name == "timeframes":
                out = out._within_timeframes(_wanted(name, value, tuple(TIMEFRAME_MINUTES)))
            else:
                out = out._within(name, value)
        return out

    def _within(self, name: str, value: Any) -> Limits:
        known = getattr(EVERYTHING, name)
        wanted = _wanted(name, value, known)
        kept = tuple(x for x in getattr(self, name) if x in wanted)
        if not kept and name not in DISPENSABLE:
            raise ValueError(f"{name}: nothing of {value} can be drawn; known: {_listed(known)}")
        changed: dict[str, Any] = {name: kept}
        return replace(self, **changed)

    def _within_timeframes(self, wanted: tuple[Any, ...]) -> Limits:
        primary, higher = ([x for x in own if x in wanted] for own in (self.timeframes, self.higher_timeframes))
        if not primary:
            raise ValueError(f"timeframes: nothing of {list(wanted)} can be drawn; at least one of {_listed(PRIMARY)}")
        return replace(self, timeframes=tuple(primary), higher_timeframes=tuple(higher))


EVERYTHING = Limits()
#: Limits that a case can do without.
DISPENSABLE = ("gates", "costs", "alignment", "warm_up")


def _listed(values: tuple[Any, ...]) -> str:
    return ", ".join(map(str, values))


def _wanted(name: str, value: Any, known: tuple[Any, ...]) -> tuple[Any, ...]:
    """The values that a limit names."""
    if value is True:
        return known
    if value is False:
        if name == "oddities":
            return ("none",)
        if name not in DISPENSABLE:
            raise ValueError(f"{name} wants a list: a case cannot do without")
        return ()
    kind = type(known[0])
    if not isinstance(value, list) or any(type(x) is not kind for x in value):
        what = "whole numbers" if kind is int else "names"
        raise ValueError(f"{name} wants a list of {what}, true or false, not {value!r}")
    unknown = [x for x in value if x not in known]
    if unknown and name != "symbols":
        raise ValueError(f"{name}: unknown {_listed(tuple(unknown))}; known: {_listed(known)}")
    return tuple(value)
