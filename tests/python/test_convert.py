"""Vendors' files become the candle files that V2 reads, or a report that says why not."""

from __future__ import annotations

import json
from pathlib import Path

import bt
import pyarrow.parquet as pq
import pytest
from bt import cli
from bt.calendar import convert_news
from bt.convert import VENDORS, ConvertError, convert_data

NINE = "2024-01-02T09:00:00+00:00"
#: The same two bars, 09:00 and 09:01 UTC on 2 January 2024, as each vendor writes them.
SAMPLES = {
    "histdata": ("20240102 040000;1.1;1.2;1.0;1.15;0\n20240102 040100;1.15;1.25;1.05;1.2;0\n", ""),
    "dukascopy": (
        "Gmt time,Open,High,Low,Close,Volume\n02.01.2024 09:00:00.000,1.1,1.2,1.0,1.15,7.5\n"
        "02.01.2024 09:01:00.000,1.15,1.25,1.05,1.2,8\n", ""),
    "metatrader4": ("2024.01.02,11:00,1.1,1.2,1.0,1.15,7\n2024.01.02,11:01,1.15,1.25,1.05,1.2,8\n", "Europe/Helsinki"),
    "metatrader5": (
        "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
        "2024.01.02\t11:00:00\t1.1\t1.2\t1.0\t1.15\t7\t0\t8\n"
        "2024.01.02\t11:01:00\t1.15\t1.25\t1.05\t1.2\t8\t0\t8\n", "Europe/Helsinki"),
    "generic": (
        "Datetime,Open,High,Low,Close,Volume\n2024-01-02 09:00:00,1.1,1.2,1.0,1.15,7\n"
        "2024-01-02 09:01:00,1.15,1.25,1.05,1.2,8\n", ""),
}  # fmt: skip


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "in.csv"
    path.write_text(text, encoding="utf-8")
    return path


def generic(*rows: str) -> str:
    return "time,open,high,low,close,volume\n" + "".join(f"{row}\n" for row in rows)


@pytest.mark.parametrize("vendor", list(VENDORS))
def test_every_vendors_format_is_recognised_and_lands_on_the_same_bars(vendor: str, tmp_path: Path) -> None:
    text, zone = SAMPLES[vendor]
    report = convert_data(
        write(tmp_path, text), tmp_path / "root", symbol="EURUSD", timeframe="M1", side="BID", zone=zone
    )
    assert (report.vendor, report.rows_read, report.rows_written, report.faults) == (vendor, 2, 2, [])
    table = pq.read_table(tmp_path / "root/EURUSD/EURUSD_M1_BID.parquet")
    assert [t.isoformat() for t in table["UTC time"].to_pylist()] == [NINE, NINE.replace("09:00:00", "09:01:00")]
    assert table["Open"].to_pylist() == [1.1, 1.15]
    assert table["Close"].to_pylist() == [1.15, 1.2]


def test_a_converted_pair_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = generic(*(f"2024-01-02 {9 + k // 60:02}:{k % 60:02},1.1,1.1{k % 7},1.0,1.1{k % 7},1" for k in range(120)))
    source = write(tmp_path, text)
    for side, spread in (("BID", 0.0), ("ASK", 0.0001)):
        report = convert_data(source, tmp_path, symbol="EURUSD", timeframe="M1", side=side, spread=spread)
        assert report.rows_written == 120
    monkeypatch.setenv("OMEGA_DATA_PARQUET_ROOT", str(tmp_path))
    config = {
        "schema_version": "2", "strategy_name": "scripted_orders", "symbol": "EURUSD", "start_date": "2024-01-02",
        "end_date": "2024-01-02", "timeframes": {"primary": "M1"}, "warmup_bars": 0,
    }  # fmt: skip
    assert bt.run_backtest(config).meta["counters"]["bars"] == 120


def test_close_labels_are_moved_to_the_open_and_rows_are_sorted_and_deduplicated(tmp_path: Path) -> None:
    rows = ["2024-01-02 09:02,2,2,2,2,1", "2024-01-02 09:01,1,1,1,1,1", "2024-01-02 09:01,1,1,1,1,1"]
    report = convert_data(
        write(tmp_path, generic(*rows)), tmp_path, symbol="EURUSD", timeframe="M1", side="ASK", label="close"
    )
    assert (report.duplicates, report.sorted, report.rows_written, report.first) == (1, True, 2, "2024-01-02T09:00:00Z")


