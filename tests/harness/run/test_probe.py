"""The probe: each question is put to an engine once, and a failure is never agreement."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from parity.harness.adr.witnesses import BUILDERS
from parity.harness.model.decode import decode_outcome
from parity.harness.model.files import Prepared
from parity.harness.model.outcome import Answer
from parity.harness.oracle.compare import Tolerances
from parity.harness.run.differential import Pair
from parity.harness.run.probe import Probe
from tests.harness.answers import outcome, put


class Switched:
    """An engine that answers by the switches that are at v2, and counts what it is asked."""

    def __init__(self, name: str, answers: Mapping[frozenset[str], Answer]) -> None:
        self.name = name
        self.answers = answers
        self.asked: list[frozenset[str]] = []

    def run(
        self, prepared: Prepared, switches: Mapping[str, str], *, events: bool = False, gates: bool = False
    ) -> Answer:
        at_v2 = frozenset(name for name, setting in switches.items() if setting == "v2")
        self.asked.append(at_v2)
        return self.answers[at_v2]

    def close(self) -> None: ...


def ran(**changes: Any) -> Answer:
    raw = outcome()
    for name, value in changes.items():
        raw = put(raw, (name,), value)
    return Answer(outcome=decode_outcome(raw))


SAME, MOVED, BROKEN = ran(), ran(balance=1.0), Answer(outcome=None, failure="panicked")
NONE, GAP, FEE, BOTH = frozenset[str](), frozenset(["gap"]), frozenset(["fee"]), frozenset(["gap", "fee"])


@pytest.fixture
def probe(tmp_path: Path) -> Probe:
    a = Switched("old", {NONE: SAME})
    b = Switched("new", {NONE: SAME, GAP: MOVED, FEE: SAME, BOTH: BROKEN})
    pair = Pair(a, b, tmp_path, Tolerances.load())
    return Probe(pair, pair.prepare(BUILDERS["exit_gap"]()))


def test_a_switch_shows_where_it_alone_makes_the_engines_differ(probe: Probe) -> None:
    assert probe.equal_at_v1()
    assert probe.shows("gap")
    assert not probe.shows("fee")
    assert [d.path for d in probe.differences("gap")] == ["balance"]
    assert probe.differences({"gap": "v2", "fee": "v1"}) == probe.differences(["gap"])
    assert not probe.equal(name for name in ("gap",))
    assert probe.equal(name for name in ("fee",))


def test_every_setting_is_asked_for_once(probe: Probe) -> None:
    for _ in range(3):
        probe.equal_at_v1()
        probe.shows("gap")
        probe.differences("gap")
        probe.at({"gap": "v2"})
    a, b = probe.pair.a, probe.pair.b
    assert isinstance(a, Switched)
    assert isinstance(b, Switched)
    assert a.asked == [NONE]
    assert b.asked == [NONE, GAP]


def test_an_engine_that_fails_agrees_with_nothing_and_differs_from_nothing(probe: Probe) -> None:
    assert probe.failure(["gap", "fee"]) == "new: panicked"
    assert not probe.equal(["gap", "fee"])
    assert probe.differences(["gap", "fee"]) == []


def test_two_engines_that_fail_alike_do_not_agree(tmp_path: Path) -> None:
    pair = Pair(Switched("old", {NONE: BROKEN}), Switched("new", {NONE: BROKEN}), tmp_path, Tolerances.load())
    probe = Probe(pair, pair.prepare(BUILDERS["exit_gap"]()))
    assert not probe.equal_at_v1()
    assert not probe.shows("gap")
    assert probe.failure() == "old: panicked"


def test_only_what_differs_at_parity_uses_the_tolerances(tmp_path: Path) -> None:
    near = ran(fees_total=1.0 + 4e-16)
    a, b = Switched("old", {NONE: SAME}), Switched("new", {NONE: SAME, GAP: near})
    pair = Pair(a, b, tmp_path, Tolerances.load())
    probe = Probe(pair, pair.prepare(BUILDERS["exit_gap"]()))
    assert probe.equal(["gap"])
    assert pair.tolerances.used == {}


def test_names_that_can_be_gone_through_once_are_asked_for_in_full(probe: Probe) -> None:
    assert not probe.equal(name for name in ("gap",))
