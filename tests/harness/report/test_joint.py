"""Sessions of several machines are joined to one, and gated as one; those that do not belong together are refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from harness.report.sessions import match, part

from parity.harness.cli.main import main
from parity.harness.coverage.registry import BRANCHES
from parity.harness.oracle.verdict import CaseReport, Verdict
from parity.harness.report.document import encode
from parity.harness.report.session import Session

VERSIONS = {"V1": "1", "V2": "2", "python": "3.11", "machine": "x"}


def saved(folder: Path, *sessions: Session, **head: Any) -> list[str]:
    """Paths of the sessions as files."""
    paths = []
    for i, seen in enumerate(sessions):
        path = folder / f"{len(list(folder.iterdir()))}-{i}.json"
        path.write_text(encode(seen, **{"commit": "c0ffee", "versions": VERSIONS, **head}), encoding="utf-8")
        paths.append(str(path))
    return paths


def test_shards_together_are_a_whole_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = saved(tmp_path, part(2, 3), part(1, 3), part(3, 3))
    assert main(["merge", *paths, "--whole", "--out", str(tmp_path / "joint")]) == 0
    out = capsys.readouterr().out
    assert "EQUAL: 93 cases, 360 trades, 6 ADRs" in out
    assert "3 configs, 1200 trades" in out
    assert f"{len(BRANCHES)} of {len(BRANCHES)}" in out
    assert "EQUAL: 93 cases" in (tmp_path / "joint" / "parity-report.txt").read_text(encoding="utf-8")


def test_a_difference_of_one_shard_is_one_of_the_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = part(2, 2)
    bad.add("sweep", CaseReport(case_id="x", verdict=Verdict.UNEXPLAINED, reason="all switches at v1"))
    assert main(["merge", *saved(tmp_path, part(1, 2), bad)]) == 1
    assert "NOT EQUAL: 1 unexplained case" in capsys.readouterr().out


def test_a_test_that_failed_in_one_shard_ends_the_whole_with_2_and_a_broken_rule_with_3(tmp_path: Path) -> None:
    for kind, code in (("infrastructure", 2), ("performance", 3), ("difference", 1)):
        bad = part(2, 2)
        bad.fail(kind, "a test", "because")
        assert main(["merge", *saved(tmp_path, part(1, 2), bad)]) == code


def test_a_branch_that_no_shard_has_taken_makes_the_whole_vacuous_and_no_shard_by_itself(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shards = [part(1, 2), part(2, 2)]
    for shard in shards:
        for hits in shard.coverage.hits.values():
            del hits["data M1"]
        assert shard.vacuous() is None
    assert main(["merge", *saved(tmp_path, *shards)]) == 2
    assert "VACUOUS: 1 rule branches were never taken: data M1" in capsys.readouterr().out
    shards[1].coverage.add("old", ["data M1"])
    shards[1].coverage.add("new", ["data M1"])
    assert main(["merge", *saved(tmp_path, *shards)]) == 0


def test_too_few_trades_of_all_shards_make_the_whole_vacuous(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shards = [part(k, 2, cases=1) for k in (1, 2)]
    assert main(["merge", *saved(tmp_path, *shards)]) == 2
    assert "VACUOUS: 4 comparable cases" in capsys.readouterr().out
    for shard in shards:
        for i in range(40):
            shard.add("sweep", match(str(i)))
    assert main(["merge", *saved(tmp_path, *shards)]) == 0


def test_shards_that_left_something_out_are_no_whole_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shards = [part(1, 2), part(2, 2)]
    shards[1].absent = {"test_adrs.py"}
    paths = saved(tmp_path, *shards)
    assert main(["merge", *paths]) == 0
    assert "PARTIAL: no difference in 62 cases" in capsys.readouterr().out
    assert main(["merge", *paths, "--whole"]) == 2
    assert "these sessions are no whole run: not run: test_adrs.py" in capsys.readouterr().err
    shards[1].absent, shards[1].narrowed = set(), ["single switches on the market runs (--no-sweep)"]
    assert main(["merge", *saved(tmp_path, *shards), "--whole"]) == 2
    assert "no whole run: not run: single switches on the market runs (--no-sweep)" in capsys.readouterr().err


def other(**profile: Any) -> Session:
    seen = part(2, 2)
    seen.profile = replace(seen.profile, **profile)
    return seen


@pytest.mark.parametrize(
    ("second", "head", "words"),
    [
        (part(2, 2), {"commit": "another"}, "another commit than"),
        (part(2, 2), {"commit": "unknown"}, "its commit is unknown"),
        (part(2, 2), {"versions": {**VERSIONS, "V2": "3"}}, "another versions than"),
        (other(seed=7), {}, "another profile's seed than"),
        (other(name="dev"), {}, "another profile than"),
        (other(sweep=7), {}, "another profile's sweep than"),
        (other(gate=False), {}, "another profile's gate than"),
        (other(reduced="most of it"), {}, "another profile's reduced than"),
        (part(1, 2), {}, "shard 1/2 is in"),
        (part(2, 3), {}, "another number of shards than"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_sessions_that_do_not_belong_together_are_refused(
    second: Session, head: dict[str, Any], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [*saved(tmp_path, part(1, 2)), *saved(tmp_path, second, **head)]
    assert main(["merge", *paths]) == 2
    assert words in capsys.readouterr().err


def test_missing_shards_and_files_that_are_none_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = saved(tmp_path, part(1, 4), part(3, 4))
    assert main(["merge", *paths]) == 2
    assert "missing shards: 2/4, 4/4" in capsys.readouterr().err
    paths = saved(tmp_path, part(1, 1_000_000))
    assert main(["merge", *paths]) == 2
    assert "missing shards: 2/1000000" in capsys.readouterr().err
    assert main(["merge", str(tmp_path / "none.json")]) == 2
    assert "none.json: No such file" in capsys.readouterr().err
    broken = tmp_path / "broken.json"
    broken.write_bytes(b"\xff\xfe{")
    assert main(["merge", str(broken)]) == 2
    assert "broken.json: is no strict JSON" in capsys.readouterr().err
    good = saved(tmp_path, part())
    assert main(["merge", *good, "--out", str(broken)]) == 2
    assert "the report cannot be written there" in capsys.readouterr().err
