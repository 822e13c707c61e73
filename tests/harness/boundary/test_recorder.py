"""The recorder counts every call into a native module, a foreign one included, and leaves the module as it was."""

from __future__ import annotations

import math
import sys
import threading
import time
import types
import zlib
from datetime import UTC, datetime

import omega_rust
import pydantic_core
import pytest

from parity.harness.boundary import recorder as recorder_file
from parity.harness.boundary.recorder import Recorder


def test_calls_of_functions_and_methods_of_a_foreign_pyo3_module_are_counted() -> None:
    validator = pydantic_core.SchemaValidator({"type": "int"})
    before = pydantic_core._pydantic_core.to_json
    recorder = Recorder(pydantic_core._pydantic_core)
    with recorder.recording():
        for i in range(25):
            validator.validate_python(i)
        pydantic_core._pydantic_core.to_json([1, 2, 3])
        pydantic_core._pydantic_core.from_json(b"[1, 2]")
    report = recorder.report()
    calls = {row["function"]: row for row in report["functions"]}
    assert calls["SchemaValidator.validate_python"]["calls"] == 25
    assert calls["to_json"]["bytes_out"] == len(b"[1,2,3]")
    assert calls["from_json"]["bytes_in"] == len(b"[1, 2]")
    assert report["calls"] == 27
    assert next(iter(calls["SchemaValidator.validate_python"]["sites"])).startswith("test_recorder.py:")
    assert pydantic_core._pydantic_core.to_json is before
    assert sys.getprofile() is None


def test_an_exception_of_the_module_is_counted_and_passed_on() -> None:
    validator = pydantic_core.SchemaValidator({"type": "int"})
    recorder = Recorder(pydantic_core._pydantic_core)
    with pytest.raises(pydantic_core.ValidationError), recorder.recording():
        validator.validate_python("no number")
    assert recorder.report()["calls"] == 1
    assert sys.getprofile() is None


def test_the_cost_of_recording_is_taken_off_what_is_recorded() -> None:
    recorder = Recorder(time)
    with recorder.recording():
        for _ in range(2000):
            time.gmtime(0)
        time.sleep(0.02)
    calls = {row["function"]: row for row in recorder.report()["functions"]}
    assert recorder.cost_wall_ns > 100
    # CPU time, because a busy machine stretches the other one.
    assert calls["gmtime"]["cpu_ns"] / 2000 < 5 * recorder.cost_cpu_ns
    assert calls["sleep"]["wall_ns"] >= 19e6
    assert calls["sleep"]["cpu_ns"] < calls["sleep"]["wall_ns"] / 2


def test_calls_that_release_the_gil_are_counted_apart_from_those_that_hold_it() -> None:
    block = bytes(range(256)) * 40_000
    recorder = Recorder(zlib)
    with recorder.recording(heartbeat=True):
        for _ in range(5):
            zlib.compress(block)  # lets go of the GIL
    released = recorder.crossings["compress"]
    assert released.released == released.calls == 5
    assert released.gil_ns == 0
    recorder = Recorder(math)
    with recorder.recording(heartbeat=True):
        for _ in range(5):
            math.factorial(20_000)  # holds it, some ten milliseconds long
    held = recorder.crossings["factorial"]
    assert (held.released, held.calls) == (0, 5)
    assert held.gil_ns == held.wall_ns > 0


def test_answers_that_are_new_objects_are_copies_and_arguments_handed_back_are_not() -> None:
    module = types.ModuleType("native_look")
    module.same = lambda given: given  # type: ignore[attr-defined]
    module.new = lambda given: given + b"!"  # type: ignore[attr-defined]
    recorder = Recorder(module)
    with recorder.recording():
        module.same(b"1234")
        module.new(b"1234")
    assert (recorder.crossings["same"].copies, recorder.crossings["same"].bytes_copied) == (0, 0)
    assert (recorder.crossings["new"].copies, recorder.crossings["new"].bytes_copied) == (1, 5)


