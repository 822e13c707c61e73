"""V2's boundary is measured: what its module exports, what its crates are, its calls, and what runs during a call."""

from __future__ import annotations

import functools
import json
import types
from dataclasses import replace
from pathlib import Path

import pytest
from bt import _native

from parity.harness.adr.witnesses import BUILDERS
from parity.harness.boundary import v2_boundary
from parity.harness.boundary.v2_boundary import MeasurementError
from parity.harness.engines import V2InProcess
from parity.harness.model.files import prepare


def test_everything_callable_that_a_module_exports_is_found() -> None:
    module = types.ModuleType("module")
    module.number, module.Kind, module.call = 3, int, len  # type: ignore[attr-defined]
    assert v2_boundary.callables_of(module) == ["Kind", "call"]


def test_a_library_that_is_none_and_a_missing_nm_are_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "library.so").write_bytes(b"no library")
    with pytest.raises(MeasurementError, match=r"nm cannot read library\.so"):
        v2_boundary.symbols_of(tmp_path / "library.so")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MeasurementError, match="nm is missing"):
        v2_boundary.symbols_of(tmp_path / "library.so")


def test_crates_of_a_workspace_are_separated_from_its_dependencies(tmp_path: Path) -> None:
    for name, needs in (("one", 'two = { path = "../two" }'), ("two", "")):
        (tmp_path / name / "src").mkdir(parents=True)
        (tmp_path / name / "src" / "lib.rs").write_text("", encoding="utf-8")
        manifest = f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\n{needs}\n'
        (tmp_path / name / "Cargo.toml").write_text(manifest, encoding="utf-8")
    workspace = '[workspace]\nmembers = ["one"]\nexclude = ["two"]\nresolver = "2"\n'
    (tmp_path / "Cargo.toml").write_text(workspace, encoding="utf-8")
    manifest = tmp_path / "Cargo.toml"
    with pytest.raises(MeasurementError, match=r"cargo metadata failed: .*lock"):
        v2_boundary.crates(manifest)
    lock = 'version = 3\n[[package]]\nname = "one"\nversion = "0.1.0"\ndependencies = ["two"]\n'
    (tmp_path / "Cargo.lock").write_text(f'{lock}[[package]]\nname = "two"\nversion = "0.1.0"\n', encoding="utf-8")
    found = v2_boundary.crates(manifest)
    assert found.own == {"one": {"two"}}
    assert found.resolved == {"one", "two"}
    assert (found.users_of("two"), found.users_of("one")) == (["one"], [])


def test_python_that_starts_during_a_call_is_named_and_a_native_call_has_none() -> None:
    def inner() -> int:
        return 1

    def outer() -> int:
        return inner()

    assert v2_boundary.frames_during(outer) == ["outer", "inner"]
    assert v2_boundary.frames_during(functools.partial(sum, [1, 2])) == []


def test_calls_and_bytes_of_a_run_are_those_of_its_texts(tmp_path: Path) -> None:
    engine = V2InProcess()
    prepared = prepare(BUILDERS["exit_gap"](), tmp_path)
    answer, functions = v2_boundary.recorded(_native, engine, prepared)
    assert answer.bars > 0
    (row,) = functions
    assert (row.function, row.calls, row.bytes_in) == ("run_backtest", 1, len(json.dumps(engine.config(prepared, {}))))
    side = v2_boundary.side_of_v2(_native, engine, prepared)
    assert side.calls == 1
    # The times in V2's answer have more or fewer digits from one run to the next.
    assert side.bytes == pytest.approx(row.bytes_in + row.bytes_out, abs=60)
    assert 0 < side.share < 1
    assert 0 < side.seconds < 5


def test_a_case_that_v2_refuses_is_an_error(tmp_path: Path) -> None:
    case = BUILDERS["exit_gap"]()
    case = replace(case, config={**case.config, "symbol": "NOSUCHSYMBOL"})
    with pytest.raises(MeasurementError, match=f"V2 did not run {case.id}"):
        v2_boundary.side_of_v2(_native, V2InProcess(), prepare(case, tmp_path))
