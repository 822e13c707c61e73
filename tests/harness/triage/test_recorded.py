"""The recording is the third answer: an engine that does not give it is a finding, whatever the other one does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from parity.harness.adr.witnesses import BUILDERS
from parity.harness.coverage.registry import Coverage
from parity.harness.engines import V1Engine, V2Engine
from parity.harness.model.case import Case
from parity.harness.model.decode import decode_outcome
from parity.harness.model.files import prepare
from parity.harness.model.outcome import Answer, refusal
from parity.harness.model.recorded import Recording, RecordingError
from parity.harness.oracle.compare import Tolerances
from parity.harness.oracle.verdict import CaseReport, Verdict
from parity.harness.run.differential import Pair
from parity.harness.triage.campaign import Campaign
from parity.harness.triage.recorded import RecordedCampaign


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    pair = Pair(V1Engine(), V2Engine(), tmp_path_factory.mktemp("pair"), Tolerances.load())
    yield pair
    pair.close()


@pytest.fixture
def recorded(pair: Pair, tmp_path: Path) -> RecordedCampaign:
    return RecordedCampaign(Campaign(pair, Coverage(), tmp_path))


@pytest.fixture(scope="module")
def true(pair: Pair) -> Recording:
    """What both engines answer, as a recording."""
    case = BUILDERS["exit_gap"]()
    answer = pair.reference(prepare(case, pair.folder), events=True)
    return Recording(case=case, answer=answer, place="a.jsonl.gz:7")


def changed(recording: Recording, change: Any) -> Recording:
    raw = msgspec.json.decode(msgspec.json.encode(recording.answer.outcome))
    change(raw)
    return replace(recording, answer=Answer(outcome=decode_outcome(raw), bars=recording.answer.bars))


def judged(recorded: RecordedCampaign, recording: Recording) -> tuple[CaseReport, str]:
    (one,) = recorded.prefetched([recording])
    report = recorded.examine(one)
    return report, "\n".join(recorded.findings())


def test_a_recording_that_both_engines_give_is_a_match_and_counts_its_branches(
    recorded: RecordedCampaign, true: Recording
) -> None:
    report, text = judged(recorded, true)
    assert (report.verdict, report.trades, text) == (Verdict.MATCH, 1, "")
    assert recorded.campaign.coverage.count("exit stop long") + recorded.campaign.coverage.count("exit stop short") == 1


def dearer(raw: dict[str, Any]) -> None:
    raw["trades"][0]["exit_price"] += 1e-5
    for event in raw.get("events", ()):
        if event["event"] == "closed":
            event["price"] += 1e-5


def later(raw: dict[str, Any]) -> None:
    closed = next(event for event in raw["events"] if event["event"] == "closed")
    closed["bar"] += 1


def gated(raw: dict[str, Any]) -> None:
    first = raw["events"][0]
    gate = {"event": "gate", "gate": "news", "direction": None, "until_ns": None, "order": None}
    raw["events"].insert(0, {**gate, "bar": first["bar"], "timestamp_ns": first["timestamp_ns"]})


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (dearer, "trades[order 0].exit_price: "),
        (later, "events; the traces differ, the results do not"),
        (gated, "events; the traces differ, the results do not"),
    ],
)
def test_a_recording_that_neither_engine_gives_is_a_finding_with_path_and_bar(
    recorded: RecordedCampaign, true: Recording, change: Any, words: str
) -> None:
    report, text = judged(recorded, changed(true, change))
    assert report.verdict is Verdict.UNEXPLAINED
    assert report.reason == "a.jsonl.gz:7: V1 and V2 differ from the recording"
    assert words in text
    for said in ("recorded: 1 case: V1 differs from the recording in", f"first: {true.case.id} (a.jsonl.gz:7)",
                 "the recording -> V1:", "the recording -> V2:", "omega-parity replay"):  # fmt: skip
        assert said in text
    if change is not gated:
        assert "bar " in text
    (saved,) = recorded.campaign.folder.glob("*.json")
    assert Case.load(saved).id == true.case.id


def test_a_recorded_refusal_is_given_by_its_code(recorded: RecordedCampaign, true: Recording) -> None:
    report, text = judged(recorded, replace(true, answer=Answer(outcome=refusal("original", 4000))))
    assert report.verdict is Verdict.UNEXPLAINED
    assert "the recording -> V1: error.code: 4000 -> None" in text


def test_equal_findings_are_told_once_and_counted(recorded: RecordedCampaign, true: Recording) -> None:
    for recording in recorded.prefetched([changed(true, dearer), changed(true, dearer)]):
        recorded.examine(recording)
    (text,) = recorded.findings()
    assert text.startswith("recorded: 2 cases: ")
    again = RecordedCampaign(recorded.campaign, recorded.told)
    assert "as in a.jsonl.gz:7" in judged(again, changed(true, dearer))[1]


def test_an_engine_alone_that_differs_is_named(true: Recording, tmp_path: Path) -> None:
    class Bent(V2Engine):
        def run(self, *args: Any, **options: Any) -> Answer:
            answer = super().run(*args, **options)
            bent = changed(replace(true, answer=answer), dearer).answer
            return replace(answer, outcome=bent.outcome)

    pair = Pair(V1Engine(), Bent(), tmp_path, Tolerances.load())
    recorded = RecordedCampaign(Campaign(pair, Coverage(), tmp_path))
    try:
        report, text = judged(recorded, true)
    finally:
        pair.close()
    assert report.reason == "a.jsonl.gz:7: V2 differs from the recording"
    assert "the recording -> V1" not in text
    assert len(recorded.campaign.kinds) == 1  # to be minimised, because the engines differ, too


def test_an_engine_that_gives_no_answer_is_incomparable(true: Recording, tmp_path: Path) -> None:
    pair = Pair(V1Engine(command=["false"]), V2Engine(), tmp_path, Tolerances.load())
    recorded = RecordedCampaign(Campaign(pair, Coverage(), tmp_path))
    try:
        assert judged(recorded, true)[0].verdict is Verdict.INCOMPARABLE
    finally:
        pair.close()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"news": (("no time", "USD", "HIGH"),)}, "a.jsonl.gz:7: case: "),
        ({"config": {"symbol": "../../EURUSD"}}, "a.jsonl.gz:7: case: config.symbol: '../../EURUSD' is no file name"),
    ],
)
def test_a_recording_whose_files_cannot_be_written_is_reported_with_its_place(
    recorded: RecordedCampaign, true: Recording, change: dict[str, Any], words: str
) -> None:
    if "config" in change:
        change = {"config": {**true.case.config, **change["config"]}}
    with pytest.raises(RecordingError, match=r"a\.jsonl\.gz:7") as error:
        list(recorded.prefetched([replace(true, case=replace(true.case, **change))]))
    assert words in str(error.value)
