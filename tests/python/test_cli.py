"""The command ``bt``: what it prints, what it writes, and its exit codes."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bt
import pytest
from bt import artefacts, cli
from bt.migrate import SWITCHES
from v1_configs import v1

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


@pytest.fixture
def v1_file(tmp_path: Path) -> Path:
    path = tmp_path / "v1 config.json"
    path.write_text(json.dumps(v1(colour="red")))
    return path


def test_migrate_writes_the_config_and_reports_every_key(
    v1_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "v2.json"
    assert cli.main(["migrate-config", str(v1_file), "--write", str(target)]) == 0
    config = json.loads(target.read_text())
    assert config == bt.migrate_config(v1()).config
    out, err = capsys.readouterr()
    assert out == ""
    assert "dropped  colour" in err
    assert cli.main(["migrate-config", str(target)]) == 2
    assert "is one of V2 already" in capsys.readouterr().err


def test_migrate_without_a_target_writes_parity_and_lists_what_v2_would_turn(
    v1_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["migrate-config", str(v1_file)]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["execution_variant"] == "v1_parity"
    said, _, rows = err.partition(f"--semantics v2 would turn these {len(SWITCHES)} switches, and change results:\n")
    assert "no --semantics was given" in said
    assert 'execution_variant "v1_parity"' in said
    assert rows.splitlines() == [f"  {switch}" for switch in SWITCHES]


def test_migrate_to_a_target_says_whose_results_it_gives(v1_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["migrate-config", str(v1_file), "--semantics", "v1"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["execution_variant"] == "v1_parity"
    assert err.endswith('written for V1\'s results: execution_variant "v1_parity", which needs run_mode "dev"\n')
    assert cli.main(["migrate-config", str(v1_file), "--semantics", "v2"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["execution_variant"] == "v2"
    assert f"written for V2's own results; these {len(SWITCHES)} switches change what V1 did:" in err
    assert [line.split()[0] for line in err.splitlines()[-len(SWITCHES) :]] == [s.name for s in SWITCHES]
    with pytest.raises(SystemExit) as caught:
        cli.main(["migrate-config", str(v1_file), "--semantics", "both"])
    assert caught.value.code == 2


def test_migrate_prints_all_of_it_as_json(v1_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["migrate-config", str(v1_file), "--json", "--news"]) == 0
    body = json.loads(capsys.readouterr().out)
    migration = bt.migrate_config(v1(colour="red"), news=True)
    assert (body["config"], body["semantics"]) == (migration.config, "v1")
    assert body["findings"] == [vars(f) for f in migration.findings]
    assert [(s["name"], s["effect"], s["adr"]) for s in body["switches"]] == list(SWITCHES)


def test_what_cannot_be_migrated_is_refused_with_every_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "v1.json"
    source.write_text(json.dumps(v1(symbol=1, warmup_bars=None)))
    assert cli.main(["migrate-config", str(source), "--json"]) == 2
    error = json.loads(capsys.readouterr().out)["error"]
    assert (error["code"], [i["path"] for i in error["issues"]]) == (1004, ["symbol", "warmup_bars"])
    source.write_bytes(b"\xff\xfe{}")
    assert cli.main(["migrate-config", str(source)]) == 2
    assert cli.main(["migrate-config", str(tmp_path / "nowhere.json")]) == 2
    assert cli.main(["migrate-config", str(tmp_path)]) == 1


@pytest.mark.parametrize("command", ["run", "validate"])
def test_a_v1_config_is_recognised_and_the_command_that_migrates_it_is_named(
    command: str, v1_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flat = tmp_path / "flat.json"
    flat.write_text(json.dumps({"symbol": "EURUSD", "initial_balance": 1, "rates_static": {}}))
    for path, shown in ((v1_file, f"'{v1_file}'"), (flat, str(flat))):
        assert cli.main([command, str(path)]) == 2
        said = capsys.readouterr().err
        assert "is a V1 configuration" in said
        assert f"bt migrate-config {shown} --write v2.json" in said


@pytest.mark.parametrize("config", [{}, {"schema_version": "2", "strategy": {"module": "x"}}, {"account": {}}])
def test_other_configs_are_not_taken_for_v1s(config: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config))
    assert cli.main(["run", str(path)]) == 2
    assert "is required" in capsys.readouterr().err


def test_a_config_that_nests_too_deeply_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "config.json"
    path.write_text("[" * 100_000)
    assert cli.main(["run", str(path)]) == 2
    assert "nested too deeply" in capsys.readouterr().err


def test_keys_that_a_terminal_cannot_show_are_escaped(tmp_path: Path) -> None:
    path = tmp_path / "v1.json"
    path.write_text(json.dumps(v1(**{"fünf\ud800\x1b[31m": 1})))
    command = [sys.executable, "-X", "utf8=0", "-m", "bt.cli", "migrate-config", str(path)]
    environment = {**os.environ, "LC_ALL": "C", "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, env=environment, timeout=60, check=False)
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    assert b"dropped  f\\xfcnf\\ud800\\x1b[31m (" in done.stderr


def test_help_explains_v1_parity(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["migrate-config", "--help"])
    text = capsys.readouterr().out
    assert "--semantics {v1,v2}" in text
    for word in ("v1_parity", 'run_mode "dev"', "V1 refused this", "exit code 2"):
        assert word in text


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
