"""The main job: the same configs on a whole market, V1 against V2."""

from __future__ import annotations

from pathlib import Path

import pytest

from parity.harness.adr import record as adr
from parity.harness.engines import SWITCHES
from parity.harness.generate import market_runs
from parity.harness.model.case import Case
from parity.harness.oracle.attribution import attribute_to_switches
from parity.harness.oracle.verdict import CaseReport, Verdict, judge
from parity.harness.report.session import MarketRun, Session
from parity.harness.run.differential import Pair
from parity.harness.triage.campaign import kept

REPOSITORY = Path(__file__).resolve().parent.parent
WITH_ADR = adr.by_switch(adr.load_all()).keys()
NAMES = [name for name, *_ in market_runs.RUNS] + ["scripted"]


@pytest.fixture(scope="module")
def by_name(session: Session) -> dict[str, Case]:
    where = market_runs.source(REPOSITORY)
    session.market = str(where)
    return {case.id.removeprefix("market::"): case for case in market_runs.cases(where)}


@pytest.mark.parametrize("name", NAMES)
def test_market_run_is_equal_with_all_switches_at_v1(
    name: str, by_name: dict[str, Case], pair: Pair, session: Session, pytestconfig: pytest.Config, out: Path
) -> None:
    case = by_name[name]
    prepared = pair.prepare(case)
    a = pair.reference(prepared)
    b = pair.candidate(prepared, {})
    report = judge(case.id, a, b, pair.differences(a, b), parity=True)
    session.add("market runs", report)
    run = MarketRun(name, report.verdict, a.bars, a.trades, a.seconds, b.seconds)
    session.market_runs.append(run)
    assert report.verdict is Verdict.MATCH, kept(pair, case, out / "failed-cases")
    if pytestconfig.getoption("--no-sweep"):
        return
    agrees = {}

    def equal(at_v1: frozenset[str]) -> bool:
        if at_v1 not in agrees:
            at_v2 = {name: "v2" for name in SWITCHES if name not in at_v1}
            candidate = pair.candidate(prepared, at_v2)
            agrees[at_v1] = candidate.failure is None and not pair.differences(a, candidate, parity=not at_v2)
        return agrees[at_v1]

    every = frozenset(SWITCHES)
    run.differing = tuple(name for name in SWITCHES if not equal(every - {name}))
    assert equal(every)
    explained = attribute_to_switches(SWITCHES, equal)
    assert explained is not None
    run.explained_by = tuple(sorted(explained))
    session.add(
        "market runs at v2",
        CaseReport(
            case_id=f"{case.id} at v2",
            verdict=Verdict.EXPLAINED if explained else Verdict.MATCH,
            switches=explained,
            trades=a.trades,
            bars=a.bars,
        ),
    )
    assert explained <= WITH_ADR, "a switch without an ADR explains nothing"
