"""Benchmarks are compared by what can be judged: a real regression is red, noise and another machine are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from parity.harness.cli.main import main
from parity.harness.report.bench_history import changes, history


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


def red(a: Any, b: Any) -> list[str]:
    return [change.name for change in changes(a, b) if change.red]


def test_a_real_slowdown_is_red_in_both_directions_of_a_ratio() -> None:
    assert red(facts(), facts(1.5, seed=2)) == ["whole / floor", "peer / whole"]
    assert red(facts(1.5), facts(seed=2)) == []


def test_noise_is_not_red() -> None:
    assert [red(facts(seed=s), facts(noise=0.3, seed=s + 100)) for s in range(20)].count([]) >= 19


def test_ratios_of_another_machine_are_shown_and_not_judged() -> None:
    found = changes(facts(), facts(3.0, processor="B"))
    assert [change.judged for change in found] == [False, False, True]
    assert not any(change.red for change in found)


def test_instruction_counts_are_judged_on_any_machine() -> None:
    assert red(facts(), facts(processor="B", count=2900.0)) == ["instructions per bar, trades"]


def test_the_command_ends_with_3_for_a_slowdown_and_2_for_files_that_cannot_be_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, body in (("a", facts()), ("b", facts(1.5, seed=2)), ("c", facts(seed=3)), ("none", {})):
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


def test_history_says_when_machines_differ_and_refuses_an_empty_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "not one machine" in history([kept("1", "a"), kept("2", "b", processor="B")])[-1]
    assert main(["bench", "history", str(tmp_path)]) == 2
    assert "nothing to show" in capsys.readouterr().err
