"""Pictures of cases, read as the text of their SVG: times, levels with prices, order ids, words for refusals."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from parity.harness.adr.witnesses import BUILDERS
from parity.harness.generate.cases import sweep_case
from parity.harness.model.bars import MINUTE_NS
from parity.harness.model.case import Case
from parity.harness.model.decode import decode_outcome
from parity.harness.model.files import prepare
from parity.harness.model.outcome import Outcome, Refusal
from parity.harness.oracle.compare import Tolerances, compare
from parity.harness.triage.market import primary_bars
from parity.harness.triage.narrate import Side
from parity.harness.triage.plot import FORMATS, plot
from tests.harness.answers import event, outcome, trade
from tests.harness.engines.gate_cases import ns, quiet

CASE = quiet("02:00", 30, orders=[], cooldown_minutes=25)
REFUSED = Refusal(category="EMPTY_INPUT", code=1010, message="no bars")


def at(minute: int) -> int:
    return ns(0, f"02:{minute:02}")


def here(row: dict[str, Any], bar: int) -> dict[str, Any]:
    """An event on a bar of CASE."""
    return {**row, "bar": bar, "timestamp_ns": at(bar)}


def answer(*orders: int, events: tuple[dict[str, Any], ...] = (), tp: float = 1.1042) -> Outcome:
    """Trades of CASE that enter at the minutes given and leave five minutes later."""
    rows = [
        trade(i, entry_time_ns=at(m), trigger_time_ns=at(m), exit_time_ns=at(m + 5), entry_price=1.1001,
              exit_price=1.0998, initial_sl=1.0998, sl=1.0998, tp=tp, reason="stop_loss")
        for i, m in enumerate(orders)
    ]  # fmt: skip
    decoded = decode_outcome({**outcome(0), "open_positions": [], "trades": rows, "events": list(events)})
    assert isinstance(decoded, Outcome)
    return decoded


SIGNAL = here(event("signal", 0, 1, direction="long", order_type="market", price=1.1, sl=1.0, tp=1.2, scenario=None), 8)
STOPS = tuple(here(event("gate", 0, None, gate="cooldown_entry", direction=None, until_ns=at(25)), i)
              for i in range(4, 16))  # fmt: skip


def texts(path: Path) -> list[str]:
    """Every text of an SVG, in order."""
    found = re.findall(r"<text[^>]*>(.*?)</text>", path.read_text(encoding="utf-8"), re.S)
    return [re.sub(r"<[^>]+>", " ", text).replace("&gt;", ">").strip() for text in found]


def drawn(tmp_path: Path, a: Outcome | Refusal, b: Outcome | Refusal, case: Case = CASE) -> list[str]:
    sides = (Side(name="old", outcome=a), Side(name="fresh", outcome=b))
    differences = compare(a, b, Tolerances({}), names=("old", "fresh"))
    return texts(plot(case, sides, tmp_path / "case.svg", differences))


def test_a_picture_has_times_prices_levels_ids_names_and_the_sentence(tmp_path: Path) -> None:
    found = drawn(tmp_path, answer(1, events=STOPS), answer(1, 8, events=(SIGNAL,)))
    whole = "\n".join(found)
    assert "02:00" in whole
    assert "2025-01-07" in whole
    assert "time of the bar's open (UTC)" in whole
    assert "bar 8 (2025-01-07 02:08): fresh gives a long market signal" in whole
    assert "old does not: its cooldown after an entry lasts until 02:25" in whole
    for words in ("#0 SL 1.0998", "#0 TP 1.1042", "#0 entry 1.1001", "#1 SL 1.0998 (fresh)", "#0 long", "#1 stop_loss",
                  "old: entry", "fresh: exit", "bid (filled: falls)", "ask (filled: falls)", "first divergence",
                  "cooldown entry", "old stopped by", "fresh stopped by"):  # fmt: skip
        assert words in found, words
    assert len([text for text in found if text.startswith("#0 SL")]) == 1, "a level that both have is drawn once"
    prices = [text for text in found if re.fullmatch(r"1\.\d{5}", text)]
    assert len(prices) >= 3
    assert not re.search(r"[+−-]1\.\d|\de[-+−]", whole), "no offset on the axis of prices"


def test_a_level_that_only_one_engine_has_says_whose_it_is(tmp_path: Path) -> None:
    found = drawn(tmp_path, answer(1), answer(1, tp=1.1043))
    assert {"#0 TP 1.1042 (old)", "#0 TP 1.1043 (fresh)", "#0 SL 1.0998"} <= set(found)
    assert "first difference, trade of order 0 (2025-01-07 02:06): tp is 1.1043 in fresh and 1.1042 in old" in found


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        ((REFUSED, REFUSED), "both refuse: 1010 EMPTY_INPUT"),
        ((REFUSED, answer(1)), "old refuses: 1010 EMPTY_INPUT (no bars); fresh runs (1 trades)"),
        ((answer(1), REFUSED), "old runs (1 trades); fresh refuses: 1010 EMPTY_INPUT (no bars)"),
    ],
)
def test_a_refusal_is_said_on_the_picture(
    tmp_path: Path, pair: tuple[Outcome | Refusal, Outcome | Refusal], words: str
) -> None:
    assert words in drawn(tmp_path, *pair)


def test_a_long_market_is_cut_to_a_window_around_the_divergence(tmp_path: Path) -> None:
    case = quiet("00:00", 1400, orders=[])
    late = [here(SIGNAL, 0) | {"bar": 900, "timestamp_ns": ns(0, "15:00")}]
    found = drawn(tmp_path, answer(1), answer(1, events=tuple(late)), case)
    clocks = [text for text in found if re.fullmatch(r"\d\d:\d\d", text)]
    assert "15:00" in clocks
    assert min(clocks) >= "14:10"
    assert max(clocks) <= "15:40"
    assert len(clocks) <= 12
    assert all(clock.endswith("0") for clock in clocks)


def test_bars_are_read_from_a_data_root_as_from_the_case(tmp_path: Path) -> None:
    for number in range(12):
        case, _ = sweep_case(0, number)
        own = primary_bars(case)
        away = replace(case, bars={}, data_root=str(prepare(case, tmp_path / "files").data_root))
        assert primary_bars(away) == replace(own, volume=primary_bars(away).volume)
        assert len(own) > 0
    with pytest.raises(ValueError, match="no bars of its own and no data root"):
        primary_bars(replace(case, bars={}))
    with pytest.raises(ValueError, match=r"_BID\.parquet"):
        primary_bars(replace(case, bars={}, data_root=str(tmp_path / "nowhere")))
    assert at(1) - at(0) == MINUTE_NS


def test_a_picture_has_one_of_three_formats(tmp_path: Path) -> None:
    sides = (Side(name="old", outcome=answer(1)), Side(name="fresh", outcome=answer(1)))
    for suffix in FORMATS:
        assert plot(CASE, sides, tmp_path / f"case{suffix}").stat().st_size > 5000
    with pytest.raises(ValueError, match="a plot is one of"):
        plot(BUILDERS["exit_gap"](), sides, tmp_path / "case.bmp")
