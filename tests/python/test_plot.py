"""Pictures of results: from a result, from its JSON, from artefacts; with and without the market's data."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bt
import numpy as np
import pytest
from bt import cli
from bt import plot as drawing

Config = Callable[..., dict[str, Any]]


@pytest.fixture
def result(market: Any, config: Config) -> bt.Result:
    return bt.run_backtest(config())


def test_a_picture_shows_every_trade_the_equity_and_the_drawdown(result: bt.Result) -> None:
    price, equity, drawdown = drawing.figure(drawing.of(result)).axes
    markers = sum(len(points.get_offsets()) for points in price.collections)
    assert markers == 2 * len(result.trade_records) > 0
    assert equity.get_lines()[0].get_ydata().tolist() == result.equity["equity"].to_pylist()
    assert drawdown.get_ylabel() == "drawdown, %"


def test_without_the_market_data_equity_and_drawdown_are_drawn(
    result: bt.Result, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OMEGA_DATA_PARQUET_ROOT", str(tmp_path / "gone"))
    assert len(drawing.figure(drawing.of(result)).axes) == 2


@pytest.mark.parametrize("ending", [".png", ".svg"])
def test_plot_reads_a_result_file_and_artefacts_alike(
    ending: str, market: Any, config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = tmp_path / "config.json"
    source.write_text(json.dumps(config()))
    file, out, first = tmp_path / "result.json", tmp_path / "runs", tmp_path / f"first{ending}"
    assert cli.main(["run", str(source), "--result", str(file), "--out", str(out), "--plot", str(first), "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert body["plot"] == str(first)
    assert body["result"] == str(file)
    pictures = []
    for where in (file, next(out.iterdir())):
        assert cli.main(["plot", str(where), "--write", str(tmp_path / f"p{ending}")]) == 0
        pictures.append((tmp_path / f"p{ending}").read_bytes())
    assert len(pictures[0]) > 10_000
    assert pictures[0][:4] == first.read_bytes()[:4] == {".png": b"\x89PNG", ".svg": b"<?xm"}[ending]
    assert not list(tmp_path.glob(".*partial*"))


@pytest.mark.parametrize(
    ("content", "target", "message"),
    [
        (None, "p.png", "does not exist"),
        ("{}", "p.png", "is not a result"),
        ('{"ok": false, "error": {"message": "no bars"}}', "p.png", "no bars"),
        ("{}", "p.bmp", "must end in .png"),
    ],
)
def test_what_cannot_be_drawn_is_said(content: str | None, target: str, message: str, tmp_path: Path,
                                      capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    path = tmp_path / "result.json"
    if content is not None:
        path.write_text(content)
    assert cli.main(["plot", str(path), "--write", str(tmp_path / target)]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / target).exists()


def test_a_result_without_equity_points_is_refused(market: Any, config: Config) -> None:
    with pytest.raises(drawing.PlotError, match="no equity points"):
        drawing.figure(drawing.of(bt.run_backtest(config(output={"equity": "none"}))))


def test_thinning_keeps_the_extremes_of_a_long_line() -> None:
    n = 100_000
    line = np.zeros(n)
    line[77_777], line[33_333] = 9.0, -9.0
    times, thinned = drawing._thin(np.arange(n).astype("datetime64[ns]"), line)
    assert len(times) <= drawing.POINTS
    assert (thinned.max(), thinned.min()) == (9.0, -9.0)


def test_long_work_gives_signs_of_life(capsys: pytest.CaptureFixture[str]) -> None:
    import time

    from bt._progress import Progress

    with Progress("counting", every=0.02) as progress:
        time.sleep(0.09)
        progress.say("still counting")
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "counting ..."
    assert any(line.startswith("counting ... ") for line in lines)
    assert lines[-1].startswith("still counting ...")
    with Progress("hushed", quiet=True):
        pass
    assert capsys.readouterr().err == ""
