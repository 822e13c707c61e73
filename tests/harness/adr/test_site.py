"""Generated pages: written again they are the same bytes, and what was measured comes out again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from parity.harness.adr import measure, record, site
from parity.harness.engines import SWITCHES, V2Engine


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(record.ADR_DIR, tmp_path / "ADRs"))


def test_writing_the_index_and_the_measured_blocks_again_leaves_no_difference() -> None:
    assert len(site.written()) == len(record.load_all()) + 1
    assert site.stale() == []


def test_what_is_edited_by_hand_or_missing_is_stale_and_is_written_again(folder: Path) -> None:
    page, index = folder / "0015-exits-over-a-gap-take-the-open.md", folder / record.INDEX
    before = page.read_text(encoding="utf-8"), index.read_text(encoding="utf-8")
    page.write_text(before[0].replace("| -112.48 |", "| -12.48 |"), encoding="utf-8")
    index.unlink()
    assert before[0] != page.read_text(encoding="utf-8")
    assert site.stale(folder) == [index, page]
    assert site.write(folder) == [index, page]
    assert before == (page.read_text(encoding="utf-8"), index.read_text(encoding="utf-8"))
    page.write_text(record.without_block(before[0]), encoding="utf-8")
    assert site.stale(folder) == [page]


def test_every_switch_has_a_block_and_a_line_of_the_index() -> None:
    index = (record.ADR_DIR / record.INDEX).read_text(encoding="utf-8")
    for switch, adr in record.by_switch(record.load_all()).items():
        text = adr.path.read_text(encoding="utf-8")
        assert text.endswith(f"\n{record.BLOCK_END}\n")
        assert text.count("## Measured on the market runs") == 1
        assert index.count(f"| `{switch}` |") == 1
        assert f"[{adr.number:04}]({adr.path.name})" in index
    others = [adr for adr in record.load_all() if adr.switch is None]
    assert len(others) >= 10
    assert all(f"| [{adr.number:04}]({adr.path.name}) | {adr.title} |" in index for adr in others)


def test_the_table_has_every_switch_on_every_run_and_another_one_is_refused(folder: Path) -> None:
    assert len(measure.load(folder)) == 27 * 17
    path = folder / measure.TABLE
    text = path.read_text(encoding="utf-8")
    for broken, words in (
        (text.replace("bar_order,s1-free,", "bar_order,s1-fee,", 1), "has not every switch on every configuration"),
        ("".join(text.splitlines(keepends=True)[:-1]), "has not every switch on every configuration"),
        (text.replace("configuration,", "config,", 1), "its columns must be"),
        (text.replace(",201,", ",many,", 1), "invalid literal"),
    ):
        assert broken != text
        path.write_text(broken, encoding="utf-8")
        with pytest.raises(measure.EvidenceError, match=words):
            measure.load(folder)


def test_two_runs_measured_again_with_every_switch_give_the_recorded_table(tmp_path: Path) -> None:
    cases = measure.cases(record.REPOSITORY / "var" / "data" / "parquet", ("s1-s2-sessions", "scripted"))
    engine = V2Engine()
    try:
        rows = measure.measure(engine, cases, tmp_path)
    finally:
        engine.close()
    assert len(rows) == 2 * len(SWITCHES)
    assert measure.changes(measure.load(), rows) == []
    assert sum(row.any for row in rows) >= 20


def test_another_figure_is_reported_by_its_name() -> None:
    rows = measure.load()
    row = next(r for r in rows if (r.switch, r.configuration) == ("exit_gap", "s1-costs"))
    values = {name: getattr(row, name) for name in measure.COLUMNS}
    other = measure.Row(**{**values, "changed": row.changed + 1, "balance_v2": "0.00"})
    assert measure.changes(rows, [other]) == [
        f"exit_gap on s1-costs: changed {row.changed} -> {row.changed + 1}, balance_v2 {row.balance_v2} -> 0.00"
    ]
    assert measure.changes([], [row]) == ["exit_gap on s1-costs: is not recorded"]


def test_a_balance_below_zero_is_explained_where_there_is_one() -> None:
    rows = [row for row in measure.load() if row.switch == "exit_gap"]
    above = [row for row in rows if float(row.balance_v1) >= 0 and float(row.balance_v2 or 0) >= 0]
    assert 0 < len(above) < len(rows)
    assert "Balances below zero are meant." in site.block(rows)
    assert "Balances below zero" not in site.block(above)
