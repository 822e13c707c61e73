"""The configs that V1 was measured on: V1 and V2 agree on every one of them, too."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import yaml

from parity.harness.model.case import Case
from parity.harness.oracle.verdict import Verdict, require_match
from parity.harness.report.session import Session
from parity.harness.run.differential import Pair
from parity.harness.triage.campaign import kept

OBSERVED = Path(__file__).resolve().parent.parent / "legacy_v1" / "observed"
RUNS = sorted((OBSERVED / "runs").glob("*.json"))
#: The one run that was measured with news.
WITH_NEWS = "full_s1_news"


def observed_case(path: Path) -> Case:
    """The measured config with its data, costs and symbols."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    config = raw["config"]
    news: list[tuple[str, str, str]] = []
    if raw["case"] == WITH_NEWS:
        with (OBSERVED / "data" / "news" / "news_calender_history.csv").open(encoding="utf-8", newline="") as handle:
            news = [(row["Start"], row["Currency"], row["Impact"] or "HIGH") for row in csv.DictReader(handle)]
    costs, specs = (
        yaml.safe_load((OBSERVED / config[key]).read_text(encoding="utf-8"))
        for key in ("execution_costs_file", "symbol_specs_file")
    )
    return Case(
        id=f"observed::{raw['case']}",
        config={key: value for key, value in config.items() if not key.endswith("_file")},
        data_root=str(OBSERVED / "data" / "parquet"),
        costs=costs,
        specs=specs,
        news=tuple(news),
    )


def test_there_are_observed_runs_of_all_six_scenarios() -> None:
    enabled = {n for path in RUNS for n in observed_case(path).config["strategy"]["parameters"]["enabled_scenarios"]}
    assert len(RUNS) >= 30
    assert enabled == {1, 2, 3, 4, 5, 6}


@pytest.mark.parametrize("path", RUNS, ids=lambda path: path.stem)
def test_observed_run_is_equal_with_all_switches_at_v1(path: Path, pair: Pair, session: Session, out: Path) -> None:
    case = observed_case(path)
    report = pair.run(case)
    session.add("observed runs", report)
    if report.verdict is not Verdict.MATCH:
        require_match(report, kept(pair, case, out / "failed-cases"))
