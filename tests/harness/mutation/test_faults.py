"""The table of planted faults fits V2's source, and V2's source holds none of them. Builds nothing."""

from __future__ import annotations

import json
import random
import re
import tomllib
from pathlib import Path

import pytest

from parity.harness.mutation import faults
from parity.harness.mutation.faults import (
    BASE,
    FAULTS,
    REPOSITORY,
    Fault,
    FaultsError,
    Table,
    parse,
    planted_sources,
)

ROOT = BASE + "lib.rs"
SOURCE = "rust_core/crates/engine/src/exits.rs"
GOOD = """
[selector]
file = "rust_core/crates/backtest/src/lib.rs"
find = "let config"
replace = "{select}; let config"

[[fault]]
name = "first-fault"
area = "exits"
imitates = "A comparison is strict."
file = "rust_core/crates/engine/src/exits.rs"
find = "a <= b"
replace = "if {fault} { a < b } else { a <= b }"

[[fault]]
name = "second-fault"
area = "exits"
imitates = "A level is missed."
file = "rust_core/crates/engine/src/exits.rs"
find = "c >= d"
replace = "c >= d && !{fault}"
also = [{ file = "rust_core/crates/contract/src/time.rs", find = "x", replace = "x + i64::from({fault})" }]
"""
FILES = {
    "rust_core/crates/backtest/src/lib.rs": "fn run() {\n    let config = 1;\n}\n",
    BASE + "time.rs": "fn time(x: i64)",
    ROOT: "pub mod time;\n",
    SOURCE: "// × fn touched\nfn touched() -> bool {\n    (a <= b, c >= d)\n}\n",
}


def _source(file: str) -> str:
    return (REPOSITORY / file).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def table() -> Table:
    return faults.load()


def test_the_table_holds_at_least_62_faults_of_every_area(table: Table) -> None:
    assert len(table.fault) >= 62
    assert {fault.area for fault in table.fault} == set(faults.Area.__args__)


def test_every_find_occurs_exactly_once_in_the_source_as_it_is(table: Table) -> None:
    edits = [(fault.name, edit) for fault in table.fault for edit in fault.edits()] + [("selector", table.selector)]
    assert len(edits) > len(table.fault)
    counted = {(name, edit.find): _source(edit.file).count(edit.find) for name, edit in edits}
    assert {key: count for key, count in counted.items() if count != 1} == {}


def test_every_fault_is_in_the_copy_and_none_of_its_edits_is_left_out(table: Table) -> None:
    planted = planted_sources(table, _source)
    text = "".join(source.text for source in planted.values())
    assert "{fault}" not in text
    assert "{select}" not in text
    for fault in table.fault:
        call = f"planted::{fault.name.replace('-', '_')}()"
        assert text.count(call) >= 1 + len(fault.also), fault.name
    assert text.count("omega_contract::planted::select();") == 1
    assert planted[ROOT].text == _source(ROOT) + "\npub mod planted;\n"


def test_any_part_of_the_table_in_any_order_applies_and_gives_the_same_edits(table: Table) -> None:
    drawn = random.Random(15)
    shuffled = Table(table.selector, tuple(drawn.sample(table.fault, len(table.fault))))
    in_order, in_any = planted_sources(table, _source), planted_sources(shuffled, _source)
    # The module with the selector lists the faults in the order of the table.
    assert in_order.pop(BASE + "planted.rs") != in_any.pop(BASE + "planted.rs")
    assert in_order == in_any
    subsets = [(fault,) for fault in table.fault]
    subsets += [tuple(drawn.sample(table.fault, drawn.randint(2, 61))) for _ in range(40)]
    for subset in subsets:
        planted = planted_sources(Table(table.selector, subset), _source)
        blamed = {place.fault for source in planted.values() for place in source.places}
        assert blamed == {"selector", *(fault.name for fault in subset)}


def test_the_source_of_v2_holds_no_fault_and_no_feature_for_them() -> None:
    files = [REPOSITORY / name for name in faults._files("rust_core")]
    assert len([path for path in files if path.suffix == ".rs"]) > 20
    assert [path.name for path in files if "planted" in path.read_text(encoding="utf-8").lower()] == []


