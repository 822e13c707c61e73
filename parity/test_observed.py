"""The configs that V1 was measured on: V1 and V2 agree on every one of them, too. Any subset of the files will do."""

from __future__ import annotations

from pathlib import Path

import pytest

from parity.harness.model.observed import observed_case, run_files
from parity.harness.model.recorded import OWN, observed_root, recorded_files
from parity.harness.oracle.verdict import Verdict, require_match
from parity.harness.report.session import Session
from parity.harness.run.differential import Pair
from parity.harness.triage.campaign import kept

ROOT = observed_root()
RUNS = run_files(ROOT)
NONE = pytest.param(None, id="none", marks=pytest.mark.skip(reason=f"no observed runs in {ROOT}"))


def test_there_is_something_observed() -> None:
    kinds = ("indicators", "rules", "scripted", "julia")
    others = [path for kind in kinds for path in (ROOT / kind).glob("*.json")]
    assert RUNS or recorded_files(ROOT) or others, f"nothing observed in {ROOT}"


def test_the_projects_own_runs_are_of_all_six_scenarios() -> None:
    cases = [observed_case(path, OWN) for path in run_files(OWN)]
    enabled = {n for case in cases for n in case.config["strategy"]["parameters"]["enabled_scenarios"]}
    assert enabled == {1, 2, 3, 4, 5, 6}


@pytest.mark.parametrize("path", RUNS or [NONE], ids=lambda path: path.stem)
def test_observed_run_is_equal_with_all_switches_at_v1(path: Path, pair: Pair, session: Session, out: Path) -> None:
    case = observed_case(path, ROOT)
    report = pair.run(case)
    session.add("observed runs", report)
    if report.verdict is not Verdict.MATCH:
        require_match(report, kept(pair, case, out / "failed-cases"))
