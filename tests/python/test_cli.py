"""The command ``bt``: what it prints, what it writes, and its exit codes."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bt
import pytest
from bt import artefacts, cli

Config = Callable[..., dict[str, Any]]


@pytest.fixture
def config_file(tmp_path: Path, config: Config) -> Path:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config()))
    return path


def test_run_shows_metrics_and_writes_whole_artefacts(
    market: Any, config_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "results"
    assert cli.main(["run", str(config_file), "--out", str(out)]) == 0
    text = capsys.readouterr().out
    assert "profit_net" in text
    (folder,) = out.iterdir()
    assert sorted(p.name for p in folder.iterdir()) == ["equity.csv", "meta.json", "metrics.json", "trades.json"]
    trades = json.loads((folder / "trades.json").read_text())
    assert trades
    assert trades[0]["entry_time"].endswith("Z")
    with (folder / "equity.csv").open() as handle:
        assert len(list(csv.DictReader(handle))) == 40
    for path in folder.iterdir():
        assert path.read_bytes().endswith(b"\n")
        assert b"\r" not in path.read_bytes()


def test_a_second_run_replaces_the_first_one(market: Any, config_file: Path, tmp_path: Path) -> None:
    for _ in range(2):
        assert cli.main(["run", str(config_file), "--out", str(tmp_path / "r"), "--json"]) == 0
    assert len(list((tmp_path / "r").iterdir())) == 1


def test_a_failed_write_leaves_nothing_behind(
    market: Any, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = bt.run_backtest(config())

    def broken(_: Any) -> str:
        raise OSError("disk full")

    monkeypatch.setattr(artefacts, "_equity", broken)
    with pytest.raises(OSError, match="disk full"):
        artefacts.write_artefacts(result, tmp_path / "r")
    assert list((tmp_path / "r").iterdir()) == []


def test_set_overrides_keys_by_path(market: Any, config_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["run", str(config_file), "--json", "--set", "costs.enabled=false"]) == 0
    assert json.loads(capsys.readouterr().out)["metrics"]["fees_total"] == 0
    assert cli.main(["run", str(config_file), "--set", "symbol.x=1"]) == 2
    assert cli.main(["run", str(config_file), "--set", "nonsense"]) == 2


def test_refusals_and_failed_runs_have_their_exit_codes(
    market: Any, config_file: Path, tmp_path: Path, config: Config, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["run", str(tmp_path / "nowhere.json")]) == 2
    assert cli.main(["run", str(config_file), "--json", "--set", "warmup_bars=-1"]) == 2
    issues = json.loads(capsys.readouterr().out)["error"]["issues"]
    assert [i["path"] for i in issues] == ["warmup_bars"]
    assert cli.main(["run", str(config_file), "--set", "warmup_bars=999"]) == 1
    with pytest.raises(SystemExit) as caught:
        cli.main(["fly"])
    assert caught.value.code == 2


def test_validate_says_whether_a_run_would_stop(
    market: Any, config_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["validate", str(config_file)]) == 0
    assert "is valid, and it runs" in capsys.readouterr().out
    market.path("BID").unlink()
    assert cli.main(["validate", str(config_file)]) == 0
    assert "but a run would stop: [3001" in capsys.readouterr().out


def test_migrate_writes_the_config_and_reports_every_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = {
        "symbol": "EURUSD", "start_date": "2025-01-07", "end_date": "2025-01-08", "colour": "red",
        "strategy": {"module": "strategies.scripted_orders", "class": "ScriptedOrdersStrategy"},
    }  # fmt: skip
    (tmp_path / "v1.json").write_text(json.dumps(source))
    target = tmp_path / "v2.json"
    assert cli.main(["migrate-config", str(tmp_path / "v1.json"), "--write", str(target)]) == 0
    assert json.loads(target.read_text())["schema_version"] == "2"
    assert "dropped  colour" in capsys.readouterr().err
    assert cli.main(["migrate-config", str(target)]) == 2


def test_doctor_finds_the_symbols(market: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["symbols"] == ["EURUSD"]
    assert facts["debug_build"] is False


def test_help_teaches_with_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    text = capsys.readouterr().out
    assert "bt run config.json --set" in text
    assert "exit codes" in text