def test_edits_are_placed_by_the_source_as_it_is_and_know_their_lines() -> None:
    planted = planted_sources(parse(GOOD), FILES.__getitem__)
    assert planted[SOURCE].text == (
        "// × fn touched\nfn touched() -> bool {\n"
        "    (if omega_contract::planted::first_fault() { a < b } else { a <= b }, "
        "c >= d && !omega_contract::planted::second_fault())\n}\n"
    )
    written = [planted[SOURCE].text.encode()[p.begin : p.end].decode() for p in planted[SOURCE].places]
    assert [p.fault for p in planted[SOURCE].places] == ["first-fault", "second-fault"]
    assert written == [
        "if omega_contract::planted::first_fault() { a < b } else { a <= b }",
        "c >= d && !omega_contract::planted::second_fault()",
    ]
    # The crate that holds the selector cannot name itself.
    assert planted[BASE + "time.rs"].text == "fn time(x + i64::from(crate::planted::second_fault()): i64)"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('imitates = "A level', 'why = "A level', "unknown field `why`"),
        ("[selector]", "[chooser]", "unknown field `chooser`"),
        ('area = "exits"\nimitates = "A level', 'area = "entries"\nimitates = "A level', "'entries'"),
        ('imitates = "A level is missed."\n', "", "missing required field `imitates`"),
        ('find = "c >= d"', 'find = ""', "`$.fault[1].find`"),
        ('"second-fault"', '"first-fault"', "the name first-fault is taken twice"),
        ('"second-fault"', '"Second_Fault"', "`$.fault[1].name`"),
        ('"second-fault"', '"match"', "`$.fault[1].name`"),
        ('replace = "c >= d && !{fault}"', 'replace = "c >= d"', "second-fault: replace is the same as find"),
        ('replace = "c >= d && !{fault}"', 'replace = "c > d"', "second-fault: replace lacks {fault}"),
        ('replace = "{select}; let', 'replace = "let  ', "selector: replace lacks {select}"),
        ('replace = "x + i64::from({fault})"', 'replace = "x + 1"', "second-fault: replace lacks {fault}"),
        ('file = "rust_core/crates/contract', 'file = "../rust_core/crates/contract', "`$.fault[1].also[0].file`"),
        ("[selector]", "[selector", "faults.toml: "),
    ],
)
def test_a_malformed_table_is_refused_with_the_place(old: str, new: str, words: str) -> None:
    assert old in GOOD
    with pytest.raises(FaultsError, match=re.escape(words)):
        parse(GOOD.replace(old, new, 1))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("fn touched() { c >= d }", "first-fault: find occurs 0 times in " + SOURCE),
        ("a <= b, c >= d, c >= d", "second-fault: find occurs 2 times in " + SOURCE),
    ],
)
def test_a_find_that_does_not_occur_exactly_once_is_refused(source: str, words: str) -> None:
    with pytest.raises(FaultsError, match=re.escape(words)):
        planted_sources(parse(GOOD), {**FILES, SOURCE: source}.__getitem__)


def test_two_faults_that_edit_the_same_text_are_refused() -> None:
    text = GOOD.replace('find = "c >= d"', 'find = "b, c >= d"')
    with pytest.raises(FaultsError, match="first-fault and second-fault edit the same text of"):
        planted_sources(parse(text), FILES.__getitem__)


def test_the_generated_module_has_a_function_for_each_fault_and_names_them_all(table: Table) -> None:
    source = faults.selector_source(table.names())
    listed = re.search(r"const NAMES: \[&str; (\d+)\] = (\[.*?\]);", source)
    assert listed is not None
    assert (int(listed[1]), tuple(json.loads(listed[2]))) == (len(table.fault), table.names())
    functions = re.findall(r"pub fn (\w+)\(\) -> bool \{\n    ON\[(\d+)\]", source)
    assert functions == [(name.replace("-", "_"), str(i)) for i, name in enumerate(table.names())]


def test_a_compile_error_names_the_fault_whose_edit_it_points_at() -> None:
    planted = planted_sources(parse(GOOD), FILES.__getitem__)

    def error(word: str, level: str = "error") -> str:
        begin = planted[SOURCE].text.encode().index(word.encode())
        span = {"file_name": SOURCE.removeprefix("rust_core/"), "byte_start": begin, "byte_end": begin + len(word)}
        message = {"level": level, "rendered": f"no {word}\n", "spans": [span]}
        return json.dumps({"reason": "compiler-message", "message": message}) + "\n"

    first, second = (f"parity/faults.toml: this is the edit of {name}" for name in ("first-fault", "second-fault"))
    assert faults.complaints(error("fn touched"), planted) == "no fn touched"
    assert faults.complaints(error("a < b"), planted).splitlines() == ["no a < b", first]
    both = error("a <= b }, c >= d") + error("second_fault") + error("first_fault", "warning")
    assert faults.complaints(both, planted).splitlines() == [
        "no a <= b }, c >= d",
        first,
        second,
        "no second_fault",
        second,
    ]


def test_the_copy_is_written_only_where_it_differs_and_loses_what_the_source_lost(tmp_path: Path) -> None:
    assert faults._synchronise(tmp_path, {"rust_core/a.rs": b"a", "python/bt/b.py": b"b"})
    library = tmp_path / "python" / "bt" / "_native.abi3.so"
    library.write_bytes(b"built")
    before = (tmp_path / "rust_core" / "a.rs").stat().st_mtime_ns
    assert not faults._synchronise(tmp_path, {"rust_core/a.rs": b"a", "python/bt/b.py": b"b"})
    assert (tmp_path / "rust_core" / "a.rs").stat().st_mtime_ns == before
    assert faults._synchronise(tmp_path, {"rust_core/a.rs": b"c"})
    assert (tmp_path / "rust_core" / "a.rs").read_bytes() == b"c"
    assert not (tmp_path / "python" / "bt" / "b.py").exists()
    assert library.exists()


def test_the_builder_ends_with_2_and_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys) -> None:
    assert faults.main([]) == 2
    broken = tmp_path / "faults.toml"
    broken.write_text(FAULTS.read_text(encoding="utf-8").replace('"stop-is-strict"', '"target-is-strict"'))
    monkeypatch.setattr(faults, "load", lambda: parse(broken.read_text(encoding="utf-8")))
    assert faults.main([str(tmp_path / "copy")]) == 2
    assert "the name target-is-strict is taken twice" in capsys.readouterr().err
    assert not (tmp_path / "copy").exists()


def test_keys_of_a_fault_are_those_that_the_table_explains() -> None:
    explained = re.findall(r"^# (\w+) {2,}", FAULTS.read_text(encoding="utf-8"), re.M)
    assert explained == list(Fault.__struct_fields__)
    assert set(tomllib.loads(GOOD)["fault"][1]) == set(explained)
