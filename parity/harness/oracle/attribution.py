"""Which switches account for a difference: a measurement, not a pattern. Pure: the engines come as a callable."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from msgspec import UNSET

from parity.harness.model.outcome import Outcome, Refusal
from parity.harness.oracle.figures import COARSEST, exact, money, plain, precision_of, rounded

#: Money below this is the noise of adding up, not an effect.
NOISE = 1e-9
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
        """The effect that an outcome or a refusal shows."""
        if isinstance(outcome, Refusal):
            return cls(0, 0.0, 0.0, outcome.code)
        result = sum(trade.result for trade in outcome.trades if trade.result is not UNSET)
        return cls(len(outcome.trades), result, 0.0 if outcome.fees_total is UNSET else outcome.fees_total)

    def __str__(self) -> str:
        if self.refusal is not None:
            return f"refuses with {self.refusal}"
        trades = f"{self.trades} trade{'' if self.trades == 1 else 's'}"
        return f"{trades}, result {money(self.result)}, fees {money(self.fees)}"

    def against(self, base: Effect, engines: tuple[str, str], switches: str) -> list[str]:
        """Both engines' figures and the change, a line each: ``result: V1 -100.00, with X at v2 -155.00: 55.00 worse``.

        ``base`` is the first engine's effect, this one the second's with ``switches`` (as they are called) at ``v2``.
        """
        a, b = engines
        at_v2 = f"with {switches} at v2"
        if self.refusal is not None or base.refusal is not None:
            if self.refusal == base.refusal:
                return [f"refusal: {a} and {b} {at_v2} both refuse with {base.refusal}"]
            return [f"refusal: {a} {_verb(base)}, {b} {at_v2} {_verb(self)}"]
        lines = [
            f"trades: {a} {base.trades}, {at_v2} {self.trades}: {_count(self.trades - base.trades)}",
            f"result: {a} {{}}, {at_v2} {{}}: {_better(self.result - base.result)}".format(
                *_figures(base.result, self.result)
            ),
            f"fees: {a} {{}}, {at_v2} {{}}: {_better(base.fees - self.fees)}".format(*_figures(base.fees, self.fees)),
        ]
        changed = [line for line in lines if not line.endswith(": the same") or line.startswith("result")]
        if len(changed) == 1 and changed[0].endswith(": the same"):
            return [f"{base}: the same in {a} and in {b} {at_v2}; something else differs (replay says what)"]
        return changed


def _verb(effect: Effect) -> str:
    return str(effect) if effect.refusal is not None else f"runs ({effect})"


def _count(change: int) -> str:
    if not change:
        return "the same"
    return f"{abs(change)} {'more' if change > 0 else 'fewer'}"


def _better(change: float) -> str:
    """A change of money in the trader's words; below a billionth it is the noise of adding up."""
    if abs(change) < NOISE:
        return "the same"
    return f"{_amount(abs(change), abs(change))} {'better' if change > 0 else 'worse'}"


def _figures(a: float, b: float) -> tuple[str, str]:
    """Both in cents, or as fine as the change between them needs."""
    return _amount(a, abs(b - a)), _amount(b, abs(b - a))


def _amount(value: float, change: float) -> str:
    number = exact(value)
    precision = precision_of("result", exact(change)) if change >= NOISE else COARSEST
    return money(value) if precision == COARSEST else plain(rounded(number, precision))


def explanation(
    switches: frozenset[str],
    reference: Outcome | Refusal,
    run: Callable[[Mapping[str, str]], Outcome | Refusal],
    *,
    every: Sequence[str],
    engines: tuple[str, str] = ("V1", "V2"),
) -> list[str]:
    """What each switch of a minimal set does by itself, what all of them do together, and all switches at ``v2``.

    ``run`` answers a case with the given switches at ``v2`` and all others at ``v1``; ``engines`` are the names of the
    one that gave ``reference`` and the one that runs.
    """
    base = Effect.of(reference)
    lines = [f"{engines[0]}: {base}"]
    groups: list[tuple[str, str, Sequence[str]]] = [(f"{name} alone", name, (name,)) for name in sorted(switches)]
    if len(switches) > 1:
        groups.append(("these together", "these", tuple(switches)))
    for title, called, names in (*groups, ("all switches", "all", every)):
        effect = Effect.of(run(dict.fromkeys(names, "v2")))
        lines += [f"{title}:", *(f"  {line}" for line in effect.against(base, engines, called))]
    return lines