def test_broken_rules_are_reported_by_row_and_nothing_is_written(tmp_path: Path) -> None:
    rows = [
        "2024-01-02 09:05,1,2,0.5,1,1",  # out of order: the numbers below are still those of the file
        "2024-01-02 09:01,1,0.9,0.5,1,1",
        "2024-01-02 09:02,-1,2,0.5,1,1",
        "2024-01-02 09:03,1,2,0.5,1,-1",
        "2024-01-02 09:04,1,2,0.5,1,1",
        "2024-01-02 09:04,1,3,0.5,1,1",
    ]
    report = convert_data(write(tmp_path, generic(*rows)), tmp_path, symbol="EURUSD", timeframe="M1", side="BID")
    text = str(report)
    wanted = [
        "price missing or not above 0: 1 rows (row 3)",
        "high below open, close or low: 1 rows (row 2)",
        "volume missing or negative: 1 rows (row 4)",
        "time comes twice with different prices: 1 rows (row 6)",
        "wrote nothing",
    ]
    assert [line for line in wanted if line not in text] == []
    assert not (tmp_path / "EURUSD").exists()


def test_gaps_are_counted_on_weekdays_only(tmp_path: Path) -> None:
    rows = ["2024-01-05 23:58,1,1,1,1,1", "2024-01-08 00:02,1,1,1,1,1"]
    report = convert_data(write(tmp_path, generic(*rows)), tmp_path, symbol="EURUSD", timeframe="M1", side="BID")
    assert report.gaps == 3  # 23:59 on Friday, 00:00 and 00:01 on Monday


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("", {}, "is empty"),
        ("time,open,high,low,close\n", {}, "has no rows"),
        ("what,is,this\n1,2,3\n", {}, "no vendor's format fits"),
        ("time,open,high,close\n2024-01-02,1,1,1\n", {"vendor": "generic"}, "no column low"),
        (generic("yesterday,1,1,1,1,1"), {}, "row 1: time 'yesterday'"),
        (generic("2024-01-02 09:00,one,1,1,1,1"), {}, "column open"),
        (generic("2024-01-02 09:00,1,1,1,1,1"), {"zone": "Mars/Olympus"}, "no time zone 'Mars/Olympus'"),
        (generic("2024-01-02 09:00,1,1,1,1,1"), {"symbol": "../x"}, "not 3 to 20 letters"),
        (generic("2024-01-02 09:00,1,1,1,1,1"), {"timeframe": "M2"}, "none of M1"),
        (SAMPLES["metatrader4"][0], {}, "say which with --tz"),
    ],
)
def test_what_cannot_be_converted_is_refused_by_name(
    text: str, options: dict[str, str], message: str, tmp_path: Path
) -> None:
    arguments = {"symbol": "EURUSD", "timeframe": "M1", "side": "BID", **options}
    with pytest.raises(ConvertError, match=message):
        convert_data(write(tmp_path, text), tmp_path, **arguments)
    assert not list(tmp_path.rglob("*.parquet"))


def test_a_calendar_becomes_parquet_that_a_run_reads(tmp_path: Path) -> None:
    source = write(tmp_path, "Start,Currency,Impact,Name,Id\n2024-01-03 10:00,usd,high,CPI,b\n"
                             "2024-01-02 10:00,EUR,,ECB,a\n2024-01-04 10:00,EUR,LOW,again,a\n")  # fmt: skip
    report = convert_news(source, tmp_path / "news.parquet")
    assert (report.rows_read, report.rows_written, report.duplicates) == (3, 2, 1)
    rows = pq.read_table(tmp_path / "news.parquet").to_pylist()
    assert [(row["Id"], row["Currency"], row["Impact"]) for row in rows] == [("a", "EUR", "HIGH"), ("b", "USD", "HIGH")]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("When,Currency\n2024-01-01,EUR\n", "no column Start"),
        ("Start,Currency\nsoon,EUR\n", "row 1: time 'soon'"),
        ("Start,Currency\n2024-01-01,EURO\n", "row 1: currency 'EURO'"),
        ("Start,Currency,Impact\n2024-01-01,EUR,huge\n", "row 1: impact 'huge'"),
    ],
)
def test_a_calendar_that_is_not_understood_is_refused_by_row(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConvertError, match=message):
        convert_news(write(tmp_path, text), tmp_path / "news.parquet")
    assert not (tmp_path / "news.parquet").exists()


def test_the_command_reports_in_json_and_by_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(tmp_path, generic("2024-01-02 09:00,1,2,0.5,1,1"))
    command = ["convert-data", str(source), "--symbol", "EURUSD", "--timeframe", "M1", "--side", "bid"]
    assert cli.main([*command, "--root", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows_written"] == 1
    source.write_text(generic("2024-01-02 09:00,1,0.5,2,1,1"))
    assert cli.main([*command, "--root", str(tmp_path)]) == 1
    assert "FAULT" in capsys.readouterr().out
    assert cli.main(["convert-news", str(source), "--write", str(tmp_path / "n.parquet")]) == 1
    assert "no column Start" in capsys.readouterr().err