def test_constructors_and_attributes_are_counted_and_put_back() -> None:
    attribute = vars(omega_rust.BarRust)["high"]
    when = datetime(2025, 1, 6, tzinfo=UTC)
    recorder = Recorder(omega_rust)
    with recorder.recording():
        bar = omega_rust.BarRust(when, 1.1, 1.2, 1.0, 1.15, 5.0)
        assert isinstance(bar, omega_rust.BarRust)
        assert [bar.high, bar.high, bar.low] == [1.2, 1.2, 1.0]
        with pytest.raises(TypeError):
            omega_rust.BarRust()
    calls = {row["function"]: row for row in recorder.report()["functions"]}
    assert {name: row["calls"] for name, row in calls.items()} == {
        "BarRust.__new__": 2, "BarRust.high": 2, "BarRust.low": 1
    }  # fmt: skip
    assert all(site.startswith("test_recorder.py:") for row in calls.values() for site in row["sites"])
    assert recorder.unrecorded == []
    assert omega_rust.BarRust is type(bar)
    assert vars(omega_rust.BarRust)["high"] is attribute


def test_records_are_counted_as_the_caller_says_and_as_one_a_call_otherwise() -> None:
    recorder = Recorder(zlib, records=lambda name, arguments: len(arguments[0]) if name == "crc32" else None)
    with recorder.recording():
        zlib.crc32(b"1234")
        zlib.compress(b"78")
        zlib.crc32(b"56")
        zlib.crc32(b"")
    assert (recorder.crossings["crc32"].calls, recorder.crossings["crc32"].records) == (3, 6)
    report = recorder.report()
    assert report["records"] == 7
    # A call that is no batch is none of the batches; an empty batch is one.
    assert [(batch["function"], batch["records"]) for batch in report["batches"]] == [
        ("crc32", 4), ("crc32", 2), ("crc32", 0)
    ]  # fmt: skip
    assert all(batch["site"].startswith("test_recorder.py:") for batch in report["batches"])
    assert len({batch["site"] for batch in report["batches"]}) == 3
    plain = Recorder(zlib)
    with plain.recording():
        zlib.crc32(b"1234")
    assert plain.crossings["crc32"].records == 1
    assert plain.batches == []


def test_constructors_and_attributes_can_be_left_out() -> None:
    when = datetime(2025, 1, 6, tzinfo=UTC)

    def names(**switched: bool) -> set[str]:
        recorder = Recorder(omega_rust)
        with recorder.recording(**switched):
            assert omega_rust.BarRust(when, 1.1, 1.2, 1.0, 1.15, 5.0).high == 1.2
        return set(recorder.crossings)

    assert names(attributes=False) == {"BarRust.__new__"}
    assert names(constructors=False) == {"BarRust.high"}
    assert names(constructors=False, attributes=False) == set()


def test_the_time_that_a_module_says_it_computed_is_kept_apart_and_never_exceeds_the_call() -> None:
    times = iter([0, 1_000_000, 1_000_000, 10**12, 7, 7])
    recorder = Recorder(time, kernel=lambda: next(times))
    with recorder.recording():
        time.sleep(0.01)
        time.gmtime(0)
        time.ctime(0)
    assert recorder.crossings["sleep"].kernel_ns == 1_000_000
    assert recorder.crossings["gmtime"].kernel_ns == recorder.crossings["gmtime"].wall_ns
    assert recorder.crossings["ctime"].kernel_ns == 0, "nothing was reported since the call before"


def test_another_profiler_is_not_disturbed() -> None:
    sys.setprofile(lambda *_: None)
    try:
        with pytest.raises(RuntimeError, match="another profiler"):
            Recorder(time)
    finally:
        sys.setprofile(None)


def test_a_heartbeat_that_has_stopped_is_an_error_and_not_a_call_that_holds_the_gil(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Dead(threading.Thread):
        def run(self) -> None:
            pass

    monkeypatch.setattr(recorder_file, "PATIENCE", 3)
    recorder = Recorder(zlib)
    with recorder.recording(heartbeat=True):
        zlib.crc32(b"1234")
    monkeypatch.setattr(threading, "Thread", Dead)
    with pytest.raises(RuntimeError, match="heartbeat stopped"), recorder.recording(heartbeat=True):
        zlib.crc32(b"1234")
    assert sys.getprofile() is None
