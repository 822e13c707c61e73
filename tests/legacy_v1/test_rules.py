"""V1 against the observed rule tables, and the readers of those tables against small tables of their own."""

from __future__ import annotations

import copy
import json
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import observed
import pytest
import tables
from backtest_engine.data import from_ns, to_ns
from backtest_engine.gates import NewsCalendar
from backtest_engine.money import load_specs

FILES = observed.files("rules")


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_the_observed_table_is_reproduced(path: Path) -> None:
    assert tables.check(path) >= 1


def test_times_are_exact_to_the_microsecond() -> None:
    assert to_ns(from_ns(1_736_157_600_000_001_000)) == 1_736_157_600_000_001_000


def ns(text: str) -> int:
    return to_ns(datetime.fromisoformat(text + "+00:00"))


#: One small table of each kind that the project has no copy of, worked out by hand from the specification.
SMALL: dict[str, Any] = {
    "commission": {
        "columns": ["schema", "cfg_side", "min_fee", "fee_ccy", "multiplier", "symbol", "price", "lots", "side",
                    "fee_account_ccy"],
        "account": "EUR",
        "static_rates": {"EURUSD": 1.25},
        "rows": [
            # 2.5 per lot, 2 lots
            ["per_lot", "both", 0.0, None, 1.0, "EURUSD", 1.25, 2.0, "entry", 5.0],
            # 2 * 100,000 * 1.25 = 250,000 USD = 200,000 EUR; 30 per million is 6, doubled 12
            ["per_million_notional", "exit", 0.0, None, 2.0, "EURUSD", 1.25, 2.0, "exit", 12.0],
            ["per_million_notional", "exit", 0.0, None, 2.0, "EURUSD", 1.25, 2.0, "entry", 0.0],
            # 250,000 USD * 2e-5 = 5 USD, at least 10 USD = 8 EUR
            ["percent_of_notional", "both", 10.0, "USD", 1.0, "EURUSD", 1.25, 2.0, "exit", 8.0],
            ["per_lot", "both", 0.0, "JPY", 1.0, "EURUSD", 1.25, 2.0, "exit", "ValueError: No FX path USD->JPY and no 'via' provided."],
        ],
    },
    "legacy_fee": {
        "columns": ["lots", "price", "contract_size", "fee", "min_fee"],
        "per_million": 25,
        "rows": [[2.0, 1.25, None, 6.25, 0.0], [2.0, 1.25, 1000.0, 0.0625, 0.0], [0.01, 1.25, None, 0.5, 0.5]],
    },
    "market_hours": [
        # Sydney is UTC+11 in January, UTC+10 in July.
        {"ts_ns": ns("2025-01-05T19:59:00"), "valid": False}, {"ts_ns": ns("2025-01-05T20:00:00"), "valid": True},
        {"ts_ns": ns("2025-01-10T19:59:00"), "valid": True}, {"ts_ns": ns("2025-01-10T20:00:00"), "valid": False},
        {"ts_ns": ns("2025-07-06T20:59:00"), "valid": False}, {"ts_ns": ns("2025-07-06T21:00:00"), "valid": True},
    ],
    "news_filter": [
        {"ts_ns": ns("2025-01-07T10:54:00"), "symbol": "EURUSD", "open_mode": True, "close_mode_M5": True},
        {"ts_ns": ns("2025-01-07T10:55:00"), "symbol": "EURUSD", "open_mode": True, "close_mode_M5": False},
        {"ts_ns": ns("2025-01-07T11:00:00"), "symbol": "EURUSD", "open_mode": False, "close_mode_M5": False},
        {"ts_ns": ns("2025-01-07T12:26:00"), "symbol": "EURUSD", "open_mode": False, "close_mode_M5": True},
        {"ts_ns": ns("2025-01-07T11:00:00"), "symbol": "USDJPY", "open_mode": True, "close_mode_M5": True},
    ],
}  # fmt: skip
NEWS = "Start,Currency\n2025-01-07 12:00:00,EUR\n"


def written(root: Path, name: str, content: Any) -> Path:
    """The table below a folder as the observed outputs have it."""
    for kind in ("rules", "data"):
        (root / kind).mkdir(exist_ok=True)
    shutil.copy(observed.DEFAULT / "data" / "symbol_specs.yaml", root / "data")
    (root / "rules" / "news_small.csv").write_text(NEWS, encoding="utf-8")
    path = root / "rules" / f"{name}.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", SMALL)
def test_a_small_table_is_read_and_reproduced(name: str, tmp_path: Path) -> None:
    rows = SMALL[name] if isinstance(SMALL[name], list) else SMALL[name]["rows"]
    assert tables.check(written(tmp_path, name, SMALL[name])) == len(rows)


def _bend_last(row: Any) -> None:
    row[-1] = row[-1] + 0.01 if isinstance(row[-1], float) else row[-1] + "x"


