"""What cases may be drawn: everything, narrowed by what the engines under comparison say they can do. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

#: What may be odd about the rows of a market, besides its prices.
ODDITIES = ("none", "missing_ask", "missing_bid", "missing_both", "duplicate", "unsorted")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What may be drawn: the engines under comparison narrow it."""

    strategies: tuple[str, ...] = ("scripted", "mean_reversion")
    symbols: tuple[str, ...] = ("USDJPY", "EURUSD", "DE30EUR")
    timeframes: tuple[str, ...] = ("M1", "M5")
    oddities: tuple[str, ...] = ODDITIES
    most_segments: int = 6
    longest_segment: int = 40

    def narrowed(self, allowed: dict[str, Any]) -> Limits:
        """Only what an engine says it can do; ValueError when nothing is left."""
        changes: dict[str, Any] = {}
        for name in ("strategies", "symbols", "timeframes", "oddities"):
            if name in allowed:
                kept = tuple(x for x in getattr(self, name) if x in allowed[name])
                if not kept:
                    raise ValueError(f"{name}: nothing of {allowed[name]} can be drawn; known: {getattr(self, name)}")
                changes[name] = kept
        return Limits(**{**self.__dict__, **changes})


EVERYTHING = Limits()
