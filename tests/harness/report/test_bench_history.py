"""Benchmarks are compared by what can be judged: a real regression is red, noise and another machine are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parity.harness.cli.main import main
from parity.harness.report.bench_history import BenchFile, changes, history, read


def facts(
    factor: float = 1.0, *, noise: float = 0.03, seed: int = 1, processor: str = "A", count: float = 2800.0
) -> Any:
    drawn = np.random.default_rng(seed).normal(1.0, noise, 14)
    return {
        "machine": {"processor": processor},
        "ratios": {
            "whole / floor": {"below": True, "rounds": (2.0 * factor * drawn).tolist()},
            "peer / whole": {"below": False, "rounds": (20.0 / factor * drawn).tolist()},
        },
        "instructions_per_bar": {"trades": count},
    }


def file(document: Any) -> BenchFile:
    return read(json.dumps(document).encode())


def red(a: Any, b: Any) -> list[str]:
    return [change.name for change in changes(file(a), file(b)) if change.red]


def test_a_real_slowdown_is_red_in_both_directions_of_a_ratio() -> None:
    assert red(facts(), facts(1.5, seed=2)) == ["whole / floor", "peer / whole"]
    assert red(facts(1.5), facts(seed=2)) == []


def test_noise_is_not_red() -> None:
    assert [red(facts(seed=s), facts(noise=0.3, seed=s + 100)) for s in range(20)].count([]) >= 19


def test_ratios_of_another_machine_are_shown_and_not_judged() -> None:
    found = changes(file(facts()), file(facts(3.0, processor="B")))
    assert [change.judged for change in found] == [False, False, True]
    assert not any(change.red for change in found)


def test_instruction_counts_are_judged_on_any_machine() -> None:
    assert red(facts(), facts(processor="B", count=2900.0)) == ["instructions per bar, trades"]


def test_the_command_ends_with_3_for_a_slowdown_and_2_for_files_that_cannot_be_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, body in (("a", facts()), ("b", facts(1.5, seed=2)), ("c", facts(seed=3)), ("none", {"ratios": {}})):
        (tmp_path / name).write_text(json.dumps(body))
    paths = {name: str(tmp_path / name) for name in ("a", "b", "c", "none")}
    assert main(["bench", "compare", paths["a"], paths["b"]]) == 3
    assert "WORSE" in capsys.readouterr().out
    assert main(["bench", "compare", paths["a"], paths["c"]]) == 0
    assert main(["bench", "compare", paths["a"], paths["none"]]) == 2
    assert "no figures in common" in capsys.readouterr().err
    assert main(["bench", "compare", paths["a"], str(tmp_path / "missing")]) == 2


def kept(when: str, commit: str, *, ratio: float = 2.0, processor: str = "A", count: object = None) -> Any:
    return {
        "when": when,
        "versions": {"commit": commit},
        "machine": {"processor": processor},
        "ratios": {"whole / floor": {"ratio": ratio}},
        "instructions_per_bar": count,
    }


def test_history_shows_each_file_in_the_order_of_its_time(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [
        kept("20260103T000000Z", "cccccc", ratio=1.75, count={"trades": 2500.0}),
        kept("20260101T000000Z", "aaaaaa", ratio=2.25, count="valgrind is missing"),
    ]
    for i, file in enumerate(files):
        (tmp_path / f"{i}.json").write_text(json.dumps(file), encoding="utf-8")
    assert main(["bench", "history", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["aaaaaa", "cccccc"]
    assert lines[2].split()[-2:] == ["2.25", "1.75"]
    assert lines[3].split()[-2:] == ["-", "2,500.0"]
    assert len(lines) == 4


def test_history_says_when_machines_differ() -> None:
    assert "not one machine" in history([file(kept("1", "a")), file(kept("2", "b", processor="B"))])[-1]


ROUNDS = {"below": True, "rounds": [2.0, 2.1]}
#: Contents that are no file of `make bench`, and what the message says of them.
UNUSABLE = {
    "empty": (b"", "Input data was truncated"),
    "no JSON": (b"{not json", "malformed"),
    "no text": (b"\xff\xfe{}", "malformed"),
    "a number": (b"3", "Expected `object`, got `int`"),
    "a list": (b"[]", "Expected `object`, got `array`"),
    "nothing": (b"null", "Expected `object`, got `null`"),
    "no ratios": (b"{}", "missing required field `ratios`"),
    "ratios of text": (json.dumps({"ratios": "fast"}).encode(), "$.ratios"),
    "a ratio of text": (json.dumps({"ratios": {"x": {"rounds": ["2"]}}}).encode(), "$.ratios[...].rounds[0]"),
    "a true ratio": (json.dumps({"ratios": {"x": {"rounds": [True]}}}).encode(), "$.ratios[...].rounds[0]"),
    "a ratio of zero": (json.dumps({"ratios": {"x": {"rounds": [0.0]}}}).encode(), "$.ratios[...].rounds[0]"),
    "not a number": (b'{"ratios": {"x": {"rounds": [NaN]}}}', "malformed"),
    "beyond a double": (b'{"ratios": {"x": {"rounds": [1e400]}}}', "out of range"),
    "a machine of a list": (json.dumps({"ratios": {"x": ROUNDS}, "machine": []}).encode(), "$.machine"),
    "counts of text": (json.dumps({"ratios": {}, "instructions_per_bar": {"trades": "2"}}).encode(), "$.instructions"),
    "an escape sequence": (json.dumps({"ratios": {"x": ROUNDS}, "when": "\x1b[2J"}).encode(), "$.when"),
    "a million brackets": (b'{"ratios": ' + b"[" * 1_000_000, "Expected `object`, got `array`"),
    "deep where unused": (b'{"other": ' + b"[" * 1_000_000, "RecursionError"),
}


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_file_that_cannot_be_used_ends_with_2_and_one_line_that_says_what_is_wrong_and_where(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content, message = UNUSABLE[name]
    good, bad = tmp_path / "good.json", tmp_path / "history" / "bad.json"
    bad.parent.mkdir()
    good.write_text(json.dumps(facts()), encoding="utf-8")
    bad.write_bytes(content)
    for verb in (["compare", str(good), str(bad)], ["compare", str(bad), str(good)], ["history", str(bad.parent)]):
        assert main(["bench", *verb]) == 2
        out, error = capsys.readouterr()
        assert out == ""
        assert error.count("\n") == 1, error
        assert error.startswith(f"omega-parity: {bad}: not a file of `make bench`: ")
        assert message in error


def test_a_folder_without_files_ends_with_2_and_says_what_belongs_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file.json").write_text(json.dumps({"ratios": {"x": ROUNDS}}), encoding="utf-8")
    (tmp_path / "empty").mkdir()
    for name, message in (
        ("missing", "no such folder"),
        ("file.json", "no such folder"),
        ("empty", "no *.json file to show"),
        (".", "files of `make bench` hold `when` and `ratios`"),
    ):
        assert main(["bench", "history", str(tmp_path / name)]) == 2
        error = capsys.readouterr().err
        assert error.count("\n") == 1, error
        assert message in error


def test_a_folder_in_place_of_a_file_ends_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "compare", str(tmp_path), str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"omega-parity: {tmp_path}: Is a directory\n"
