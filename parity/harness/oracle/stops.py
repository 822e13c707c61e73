"""Which gate keeps one engine from a signal that the other gives. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec import UNSET

from parity.harness.model.events import Event, Gate, Signal
from parity.harness.model.outcome import Outcome
from parity.harness.oracle.trace_diff import Divergence


@dataclass(frozen=True, kw_only=True)
class Stop:
    """Engine ``doer`` (0: reference, 1: candidate) gives ``signal``; the other one is stopped by ``gate``."""

    doer: int
    signal: Signal
    gate: Gate

    @property
    def stopped(self) -> int:
        """The engine that gives no signal."""
        return 1 - self.doer


def lone_signals(divergence: Divergence) -> list[tuple[int, Signal]]:
    """Signals at a divergence that the other engine lacks, with the engine (0, 1) that gives them.

    Both engines give one where different rules or directions hold; levels that differ are the same signal.
    """
    pair: tuple[Event | None, Event | None] = (divergence.a, divergence.b)
    found = [(i, event) for i, event in enumerate(pair) if isinstance(event, Signal) and event.bar == divergence.bar]
    if len(found) == 2 and _rule(found[0][1]) == _rule(found[1][1]):
        return []
    return found


def _rule(signal: Signal) -> tuple[int, str, str | None]:
    return signal.order, signal.direction, signal.scenario


def stop_of(a: Outcome, b: Outcome, divergence: Divergence) -> Stop | None:
    """The gate by which one engine lacks the other's signal; None where its trace names none."""
    for doer, signal in lone_signals(divergence) if divergence.same_time else ():
        other = (b, a)[doer]
        for event in () if other.events is UNSET else other.events:
            if isinstance(event, Gate) and event.timestamp_ns == signal.timestamp_ns and _stops(event, signal):
                return Stop(doer=doer, signal=signal, gate=event)
    return None


def _stops(gate: Gate, signal: Signal) -> bool:
    """Whether a gate is about this signal: the filters stop some rules (by number) and let others of the bar pass."""
    if gate.direction not in (None, signal.direction):
        return False
    rule = (signal.scenario or "")[-1:]
    return not (gate.gate == "trend" and rule == "1") and not (gate.gate == "chain" and rule in set("12345"))
