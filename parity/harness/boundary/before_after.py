"""One run's boundary in both engines. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Side:
    """One engine's boundary in one run: calls, bytes both ways, seconds in all, and the share spent at the boundary."""

    calls: int
    bytes: int
    seconds: float
    share: float


@dataclass(frozen=True, kw_only=True)
class BeforeAfter:
    """One run's boundary in V1 and in V2."""

    name: str
    scenario: str
    bars: int
    v1: Side
    v2: Side

    @property
    def speed_up(self) -> float:
        """How many times faster V2 is, files and JSON included."""
        return self.v1.seconds / self.v2.seconds
