"""The callgrind driver counts a program's instructions, or says why there is no count."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from parity.harness.boundary import callgrind
from parity.harness.boundary.callgrind import CountError, ValgrindMissingError


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program in valgrind's place that runs the command and reports what a file says."""
    report = tmp_path / "report"
    program = tmp_path / "valgrind"
    program.write_text(f'#!/bin/sh\nshift 2\n"$@"\ncode=$?\ncat {report} >&2\nexit $code\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return report


def test_the_count_and_the_output_of_the_program_are_returned(fake: Path) -> None:
    fake.write_text("==1== Collected : 123456\n", encoding="utf-8")
    counted = callgrind.count(["printf", "%s", "answer"])
    assert (counted.instructions, counted.output) == (123_456, "answer")


def test_the_environment_replaces_that_of_this_process(fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake.write_text("Collected : 1\n", encoding="utf-8")
    monkeypatch.setenv("OUTER", "1")
    output = callgrind.count(["env"], environment={"INNER": "1", "PATH": os.environ["PATH"]}).output
    assert "INNER=1" in output
    assert "OUTER" not in output


@pytest.mark.parametrize(
    ("report", "command", "message"),
    [
        ("Collected : 5\n", ["false"], "callgrind on false: exit code 1"),
        ("no figure\n", ["true"], "callgrind on true: exit code 0: no figure"),
    ],
)
def test_a_program_that_fails_and_a_report_without_a_count_are_errors(
    fake: Path, report: str, command: list[str], message: str
) -> None:
    fake.write_text(report, encoding="utf-8")
    with pytest.raises(CountError, match=re.escape(message)):
        callgrind.count(command)


def test_without_valgrind_the_error_says_what_was_not_counted_and_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValgrindMissingError, match=r"instructions were not counted.*apt install valgrind"):
        callgrind.count([sys.executable, "-V"])