BENDS: list[tuple[str, Callable[[Any], Any], Callable[[Any], None]]] = [
    *(("commission", lambda t, i=i: t["rows"][i], _bend_last) for i in range(5)),
    *(("legacy_fee", lambda t, i=i: t["rows"][i], lambda r: r.__setitem__(3, r[3] + 2e-12)) for i in range(3)),
    *(("market_hours", lambda t, i=i: t[i], lambda r: r.update(valid=not r["valid"])) for i in range(6)),
    *(("news_filter", lambda t, i=i: t[i], lambda r: r.update(open_mode=not r["open_mode"])) for i in range(5)),
    *(("news_filter", lambda t, i=i: t[i], lambda r: r.update(close_mode_M5=not r["close_mode_M5"])) for i in range(5)),
]


@pytest.mark.parametrize(("name", "pick", "bend"), BENDS, ids=[f"{b[0]}-{i}" for i, b in enumerate(BENDS)])
def test_a_bent_value_of_a_small_table_fails(name: str, pick: Any, bend: Any, tmp_path: Path) -> None:
    table = copy.deepcopy(SMALL[name])
    bend(pick(table))
    with pytest.raises(AssertionError):
        tables.check(written(tmp_path, name, table))


#: One value of each table that the project has, and what it is bent to.
OWN: dict[str, tuple[tuple[Any, ...], Any]] = {
    "fx_convert": (("rows", 0, 2), -1.0),
    "lot_sizer": (("rows", 3, 5), -1.0),
    "slippage": (("global_stream", 0, "calls", 2, 3), -1.0),
    "anchored_sessions": (("london|2025-01-01|2025-01-02", "2025-01-02"), [["07:00", "11:00"], ["04:00", "10:01"]]),
    "htf_alignment": ((0, "timestamp_alignment", "stale_bar_limit_bars"), 1),
    "kmeans_1d": ((0, "centers", 0), -1.0),
}


@pytest.mark.parametrize("name", OWN)
def test_a_bent_value_of_an_observed_table_fails(name: str, tmp_path: Path) -> None:
    place, value = OWN[name]
    table = observed.load(observed.DEFAULT / "rules" / f"{name}.json")
    if name == "anchored_sessions":
        table = {place[0]: {"2025-01-01": [["07:00", "11:00"], ["04:00", "10:00"]], "2025-01-02": None}}
    target = table
    for key in place[:-1]:
        target = target[key]
    target[place[-1]] = value
    with pytest.raises(AssertionError):
        tables.check(written(tmp_path, name, table))


def test_every_reader_has_a_table_in_these_tests() -> None:
    assert set(tables.READERS) == set(SMALL) | set(OWN)


@pytest.mark.parametrize(("name", "content"), [("moon_phases", []), ("market_hours", []), ("kmeans_1d", [])])
def test_a_table_without_a_reader_or_rows_fails(name: str, content: Any, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="nothing reads|holds no row"):
        tables.check(written(tmp_path, name, content))


def test_a_table_finds_the_specs_of_the_own_copy_where_its_folder_has_none(tmp_path: Path) -> None:
    path = written(tmp_path, "commission", SMALL["commission"])
    (tmp_path / "data" / "symbol_specs.yaml").unlink()
    assert tables.check(path) == len(SMALL["commission"]["rows"])


SYMBOLS = ("EURUSD", "GBPJPY", "AUDNZD", "CHFJPY", "USDCAD", "XAUUSD", "DE30EUR")


@pytest.mark.parametrize("currency", ["USD", "EUR", "GBP", "JPY", "CHF", "CAD", "AUD", "NZD", "CNY", "ALL", ""])
@pytest.mark.parametrize("symbol", SYMBOLS)
def test_news_of_a_currency_concern_the_symbols_that_the_rule_names(currency: str, symbol: str) -> None:
    halves = {symbol[:3], symbol[3:], "EUR" if symbol == "DE30EUR" else ""}
    concerned = {"USD": True, "AUD": bool(halves & {"AUD", "NZD"}), "NZD": bool(halves & {"AUD", "NZD"})}
    own = currency in ("GBP", "EUR", "JPY", "CHF", "CAD") and currency in halves
    assert NewsCalendar._relevant(currency, symbol) is concerned.get(currency, own)


def test_a_tick_value_of_zero_is_there_and_one_that_lacks_drops_all(tmp_path: Path) -> None:
    path = tmp_path / "specs.yaml"
    path.write_text("EURUSD: {contract_size: 100000, tick_value: 0}\n", encoding="utf-8")
    assert list(load_specs(path)) == ["EURUSD"]
    path.write_text(
        "EURUSD: {contract_size: 100000, tick_value: 0}\nUSDJPY: {contract_size: 100000}\n", encoding="utf-8"
    )
    assert load_specs(path) == {}
