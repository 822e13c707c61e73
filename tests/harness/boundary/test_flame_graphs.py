"""Profiles: stacks of both tools are read, drawn and told; a tool that is missing is named with how to get it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from parity.harness.boundary import flame_graphs as profiling
from parity.harness.cli.main import main

CASE = str(Path(__file__).resolve().parents[3] / "parity" / "cases" / "switch__exit_gap.json")
PERF = """
 ffff inner
 eeee outer

 ffff inner
 eeee outer

 dddd other
 eeee outer
"""


def test_stacks_of_both_tools_become_the_same_folded_ones(tmp_path: Path) -> None:
    spied = profiling.parse_folded("outer;inner 2\nouter;other 1\nnot a stack\n")
    assert profiling.parse_perf(PERF) == spied == {("outer", "inner"): 2, ("outer", "other"): 1}
    assert profiling.sentence(spied) == "of 3 samples 67% in inner, 33% in other"
    profiling.draw(spied, tmp_path / "flame.svg", title="title")
    assert "<svg" in (tmp_path / "flame.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("tool", ["py-spy", "perf"])
def test_a_missing_tool_is_named_with_how_to_get_it(
    tool: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(profiling.sys, "executable", str(tmp_path / "python"))
    assert main(["profile", "v1", CASE, "--tool", tool]) == 2
    error = capsys.readouterr().err
    assert f"{tool} is missing; install it" in error
