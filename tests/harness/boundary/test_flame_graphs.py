"""Flame graphs: stacks of both tools are read and drawn alike; whatever stops a graph is one line and exit code 2."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from parity.harness.boundary import flame_graphs
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
#: Stands in for py-spy: reads the requests, runs no engine, and writes samples where the arguments name a file.
PY_SPY = """#!/bin/sh
cat > /dev/null
while [ "$1" != --output ]; do shift; done
printf '%s' "$SAMPLES" > "$2"
exit $STATUS
"""


@pytest.fixture
def py_spy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A py-spy that ends with ``$STATUS`` and took ``$SAMPLES``."""
    (tmp_path / "py-spy").write_text(PY_SPY, encoding="utf-8")
    (tmp_path / "py-spy").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("STATUS", "0")
    return monkeypatch


def test_stacks_of_both_tools_become_the_same_folded_ones() -> None:
    spied = flame_graphs.parse_folded("outer;inner 2\nouter;other 1\nnot a stack\n")
    assert flame_graphs.parse_perf(PERF) == spied == {("outer", "inner"): 2, ("outer", "other"): 1}
    assert flame_graphs.sentence(spied) == "of 3 samples 67% in inner, 33% in other"


def test_a_box_lies_on_its_caller_and_is_as_wide_as_its_share() -> None:
    stacks = {("main", "a"): 1, ("main", "b"): 2, ("main", "b", "c"): 1, ("other",): 4, ("rare",): 0}
    assert flame_graphs.boxes(stacks) == [
        (("main",), 0.0, 0.5),
        (("main", "a"), 0.0, 0.125),
        (("main", "b"), 0.125, 0.375),
        (("main", "b", "c"), 0.125, 0.125),
        (("other",), 0.5, 0.5),
    ]


def test_a_profile_draws_the_samples_and_says_where_the_time_goes(
    py_spy: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    py_spy.setenv("SAMPLES", "outer;$x_{$ 2\nouter;other 1\n")
    target = tmp_path / "flame.svg"
    assert main(["profile", "v1", CASE, "-o", str(target)]) == 0
    assert capsys.readouterr().out == f"of 3 samples 67% in $x_{{$, 33% in other\n{target}\n"
    assert "<svg" in target.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("samples", "status", "message"),
    [("", "0", "py-spy took no sample: run the case more often"), ("outer;inner 2\n", "3", "py-spy record failed: ")],
)
def test_a_tool_without_samples_and_one_that_fails_end_with_2(
    samples: str,
    status: str,
    message: str,
    py_spy: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    py_spy.setenv("SAMPLES", samples)
    py_spy.setenv("STATUS", status)
    assert main(["profile", "v2", CASE, "-o", str(tmp_path / "flame.svg")]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error


@pytest.mark.parametrize("tool", ["py-spy", "perf"])
def test_a_missing_tool_is_named_with_how_to_get_it(
    tool: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(flame_graphs.sys, "executable", str(tmp_path / "python"))
    assert main(["profile", "v1", CASE, "--tool", tool]) == 2
    error = capsys.readouterr().err
    assert f"{tool} is missing; install it" in error


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("flame.txt", "the name must end with one of .svg, .png, .pdf"),
        ("flame", "the name must end with one of .svg, .png, .pdf"),
        ("missing/flame.svg", "does not exist"),
        ("folder.svg", "Is a directory"),
    ],
)
def test_a_target_that_cannot_be_written_ends_with_2(
    output: str, message: str, py_spy: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    py_spy.setenv("SAMPLES", "outer 1\n")
    (tmp_path / "folder.svg").mkdir()
    assert main(["profile", "v1", CASE, "-o", str(tmp_path / output)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error


@pytest.mark.parametrize("content", [None, b"", b"{", b"[]", b"null", b'{"id": 3}', b"\xff"])
def test_a_case_file_that_cannot_be_used_ends_with_2(
    content: bytes | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "case.json"
    if content is not None:
        path.write_bytes(content)
    assert main(["profile", "v1", str(path)]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.startswith(f"omega-parity: {path}")


@pytest.mark.parametrize("repeats", ["0", "-1", "many"])
def test_a_number_of_repeats_below_1_ends_with_2(repeats: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["profile", "v1", CASE, "--repeats", repeats])
    assert ended.value.code == 2
