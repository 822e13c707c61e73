"""The harness against engines that lie, crash, hang or print nonsense: each gets the right verdict, none ends green."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from parity.harness.adr.witnesses import BUILDERS
from parity.harness.coverage.registry import Coverage
from parity.harness.engines import V1Engine, V2Engine
from parity.harness.engines.channel import Channel
from parity.harness.model.decode import decode_outcome
from parity.harness.model.files import Prepared
from parity.harness.model.outcome import Answer
from parity.harness.oracle.compare import Tolerances
from parity.harness.oracle.verdict import CaseReport, Verdict
from parity.harness.report.session import Session
from parity.harness.run.differential import Pair
from parity.harness.triage.campaign import Campaign
from parity.harness.triage.describe import describe
from tests.harness.answers import outcome

LIAR = Path(__file__).resolve().parents[1] / "engines_that_lie.py"


def engine(kind: str, timeout: float = 20.0) -> V1Engine:
    return V1Engine(timeout=timeout, command=[sys.executable, str(LIAR), kind])


def verdict(tmp_path: Path, a: V1Engine, b: V1Engine) -> CaseReport:
    pair = Pair(a, b, tmp_path, Tolerances.load())
    try:
        return pair.run(BUILDERS["exit_gap"]())
    finally:
        pair.close()


def test_two_honest_engines_match(tmp_path: Path) -> None:
    assert verdict(tmp_path, engine("honest"), engine("honest")).verdict is Verdict.MATCH


def test_a_cent_of_a_lie_is_unexplained(tmp_path: Path) -> None:
    report = verdict(tmp_path, engine("honest"), engine("lies"))
    assert report.verdict is Verdict.UNEXPLAINED
    assert [d.path for d in report.differences] == ["balance"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("crashes", "killed by SIGKILL"),
        ("exits", "exit code 1 (out of luck)"),
        ("babbles", "nonsense"),
        ("nan", "nonsense"),
        ("half", "nonsense"),
        ("list", "nonsense"),
    ],
)
def test_a_broken_engine_is_incomparable_and_says_why(tmp_path: Path, kind: str, words: str) -> None:
    for pair in (
        (engine("honest"), engine(kind)),
        (engine(kind), engine("honest")),
        (engine(kind), engine(kind)),
    ):
        report = verdict(tmp_path, *pair)
        assert report.verdict is Verdict.INCOMPARABLE
        assert words in report.reason


def test_a_hanging_engine_is_killed_and_incomparable(tmp_path: Path) -> None:
    report = verdict(tmp_path, engine("honest"), engine("hangs", timeout=0.5))
    assert report.verdict is Verdict.INCOMPARABLE
    assert "hung" in report.reason


def test_refusals_match_only_with_the_same_code(tmp_path: Path) -> None:
    assert verdict(tmp_path, engine("refuses"), engine("refuses")).verdict is Verdict.MATCH
    report = verdict(tmp_path, engine("honest"), engine("refuses"))
    assert report.verdict is Verdict.UNEXPLAINED
    assert report.differences[0].b == 3001


def wavering(tmp_path: Path, kind: str) -> CaseReport:
    pair = Pair(engine("honest"), engine(kind), tmp_path, Tolerances.load())
    pair.b.name = "new"
    try:
        return pair.examine(BUILDERS["exit_gap"]()).report
    finally:
        pair.close()


def test_a_refusal_whose_words_vary_is_no_contradiction(tmp_path: Path) -> None:
    report = wavering(tmp_path, "refuses in many words")
    assert report.verdict is Verdict.UNEXPLAINED
    assert [(d.path, d.b) for d in report.differences] == [("error.code", 3001)]
    pair = Pair(engine("refuses"), engine("refuses in many words"), tmp_path, Tolerances.load())
    assert pair.examine(BUILDERS["exit_gap"]()).report.verdict is Verdict.MATCH
    pair.close()


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("refuses by turns", "new: not deterministic: one answer and the next differ in error.code: 3001 -> 3002"),
        ("wavers", "new: not deterministic: one answer and the next differ in balance: 10000.0 -> 10001.0"),
        (
            "wavers in its trace",
            "new: not deterministic: one trace and the next differ: equity on bar 0 with balance 1.0 and 2.0",
        ),
    ],
)
def test_an_engine_that_contradicts_itself_is_told_by_field_and_values(tmp_path: Path, kind: str, told: str) -> None:
    report = wavering(tmp_path, kind)
    assert report.verdict is Verdict.INCOMPARABLE
    assert told in report.reason


class Silent(V2Engine):
    """V2 without its trace."""

    def __init__(self) -> None:
        super().__init__(name="silent")

    def run(
        self, prepared: Prepared, switches: Mapping[str, str], *, events: bool = False, gates: bool = False
    ) -> Answer:
        return super().run(prepared, switches)


def test_an_engine_without_a_trace_is_compared_by_results_and_that_is_said(tmp_path: Path) -> None:
    """Cases with events are equal, their branches are counted of the other engine, and nothing claims equal traces."""
    pair = Pair(V2Engine(), Silent(), tmp_path, Tolerances.load())
    campaign = Campaign(pair, Coverage(), tmp_path)
    session = Session()
    cases = [BUILDERS[name]() for name in ("exit_gap", "exit_slippage", "bar_order")]
    for case in cases:
        examined = campaign.examine(case)
        session.add("cases", examined.report)
        assert examined.report.verdict is Verdict.MATCH
        assert "silent has no trace: only results were compared" in describe(pair, examined)
    assert campaign.kinds == {}
    assert session.total.unknown == {"events": len(cases)}
    assert campaign.coverage.untraced == {"silent": len(cases)}
    assert campaign.coverage.count("data M1") == len(cases)
    assert "taken by V2 alone" in campaign.coverage.lines()[0]
    assert "silent gave no trace of 3 cases" in campaign.coverage.lines()[1]


def test_a_difference_without_a_trace_is_told_without_claiming_equal_traces(tmp_path: Path) -> None:
    pair = Pair(V2Engine(), Silent(), tmp_path, Tolerances.load())
    examined = pair.examine_at(BUILDERS["exit_gap"](), {"exit_gap": "v2"})
    assert examined.fingerprint is not None
    assert examined.fingerprint[:2] == ("outcome", "trades")
    text = describe(pair, examined)
    assert "silent has no trace: only results were compared" in text
    assert "traces are equal" not in text


def test_two_engines_that_gate_in_another_order_are_equal(tmp_path: Path) -> None:
    base = outcome(events=True)
    gates = [{**base["events"][0], "gate": name} for name in ("session", "news")]
    answers = [Answer(outcome=decode_outcome({**base, "events": [*order, *base["events"][1:]]}))
               for order in (gates, gates[::-1], [])]  # fmt: skip
    for a in answers:
        for b in answers:
            assert Pair(Raw(a), Raw(b), tmp_path, Tolerances.load()).examine(BUILDERS["exit_gap"]()).fingerprint is None


class KilledInTheMiddle(V1Engine):
    """The real V1 worker, killed while it works on the first request."""

    killed = False

    def _started(self) -> Channel:
        channel = super()._started()
        send = channel.send

        def send_and_kill(line: bytes) -> None:
            send(line)
            if not self.killed:
                self.killed = True
                os.kill(channel.pid, signal.SIGKILL)

        channel.send = send_and_kill  # type: ignore[method-assign]
        return channel


def test_a_v1_worker_killed_in_the_middle_of_a_run_costs_one_verdict_and_the_run_goes_on(
    tmp_path: Path,
) -> None:
    pair = Pair(KilledInTheMiddle(), V2Engine(), tmp_path, Tolerances.load())
    session = Session()
    try:
        for name in ("exit_gap", "exit_slippage", "bar_order"):
            session.add("cases", pair.run(BUILDERS[name]()))
    finally:
        pair.close()
    assert session.total.verdicts == {Verdict.INCOMPARABLE: 1, Verdict.MATCH: 2}
    assert "killed by SIGKILL" in session.total.reports[0]
    assert pair.a.restarts == 2


class Raw:
    """An engine that answers what it is given."""

    name = "raw"

    def __init__(self, answer: Answer) -> None:
        self.answer = answer

    def run(self, prepared: Prepared, switches: object, *, events: bool = False, gates: bool = False) -> Answer:
        return self.answer

    def close(self) -> None: ...


def test_a_failed_engine_never_counts_as_agreement(tmp_path: Path) -> None:
    broken = Answer(outcome=None, failure="panicked")
    pair = Pair(Raw(broken), Raw(broken), tmp_path, Tolerances.load())
    assert pair.run(BUILDERS["exit_gap"]()).verdict is Verdict.INCOMPARABLE
