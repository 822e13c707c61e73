"""Choices, minimising, fingerprints, words and pictures: what turns a difference into something a person can read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from parity.harness.adr.witnesses import BUILDERS
from parity.harness.coverage.registry import BRANCHES, Coverage
from parity.harness.engines import V1Engine, V2Engine
from parity.harness.generate.cases import build_case, sweep_case
from parity.harness.generate.choices import Given, Seeded
from parity.harness.model.bars import Bars
from parity.harness.model.case import Case
from parity.harness.model.decode import decode_outcome
from parity.harness.model.files import Prepared, prepare
from parity.harness.model.limits import Limits
from parity.harness.model.outcome import Answer, Outcome
from parity.harness.oracle.compare import Tolerances
from parity.harness.oracle.grouping import grouped
from parity.harness.oracle.verdict import Verdict
from parity.harness.report.session import Session
from parity.harness.run.differential import Pair
from parity.harness.triage.campaign import Campaign
from parity.harness.triage.describe import describe
from parity.harness.triage.minimise import Budget, Size, by_choices, minimise
from parity.harness.triage.narrate import Side, narrate


class Bent(V2Engine):
    """V2, but every stopped position is said to have left at a better price."""

    def run(self, prepared: Prepared, switches: Any, *, events: bool = False, gates: bool = False) -> Answer:
        answer = super().run(prepared, switches, events=events, gates=gates)
        if not isinstance(answer.outcome, Outcome):
            return answer
        raw = msgspec.json.decode(msgspec.json.encode(answer.outcome))
        for row in (*raw["trades"], *raw.get("events", ())):
            if row.get("reason") == "stop_loss":
                row["exit_price" if "exit_price" in row else "price"] += 1.0
        return replace(answer, outcome=decode_outcome(raw))


@pytest.fixture(scope="module")
def bent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    pair = Pair(V1Engine(), Bent(), tmp_path_factory.mktemp("bent"), Tolerances.load())
    yield pair
    pair.close()


def test_a_case_of_the_sweep_is_made_again_by_its_choices() -> None:
    for number in range(40):
        case, made = sweep_case(3, number)
        assert build_case(Given(made)).to_json() == case.to_json()


def test_a_case_of_the_sweep_is_the_first_one_that_hypothesis_shrinks() -> None:
    case, made = next(pair for pair in (sweep_case(1, i) for i in range(40)) if "scripted" in pair[0].tags)
    seen: list[str] = []

    def shows(candidate: Case) -> bool:
        seen.append(candidate.to_json())
        return "scripted" in candidate.tags

    small = by_choices(made, shows, Budget(seconds=5, tries=200))
    assert seen[0] == case.to_json()
    assert small is not None
    assert len(small.to_json()) < len(case.to_json())


def test_cases_of_a_sweep_depend_on_seed_and_number_alone() -> None:
    assert sweep_case(5, 17)[0].to_json() == sweep_case(5, 17)[0].to_json()
    assert sweep_case(5, 17)[0].to_json() != sweep_case(6, 17)[0].to_json()
    assert Seeded(1, 2).integer(5, 5) == 5


def test_limits_of_an_engine_narrow_what_is_drawn() -> None:
    limits = Limits().narrowed({"strategies": ["scripted"], "symbols": ["EURUSD"], "oddities": ["none"]})
    for number in range(60):
        case, _ = sweep_case(0, number, limits)
        assert case.config["symbol"] == "EURUSD"
        assert "scripted" in case.tags
        assert "rows none" in case.tags
    with pytest.raises(ValueError, match="symbols: nothing of"):
        Limits().narrowed({"symbols": ["GBPUSD"]})


def test_rows_that_only_one_side_has_survive_the_case_file(tmp_path: Path) -> None:
    case, _ = next(pair for pair in (sweep_case(0, i) for i in range(0, 4000, 8)) if "rows missing_ask" in pair[0].tags)
    again = Case.load(case.save(tmp_path))
    assert again.bars == case.bars
    assert any(row[5] is None for bars in again.bars.values() for row in bars.rows())


def test_a_market_that_is_in_use_outlives_many_others(tmp_path: Path) -> None:
    kept, _ = sweep_case(0, 0)
    for number in range(400):
        prepared = prepare(kept, tmp_path)
        assert len(list(prepared.data_root.rglob("*.parquet"))) == 2 * len(kept.bars)
        prepare(sweep_case(1, number)[0], tmp_path)
    assert len(list((tmp_path / "series").iterdir())) < 80


def test_a_difference_is_minimised_to_one_order_and_a_few_bars_and_keeps_its_fingerprint(bent: Pair) -> None:
    for number in range(100):
        case, _ = sweep_case(0, number)
        found = bent.examine(case).fingerprint
        if found and Size.of(case).orders > 2:
            break
    else:
        pytest.fail("no case of several orders shows the bent engine")
    small = minimise(case, lambda c: bent.examine(c).fingerprint == found, budget=Budget(seconds=20, tries=800))
    assert Size.of(small).orders == 1
    assert Size.of(small).bars <= 4
    assert bent.examine(small).fingerprint == found


def test_minimising_keeps_orders_on_the_bars_they_belong_to() -> None:
    case = BUILDERS["exit_gap"]()
    rows = case.bars["M1"].rows()
    quiet = [[rows[0][0] + i * 60_000_000_000, *rows[0][1:]] for i in range(20)]
    late = [[rows[1][0] + 19 * 60_000_000_000, *rows[1][1:]]]
    parameters = {**case.config["strategy"]["parameters"]}
    parameters["orders"] = [{**parameters["orders"][0], "bar": 19}]
    case = replace(case, bars={"M1": Bars.of(quiet + late)})
    case = case.with_config(strategy={**case.config["strategy"], "parameters": parameters})

    def shows(candidate: Case) -> bool:
        bars = candidate.bars["M1"].rows()
        at = candidate.config["strategy"]["parameters"]["orders"][0]["bar"]
        return at + 1 < len(bars) and bars[at + 1][3] < 1.098

    small = minimise(case, shows)
    assert Size.of(small).bars == 2
    assert small.config["strategy"]["parameters"]["orders"][0]["bar"] == 0


def test_a_budget_ends_the_search() -> None:
    case, _ = sweep_case(0, 6)
    budget = Budget(seconds=60, tries=7)
    minimise(case, lambda _: False, budget=budget)
    assert budget.used == 7


def test_a_campaign_keeps_one_case_of_each_kind_and_says_how_to_replay_it(bent: Pair, tmp_path: Path) -> None:
    campaign = Campaign(bent, Coverage(), tmp_path, minimise_seconds=5)
    for number in range(12):
        campaign.examine(*sweep_case(0, number))
    found = campaign.conclude()
    assert 1 <= len(found) <= 3
    first = found[0]
    assert first.path is not None
    assert "omega-parity replay" in first.text
    assert "bars:" not in first.text.splitlines()[0]
    saved = Case.load(first.path)
    assert saved.seen["fingerprint"] == list(first.fingerprint)
    assert saved.seen["versions"]["V2"]
    assert bent.examine(saved).report.verdict is Verdict.UNEXPLAINED


def test_words_name_bar_level_and_comparison(tmp_path: Path) -> None:
    pair = Pair(V1Engine(), V2Engine(), tmp_path, Tolerances.load())
    case = BUILDERS["pip_buffer_pip"]()
    prepared = pair.prepare(case)
    a = pair.reference(prepared, events=True)
    b = pair.candidate(prepared, {"pip_buffer_pip": "v2"}, events=True)
    pair.close()
    assert a.outcome is not None
    assert b.outcome is not None
    sides = (Side(name="V1", outcome=a.outcome), Side(name="V2", outcome=b.outcome))
    text = narrate(case, sides)
    first = text.splitlines()[0]
    assert first.startswith(
        "bar 1 (2025-01-07 00:01): V2 finds levels of order 0 touched: b.H 150.296 >= TP 150.3 - buffer 0.005; V1 does"
    )
    assert "> 2025-01-07 00:01" in text


def test_a_report_groups_consequences_under_their_cause(bent: Pair) -> None:
    examined = bent.examine(BUILDERS["exit_gap"]())
    findings = grouped(examined.report.differences)
    assert len(findings) == 1
    assert "exit_price" in describe(bent, examined)


def test_a_branch_that_only_one_engine_has_taken_counts_as_never_taken() -> None:
    coverage = Coverage()
    name, other = list(BRANCHES)[:2]
    coverage.add("V1", [name])
    coverage.add("V2", [other])
    assert {name, other} <= set(coverage.missing())
    coverage.add("V2", [name])
    assert name not in coverage.missing()
    assert coverage.count(name) == 1
    # Of an engine without a trace only refusals are known: what it does not show is not missing.
    coverage.add("silent", [], traced=False)
    coverage.add_untraced("silent")
    assert coverage.count(name) == 1
    with pytest.raises(KeyError, match="no such branch"):
        coverage.add("V1", ["a branch nobody knows"])


def test_a_whole_run_that_misses_a_branch_is_vacuous_and_a_narrowed_one_is_not() -> None:
    from parity.harness.oracle.verdict import CaseReport
    from parity.harness.report.tally import MarketRun

    session = Session(tests={"a"}, ran={"a"})
    session.market_runs.append(MarketRun("run", Verdict.MATCH, 1000, 400, 1.0, 0.1))
    for i in range(30):
        session.add("cases", CaseReport(case_id=str(i), verdict=Verdict.MATCH, trades=10))
    for engine in ("V1", "V2"):
        session.coverage.add(engine, list(BRANCHES)[1:])
    assert str(session.vacuous()).startswith(f"1 rule branches were never taken: {next(iter(BRANCHES))}")
    assert session.whole
    session.profile = replace(session.profile, gate=False)
    assert session.vacuous() is None
    session.profile = replace(session.profile, gate=True)
    session.absent = {"test_markets.py"}
    assert session.vacuous() is None


PINNED = sorted((Path(__file__).resolve().parents[3] / "parity" / "cases").glob("branch__*.json"))


def test_kept_cases_take_the_branch_they_are_kept_for(tmp_path: Path) -> None:
    from parity.harness.coverage.execution import branches

    assert len(PINNED) >= 10
    engine = V2Engine()
    for path in PINNED:
        case = Case.load(path)
        answer = engine.run(prepare(case, tmp_path), {}, events=True)
        assert answer.outcome is not None
        assert case.tags[1] in branches(case, answer.outcome), path.name
