"""A slice of the fuzzing runs with every suite; the long runs are ``python tests/python/fuzz_v2.py --help``."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from pathlib import Path

import fuzz_v2
import pytest

SCRIPT = Path(fuzz_v2.__file__)


def test_twenty_thousand_configs_and_two_thousand_files_are_answered() -> None:
    command = [sys.executable, str(SCRIPT), "--configs", "20000", "--files", "2000", "--seed", "11", "--jobs", "2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    configs, files = done.stdout.splitlines()
    assert configs.startswith("configs: 20000 inputs")
    assert files.startswith("files: 2000 inputs")
    # Neither kind may be only refused: what is never run tests nothing behind the attribute.
    for line, least in ((configs, 500), (files, 100)):
        match = re.search(r"'ran': (\d+)", line)
        assert match is not None
        assert int(match[1]) >= least, line


def test_an_input_follows_from_its_seed_and_number_alone() -> None:
    bases = fuzz_v2.base_files()
    one = [fuzz_v2.config_input(random.Random(n)) for n in range(300)]
    assert one == [fuzz_v2.config_input(random.Random(n)) for n in range(300)]
    assert len(set(one)) > 250
    assert fuzz_v2.file_input(random.Random(5), bases) == fuzz_v2.file_input(random.Random(5), bases)


@pytest.mark.parametrize(
    ("answer", "message"),
    [('{"ok": false, "error": {"code": 77, "message": "m"}}', "77"), ("not json", "Expecting value")],
)
def test_a_nonsensical_answer_is_a_finding(answer: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Engine:
        @staticmethod
        def run_backtest(_: str) -> str:
            return answer

    monkeypatch.setattr(fuzz_v2, "_native", Engine)
    monkeypatch.setenv("OMEGA_DATA_PARQUET_ROOT", "")  # restored afterwards: the worker sets it for itself
    monkeypatch.setattr(fuzz_v2, "KEPT", SCRIPT.parents[2] / "var" / "fuzz-test")
    with pytest.raises(SystemExit, match=message):
        fuzz_v2.work("configs", 1, 0, 3)


def test_a_worker_that_dies_is_a_finding_with_the_command_that_repeats_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dying = tmp_path / "dying.py"
    dying.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    monkeypatch.setattr(fuzz_v2, "__file__", str(dying))
    monkeypatch.setattr(fuzz_v2, "ROOT", tmp_path)
    with pytest.raises(AssertionError, match="exit -11") as caught:
        fuzz_v2.fuzz("configs", 10, 1, 1, lambda _: None)
    assert "again: python dying.py --work configs 1 0 10" in str(caught.value)
