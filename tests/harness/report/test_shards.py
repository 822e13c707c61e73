"""Two shards of a real run, each in a process of its own: together they run every test and every case exactly once."""

from __future__ import annotations

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from harness.report.suite_copy import copy_suite, run_suite

from parity.harness.cli.main import main
from parity.harness.report.document import decode
from parity.harness.report.joint import join
from parity.harness.report.session import Session

WORDS = ("parity/test_pinned.py", "parity/test_generated.py", "--engines", "engines.toml", "--cases", "24")


def shard(folder: Path, part: str, *more: str) -> Path:
    """The session that a shard leaves behind."""
    out = folder / part.replace("/", "-of-")
    code, output = run_suite(folder, *WORDS, "--shard", part, "--out", str(out), *more)
    assert code == 0, output[-2000:]
    assert f"PARTIAL: no difference in {len(cases(read(out)))}" in output
    assert f"the other shards (this is {part})" in output
    return out / "parity-session.json"


def read(out: Path) -> Session:
    return decode((out / "parity-session.json").read_bytes())[0]


def cases(seen: Session) -> range:
    return range(seen.total.cases)


def test_two_shards_together_run_every_test_and_every_case_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy_suite(tmp_path)
    identity = ["-c", "user.name=x", "-c", "user.email=x@example"]
    for words in (["init", "-q"], ["add", "engines.toml"], [*identity, "commit", "-qm", "A run"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(shard, (tmp_path, tmp_path), ("1/2", "2/2"), ("-q", "-n2"))
    parts = [(path.parent.name, *decode(path.read_bytes())) for path in (first, second)]
    one, two = (session for _, session, _ in parts)
    pinned = len(list((tmp_path / "parity" / "cases").glob("*.json")))
    assert not one.ran & two.ran
    assert len(one.ran) > pinned / 3
    assert len(two.ran) > pinned / 3
    whole = join(parts)
    assert whole.total.cases == pinned + 24
    assert {name: tally.cases for name, tally in whole.tallies.items()} == {
        "pinned": pinned, "drawn by Hypothesis": 6, "sweep": 18,
    }  # fmt: skip
    assert whole.tests == whole.ran
    assert main(["merge", str(second), str(first)]) == 0
    assert f"PARTIAL: no difference in {pinned + 24} cases" in capsys.readouterr().out
    assert main(["merge", str(first)]) == 2
    assert "missing shards: 2/2" in capsys.readouterr().err
