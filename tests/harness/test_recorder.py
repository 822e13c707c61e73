"""The recorder counts every call into a native module, a foreign one included, and leaves the module as it was."""

from __future__ import annotations

import sys
import time

import pydantic_core
import pytest

from parity.harness.recorder import Recorder


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


def test_another_profiler_is_not_disturbed() -> None:
    sys.setprofile(lambda *_: None)
    try:
        with pytest.raises(RuntimeError, match="another profiler"):
            Recorder(time)
    finally:
        sys.setprofile(None)
