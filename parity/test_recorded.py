"""What the legacy engine itself answered: V1 and V2 give every recorded outcome, events included."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from parity.harness.model.recorded import OWN, count, observed_root, recorded_files, recordings
from parity.harness.oracle.verdict import DivergenceError, IncomparableError, Verdict
from parity.harness.report.session import Session
from parity.harness.report.tally import RECORDED, Pace
from parity.harness.triage.campaign import Campaign
from parity.harness.triage.recorded import Kind, RecordedCampaign

ROOT = observed_root()
FILES = recorded_files(ROOT)
#: Recordings in one test: small enough for several processes to share the work.
CHUNK = 100
CHUNKS = [
    pytest.param(path, range(first, first + CHUNK), id=f"{path.name}-{first}")
    for path in FILES
    for first in range(1, max(1, count(path)) + 1, CHUNK)
]
NONE = pytest.param(None, range(0), id="none", marks=pytest.mark.skip(reason=f"no recorded outcomes in {ROOT}"))


@pytest.fixture(scope="module")
def told() -> dict[Kind, str]:
    """Kinds of differences that a test of this process has told in full."""
    return {}


def test_the_project_has_recorded_outcomes_of_its_own() -> None:
    assert ROOT != OWN or FILES, f"no recorded outcomes in {OWN}"


@pytest.mark.parametrize(("path", "numbers"), CHUNKS or [NONE])
def test_recorded_outcomes_are_those_of_both_engines(
    path: Path, numbers: range, campaign: Campaign, session: Session, told: dict[Kind, str]
) -> None:
    recorded, clocks = RecordedCampaign(campaign, told), campaign.pair.clocks
    before, began, verdicts = (clocks.a, clocks.b), time.perf_counter(), []
    for recording in recorded.prefetched(recordings(path, numbers)):
        report = recorded.examine(recording)
        verdicts.append(report.verdict)
        session.add(f"{RECORDED} {recording.kind}", report)
    pace = Pace(len(verdicts), time.perf_counter() - began, clocks.a - before[0], clocks.b - before[1])
    session.paces.setdefault(RECORDED, Pace()).add(pace)
    assert verdicts, f"{path.name}: no recording in lines {numbers.start} to {numbers.stop - 1}"
    texts = recorded.findings() + [found.text for found in campaign.conclude(name=f"recorded-{numbers.start}")]
    session.findings += [f"FOUND {text}" for text in texts]
    if Verdict.UNEXPLAINED in verdicts:
        raise DivergenceError("\n\n".join(texts))
    if Verdict.INCOMPARABLE in verdicts:
        raise IncomparableError("\n\n".join(texts))
