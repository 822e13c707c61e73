"""Which switches account for a difference: a measurement, not a pattern. Pure: the engines come as a callable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from msgspec import UNSET

from parity.harness.model.outcome import Outcome, Refusal

#: Whether the engines agree when exactly these switches are at ``v1`` and all others at ``v2``.
Agrees = Callable[[frozenset[str]], bool]


def attribute_to_switches(switches: Iterable[str], agrees: Agrees) -> frozenset[str] | None:
    """A minimal set of switches that must be at ``v1`` for the difference to vanish.

    Delta debugging (Zeller and Hildebrandt 2002) over the set of switches at ``v1``: no switch of the answer can be
    left out. None when the difference stays with every switch at ``v1``: then it is unexplained.
    """
    current = list(switches)
    if agrees(frozenset()):
        return frozenset()
    if not agrees(frozenset(current)):
        return None
    size = max(1, len(current) // 2)
    while True:
        reduced = False
        for start in range(0, len(current), size):
            rest = current[:start] + current[start + size :]
            if agrees(frozenset(rest)):
                current, reduced = rest, True
                break
        if reduced:
            size = max(1, min(size, len(current) // 2))
        elif size == 1:
            return frozenset(current)
        else:
            size = max(1, size // 2)


@dataclass(frozen=True)
class Effect:
    """What one setting of the switches makes of a case: closed trades, sum of results, fees; or the refusal."""

    trades: int
    result: float
    fees: float
    refusal: int | None = None

    @classmethod
    def of(cls, outcome: Outcome | Refusal) -> Effect:
        if isinstance(outcome, Refusal):
            return cls(0, 0.0, 0.0, outcome.code)
        result = sum(trade.result for trade in outcome.trades if trade.result is not UNSET)
        return cls(len(outcome.trades), result, 0.0 if outcome.fees_total is UNSET else outcome.fees_total)

    def against(self, base: Effect) -> str:
        """The change from ``base``."""
        if self.refusal != base.refusal:
            return f"refused with {self.refusal}" if self.refusal else f"no longer refused with {base.refusal}"
        changes = [("trades", self.trades - base.trades), ("result", self.result - base.result),
                   ("fees", self.fees - base.fees)]  # fmt: skip
        # A change below a billionth is the noise of adding up, not an effect.
        shown = [f"{name} {change:+.10g}" for name, change in changes if abs(change) > 1e-9]
        return ", ".join(shown) or "same trades and money; something else differs"


def explanation(
    switches: frozenset[str],
    reference: Outcome | Refusal,
    run: Callable[[Mapping[str, str]], Outcome | Refusal],
    *,
    every: Sequence[str],
) -> list[str]:
    """A table: each switch of a minimal set by itself, all of them together, and all switches at ``v2``.

    ``run`` answers a case with the given switches at ``v2`` and all others at ``v1``.
    """
    base = Effect.of(reference)
    width = max((len(name) for name in switches), default=0)
    lines = [f"V1: {base.trades} trades, result {base.result:.10g}, fees {base.fees:.10g}"]
    for name in sorted(switches):
        alone = Effect.of(run({name: "v2"})).against(base)
        lines.append(f"  {name:{width}} alone at v2: {alone}")
    if len(switches) > 1:
        together = Effect.of(run(dict.fromkeys(switches, "v2"))).against(base)
        lines.append(f"  {'these together':{width}} at v2: {together}")
    lines.append(f"  {'all switches':{width}} at v2: {Effect.of(run(dict.fromkeys(every, 'v2'))).against(base)}")
    return lines
