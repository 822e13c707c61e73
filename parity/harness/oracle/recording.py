"""An engine's answer against a recorded one: the third answer, which no engine can be asked again for. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET

from parity.harness.model.events import Event
from parity.harness.model.outcome import Answer, Outcome
from parity.harness.oracle.compare import Difference, Names, compare
from parity.harness.oracle.equality import same_events
from parity.harness.oracle.tolerances import Tolerances
from parity.harness.oracle.trace_diff import traces

#: What a recording is called beside an engine.
RECORDING = "the recording"


def against(recorded: Answer, answer: Answer, tolerances: Tolerances, *, gates: bool, names: Names) -> list[Difference]:
    """How an answer differs from the recorded one, trace included; nothing where the engine failed.

    Gates are compared where they are recorded (``gates``), and left out on both sides elsewhere.
    """
    if recorded.outcome is None or answer.outcome is None:
        return []
    differences = compare(recorded.outcome, answer.outcome, tolerances, names=names)
    if differences:
        return differences
    both = _all_events(recorded, answer) if gates else traces(recorded.outcome, answer.outcome)
    if both is None or same_events(*both):
        return []
    return [
        Difference(
            group="events", field="", a=len(both[0]), b=len(both[1]), path="events",
            note="events; the traces differ, the results do not",
        )
    ]  # fmt: skip


def _all_events(a: Answer, b: Answer) -> tuple[Sequence[Event], Sequence[Event]] | None:
    """Both traces with their gates."""
    if not isinstance(a.outcome, Outcome) or not isinstance(b.outcome, Outcome):
        return None
    left, right = a.outcome.events, b.outcome.events
    return None if left is UNSET or right is UNSET else (left, right)
