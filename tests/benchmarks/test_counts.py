"""The benchmarks count V2's instructions by the driver of the harness: per bar, freed of start-up."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from benchmarks import counts
from parity.harness.boundary import callgrind


def test_a_bar_costs_the_difference_of_two_lengths_and_each_run_sees_its_own_market(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []

    def count(command: Sequence[str], *, environment: Mapping[str, str]) -> callgrind.Count:
        bars = int(Path(environment["OMEGA_DATA_PARQUET_ROOT"]).name)
        equity = json.loads(Path(command[1]).read_text(encoding="utf-8"))["output"]["equity"]
        started.append((bars, equity))
        each = {"trades": 20, "bars": 30}[equity]
        return callgrind.Count(instructions=1_000_000 + each * bars, output='{"ok":true}')

    monkeypatch.setattr(callgrind, "require", lambda: None)
    monkeypatch.setattr(callgrind, "count", count)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: None)  # the build
    monkeypatch.setattr(counts, "SIZES", (2_100, 3_100))
    assert counts.instructions(tmp_path) == {"trades": 20.0, "bars": 30.0}
    assert started == [(2_100, "trades"), (3_100, "trades"), (2_100, "bars"), (3_100, "bars")]


def test_without_valgrind_a_sentence_takes_the_place_of_the_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert counts.instructions(tmp_path) == callgrind.MISSING
