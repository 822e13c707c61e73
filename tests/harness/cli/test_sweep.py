"""``omega-parity sweep`` goes on where it ended; the shards of a sweep make the whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from harness.report.suite_copy import ENGINES

from parity.harness.cli.main import main


@pytest.fixture
def engines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "sweep_engines.py").write_text(ENGINES, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def pair(folder: Path, candidate: str) -> str:
    path = folder / f"{candidate}.toml"
    path.write_text(
        f'[reference]\nname = "old"\ncallable = "sweep_engines:right"\n'
        f'[candidate]\nname = "new"\ncallable = "sweep_engines:{candidate}"\n'
        "[candidate.limits]\nspellings = false\n",
        encoding="utf-8",
    )
    return str(path)


def state(path: Path) -> dict[str, Any]:
    raw: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return raw


def test_a_sweep_goes_on_from_its_file_and_ends_as_if_it_had_not_stopped(
    engines: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["sweep", "--engines", pair(engines, "right"), "--seed", "4", "-o", str(engines / "out")]
    parts, whole = engines / "parts.json", engines / "whole.json"
    assert main([*words, "--cases", "30", "--state", str(parts)]) == 0
    assert state(parts)["done"] == 30
    assert main([*words, "--cases", "70", "--state", str(parts)]) == 0
    assert main([*words, "--cases", "70", "--state", str(whole)]) == 0
    assert state(parts) == state(whole)
    assert "stratum" in capsys.readouterr().out
    assert main([*words[:-2], "-o", "x", "--seed", "5", "--cases", "70", "--state", str(parts)]) == 2
    assert "another seed: 4, not 5" in capsys.readouterr().err


def test_shards_make_the_whole(engines: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["sweep", "--engines", pair(engines, "right"), "--cases", "31", "-o", str(engines / "out")]
    files = [engines / f"{k}.json" for k in (1, 2)]
    for k, path in enumerate(files, 1):
        assert main([*words, "--shard", f"{k}/2", "--state", str(path)]) == 0
    assert [state(path)["done"] for path in files] == [16, 15]
    assert main(["rates", *map(str, files)]) == 0
    assert "31 cases of seed 0: 0 kinds of differences" in capsys.readouterr().out
    assert main(["rates", str(files[0]), str(files[0])]) == 2
    assert "is there already" in capsys.readouterr().err
    assert main(["rates", str(engines / "none.json")]) == 2
    files[0].write_text("{}", encoding="utf-8")
    assert main(["rates", str(files[0])]) == 2
    assert "holds no rates of a sweep" in capsys.readouterr().err


def test_a_difference_is_minimised_once_and_counted_ever_after(
    engines: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("parity.harness.triage.campaign.Campaign.minimise_seconds", 1.0)
    words = [
        "sweep",
        "--engines",
        pair(engines, "lies"),
        "-o",
        str(engines / "out"),
        "--state",
        str(engines / "s.json"),
    ]
    assert main([*words, "--cases", "5"]) == 1
    assert "minimised from" in capsys.readouterr().out
    assert main([*words, "--cases", "9"]) == 1
    out = capsys.readouterr().out
    assert "4 more cases of" in out
    assert "minimised from" not in out
    (kind,) = state(engines / "s.json")["kinds"]
    assert sum(kind["strata"].values()) == 9
    assert main([*words[:3], "--shard", "0/2"]) == 2
