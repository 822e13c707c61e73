"""The boundary of one run in V1 and in V2: calls, bytes, seconds and the share of them at the boundary. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Side:
    """One engine's boundary in one run: calls, bytes both ways, seconds of the whole run, share of them (0 to 1)."""

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


def side_of_v1(crossings: Mapping[str, Any]) -> Side:
    """V1's side of a run, from the worker's answer to ``crossings``.

    The boundary's time is that of all calls less what V1 reports to have computed. The share is one of CPU time: the
    recorded run and the plain one may meet a differently busy machine.
    """
    at_boundary = max(0, crossings["cpu_ns"] - crossings["kernel_ns"]) / 1e9
    return Side(
        calls=crossings["calls"],
        bytes=crossings["bytes"],
        seconds=crossings["plain_s"],
        share=at_boundary / crossings["plain_cpu_s"],
    )


def released(crossings: Mapping[str, Any]) -> list[str]:
    """Functions that released the GIL in more than half of their calls; ``crossings`` was asked for with ``gil``."""
    return [name for name, (released, calls) in crossings["gil"].items() if released > calls / 2]


def facts_of_v1(crossings: Mapping[str, Any]) -> list[str]:
    """What else was recorded of V1's boundary in one run, in words; ``crossings`` was asked for with ``gil``.

    Raises:
        ValueError: no call was recorded.
    """
    functions = crossings["functions"]
    if not functions:
        raise ValueError("no call into V1's module was recorded")
    busiest = max(functions, key=lambda row: row["wall_ns"])
    site = max(busiest["sites"], key=busiest["sites"].__getitem__)
    names = released(crossings)
    gil = f"calls that release the GIL: {', '.join(names)}" if names else "every call holds the GIL throughout"
    return [
        f"V1, one run: {crossings['calls']} calls with {crossings['records']} records, "
        f"{crossings['wall_ns'] / 1e6:.1f} ms in calls, {crossings['kernel_ns'] / 1e6:.1f} ms of them computing, "
        f"{sum(row['cpu_ns'] for row in functions) / 1e6:.1f} ms of CPU; most in {busiest['function']} "
        f"({busiest['calls']} calls, most of them from {site})",
        f"V1, one run: {sum(row['copies'] for row in functions)} answers copied out of its module, "
        f"{sum(row['bytes_copied'] for row in functions):,} bytes",
        f"V1, one run: {gil}",
    ]
