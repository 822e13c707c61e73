"""One case, the reference once, the candidate under any setting of the switches: what differs with which.

It answers one question: equal with everything at v1, and what differs with this switch at v2?
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from parity.harness.model.files import Prepared
from parity.harness.model.outcome import Answer
from parity.harness.oracle.compare import Difference
from parity.harness.run.differential import Pair

#: One switch, several, or a setting for each: ``v1`` is what is not named.
AtV2 = str | Iterable[str] | Mapping[str, str]


class Probe:
    """The answers of a pair to one case, each asked for once."""

    def __init__(self, pair: Pair, prepared: Prepared) -> None:
        self.pair = pair
        self.prepared = prepared
        self._reference: Answer | None = None
        self._answers: dict[frozenset[str], Answer] = {}
        self._differences: dict[frozenset[str], list[Difference]] = {}

    @property
    def reference(self) -> Answer:
        """The reference's answer."""
        if self._reference is None:
            self._reference = self.pair.reference(self.prepared)
        return self._reference

    def at(self, switches: AtV2 = ()) -> Answer:
        """The candidate's answer with these switches at ``v2`` and all others at ``v1``."""
        at_v2 = _at_v2(switches)
        if at_v2 not in self._answers:
            self._answers[at_v2] = self.pair.candidate(self.prepared, dict.fromkeys(sorted(at_v2), "v2"))
        return self._answers[at_v2]

    def failure(self, switches: AtV2 = ()) -> str | None:
        """Why the engines cannot be compared with these switches at ``v2``: one crashed, hung or broke the protocol."""
        for name, answer in ((self.pair.a.name, self.reference), (self.pair.b.name, self.at(switches))):
            if answer.failure is not None:
                return f"{name}: {answer.failure}"
        return None

    def differences(self, switches: AtV2 = ()) -> list[Difference]:
        """What differs with these switches at ``v2``; empty where ``failure`` is not None."""
        at_v2 = _at_v2(switches)
        if at_v2 not in self._differences:
            self._differences[at_v2] = self.pair.differences(self.reference, self.at(at_v2), parity=not at_v2)
        return self._differences[at_v2]

    def equal(self, switches: AtV2 = ()) -> bool:
        """Whether both engines ran and agree with these switches at ``v2``."""
        at_v2 = _at_v2(switches)  # once: the caller may give names that can be gone through once only
        return self.failure(at_v2) is None and not self.differences(at_v2)

    def equal_at_v1(self) -> bool:
        """Whether both engines ran and agree with every switch at ``v1``."""
        return self.equal()

    def shows(self, switch: str) -> bool:
        """Whether the engines agree with every switch at ``v1`` and differ with this one alone at ``v2``."""
        return self.equal_at_v1() and self.failure(switch) is None and bool(self.differences(switch))


def _at_v2(switches: AtV2) -> frozenset[str]:
    if isinstance(switches, Mapping):
        return frozenset(name for name, setting in switches.items() if setting != "v1")
    return frozenset([switches] if isinstance(switches, str) else switches)
