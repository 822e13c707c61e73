"""A case file is read strictly: whatever is wrong with it is reported with its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from parity.harness.adr.witnesses import BUILDERS
from parity.harness.model.case import Case, CaseError
from parity.harness.model.plain import refused
from tests.harness.answers import put, without

GOOD = json.loads(BUILDERS["exit_gap"]().to_json())
PINNED = sorted((Path(__file__).resolve().parents[3] / "parity" / "cases").glob("*.json"))


def test_every_pinned_case_is_read_and_written_again_as_it_was() -> None:
    assert len(PINNED) > 60
    for path in PINNED:
        case = Case.load(path)
        assert Case.from_json(case.to_json()) == case, path.name
        assert refused(case) == [], f"{path.name}: V1 refuses it, so it shows nothing"


@pytest.mark.parametrize(
    ("path", "leaf", "words"),
    [
        (("format",), "omega-parity-case/2", "not a case of format omega-parity-case/1"),
        (("id",), 3, "Expected `str`, got `int` - at `id`"),
        (("money",), 1.0, "unknown field `money`"),
        (("config",), [], "Expected `object`, got `array` - at `config`"),
        (("config", "symbol"), 3, "Expected `str`, got `int` - at `config.symbol`"),
        (("config", "strategy"), [], "Expected `object`, got `array` - at `config.strategy`"),
        (
            ("config", "strategy", "parameters"),
            [],
            "Expected `object`, got `array` - at `config.strategy.parameters`",
        ),
        (("bars", "M1", 0, 0), 1.5, "Expected `int`, got `float` - at `bars[...][0][0]`"),
        (("bars", "M1", 0, 1), "1.1", "got `str` - at `bars[...][0][1]`"),
        (("bars", "M1", 0), [1, 2.0], "Expected `array` of length 10 - at `bars[...][0]`"),
        (("bars", "M2"), [], "Invalid enum value 'M2'"),
        (("bars",), [], "Expected `object`, got `array` - at `bars`"),
        (("bar_columns",), ["ts"], "bar_columns are not ts_ns, bo, bh"),
        (("news",), [["2025-01-07", "USD"]], "Expected `array` of length 3 - at `news[0]`"),
        (("tags",), "witness", "Expected `array`, got `str` - at `tags`"),
        (("costs",), 3, "Expected `object | null`, got `int` - at `costs`"),
    ],
)
def test_a_fault_is_reported_with_its_place(tmp_path: Path, path: tuple[Any, ...], leaf: Any, words: str) -> None:
    file = tmp_path / "case.json"
    file.write_text(json.dumps(put(GOOD, path, leaf)), encoding="utf-8")
    with pytest.raises(CaseError) as caught:
        Case.load(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert words in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "3", "null", "{", '{"format": NaN}', "[" * 100_000, '"case"', "{} {}"])
def test_what_is_no_case_at_all_is_reported(tmp_path: Path, text: str) -> None:
    file = tmp_path / "case.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CaseError, match=r"case\.json: "):
        Case.load(file)


def test_bytes_that_are_no_text_are_reported(tmp_path: Path) -> None:
    file = tmp_path / "case.json"
    file.write_bytes(b'{"id": "\xff"}')
    with pytest.raises(CaseError, match=r"case\.json: 'utf-8' codec can't decode"):
        Case.load(file)


def test_what_a_case_does_not_say_has_its_default() -> None:
    few = GOOD
    for name in ("costs", "specs", "news", "seen", "tags", "description", "data_root"):
        few = without(few, (name,))
    case = Case.from_json(json.dumps(few))
    assert case.costs["defaults"]["per_lot"] == 2.5
    assert case.news == ()
    assert case.data_root is None
