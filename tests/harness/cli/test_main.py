"""omega-parity as people use it: what it prints, what it writes, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from parity.harness.cli.main import main
from parity.harness.model.case import Case

CASES = Path(__file__).resolve().parents[3] / "parity" / "cases"
GAP = str(CASES / "switch__exit_gap.json")


def test_replay_of_an_equal_case_ends_with_0_and_of_a_different_one_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", GAP]) == 0
    assert "match" in capsys.readouterr().out
    assert main(["replay", GAP, "--v2", "exit_gap"]) == 1
    out = capsys.readouterr().out
    assert "trades[order 0].exit_price: 1.0981 -> 1.097" in out
    assert "bar 1 (2025-01-07 00:01): V1 closes order 0 at 1.0981 (stop_loss) because b.L 1.0969 <= SL 1.0981" in out
    assert main(["replay", GAP, "--v2", "exit_gap", "--diff"]) == 1
    assert "trades, order 0:" in capsys.readouterr().out
    assert main(["replay", GAP, "--v2", "exit_gap", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["differences"][0]["path"] == "trades[order 0].exit_price"


def test_explain_names_switches_adrs_and_effects(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", GAP]) == 0
    out = capsys.readouterr().out
    assert "exit_gap (0015-" in out
    assert "V1: 1 trade, result -100.00, fees 0.00" in out
    assert "exit_gap alone:\n  result: V1 -100.00, with exit_gap at v2 -155.00: 55.00 worse\n" in out
    assert main(["explain", str(CASES / "switch__config_rules.json")]) == 0
    out = capsys.readouterr().out
    assert "V1 runs (1 trade, result -50.00, fees 0.00), V2 with config_rules at v2 refuses with 1006" in out


def test_locate_says_where_or_that_there_is_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["locate", GAP]) == 0
    assert "no difference" in capsys.readouterr().out
    assert main(["locate", GAP, "--v2", "exit_gap"]) == 1
    assert capsys.readouterr().out.startswith("bar 1 (2025-01-07 00:01): ")


def test_shrink_writes_a_smaller_case_next_to_the_given_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = Case.load(CASES / "switch__level_rounding.json")
    path = case.save(tmp_path)
    assert main(["shrink", str(path), "--v2", "level_rounding", "--seconds", "10"]) == 0
    assert "bars" in capsys.readouterr().out
    small = Case.load(path.with_name(f"{path.stem}-small.json"))
    assert len(small.to_json()) <= len(case.to_json())
    assert main(["shrink", str(path)]) == 2
    assert "shows no difference" in capsys.readouterr().err


def test_plot_writes_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "gap.svg"
    assert main(["plot", GAP, "--v2", "exit_gap", "-o", str(target)]) == 0
    assert "<svg" in target.read_text(encoding="utf-8")
    assert main(["plot", GAP, "-o", str(tmp_path / "gap.txt")]) == 2
    assert "a plot is one of" in capsys.readouterr().err


def test_a_sweep_reports_coverage_and_ends_with_0_when_nothing_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sweep", "--cases", "24", "--seed", "9", "-o", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "24 cases of seed 9: 0 kinds of differences" in out
    assert "Rule branches taken by both engines" in out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["replay", "none.json"], "none.json: No such file"),
        (["replay", GAP, "--v2", "exit_gape"], "unknown switches: exit_gape; known: bar_order"),
        (["replay", GAP, "--engines", "none.toml"], "none.toml: No such file"),
    ],
)
def test_what_cannot_be_used_is_named_and_ends_with_2(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert words in capsys.readouterr().err


def test_a_file_that_is_no_case_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "case.json"
    path.write_text('{"format": "omega-parity-case/1"}')
    assert main(["locate", str(path)]) == 2
    says = capsys.readouterr().err
    assert says.startswith(f"omega-parity: {path} is not a case file: Object missing required field")
    assert says.count(str(path)) == 1


@pytest.mark.parametrize("verb", [["adr", "check"], ["replay", GAP], ["bench", "history", "one"]])
def test_an_argument_too_many_shows_the_usage_of_the_verb(verb: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*verb, "more"])
    assert caught.value.code == 2
    says = capsys.readouterr().err
    assert says.startswith(f"usage: omega-parity {' '.join(word for word in verb if word not in (GAP, 'one'))} [-h]")
    assert says.endswith("error: unrecognized arguments: more\n")


def test_merge_says_what_gates_the_whole(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["merge", "--help"])
    assert "Give --whole to end with 2" in " ".join(capsys.readouterr().out.split())


def test_help_teaches_with_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--help"])
    assert caught.value.code == 0
    assert "omega-parity explain CASE" in capsys.readouterr().out
