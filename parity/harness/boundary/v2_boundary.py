"""Measures V2's boundary: what its native module exports, its calls in a run, the Python that runs during a call.

The native module is an argument, because only `engines` imports V2.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, ModuleType

from parity.harness.boundary.before_after import Side
from parity.harness.boundary.recorder import Crossings, Recorder
from parity.harness.engines import V2InProcess
from parity.harness.engines.v2_process.calls import environment
from parity.harness.model.files import Prepared
from parity.harness.model.outcome import Answer, Outcome

#: Stages of a call that V2's ``meta.timings_ns`` counts as its own work; the rest of the call is the boundary.
OWN_STAGES = ("load", "indicators", "loop", "metrics")


class MeasurementError(Exception):
    """A tool is missing, or V2 did not answer the case that was to be measured; the message says which."""


@dataclass(frozen=True, kw_only=True)
class Crates:
    """The crates of V2: own ones with the names of their direct dependencies, and every crate that cargo resolves."""

    own: dict[str, set[str]]
    resolved: set[str]

    def users_of(self, crate: str) -> list[str]:
        """Own crates that depend on a crate directly, sorted."""
        return sorted(name for name, needs in self.own.items() if crate in needs)


def callables_of(module: ModuleType) -> list[str]:
    """Names of everything callable that a module exports, sorted."""
    names = [name for name in dir(module) if not name.startswith("__")]
    return sorted(name for name in names if callable(getattr(module, name)))


def symbols_of(library: Path) -> list[str]:
    """Symbols that a shared library exports, sorted, without the underscore that macOS adds.

    Raises:
        MeasurementError: ``nm`` is missing or cannot read the library.
    """
    tool = shutil.which("nm")
    if tool is None:
        raise MeasurementError("nm is missing: it comes with the linker that builds Rust (binutils or Xcode)")
    wanted = ["-gU"] if sys.platform == "darwin" else ["-D", "--defined-only"]
    done = subprocess.run([tool, *wanted, str(library)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise MeasurementError(f"nm cannot read {library.name}: {done.stderr.strip()}")
    return sorted(line.split()[-1].removeprefix("_") for line in done.stdout.splitlines() if line.strip())


def crates(manifest: Path) -> Crates:
    """The crates of a workspace as its lock file resolves them.

    Raises:
        MeasurementError: cargo is missing or refuses the manifest.
    """
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--offline", "--manifest-path", str(manifest)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise MeasurementError("cargo is missing: install a stable Rust toolchain") from error
    if done.returncode != 0:
        raise MeasurementError(f"cargo metadata failed: {done.stderr.strip()[-800:]}")
    raw = json.loads(done.stdout)
    members = set(raw["workspace_members"])
    own = {p["name"]: {d["name"] for d in p["dependencies"]} for p in raw["packages"] if p["id"] in members}
    names = {p["id"]: p["name"] for p in raw["packages"]}
    return Crates(own=own, resolved={names[node["id"]] for node in raw["resolve"]["nodes"]})


def frames_during(call: Callable[[], object]) -> list[str]:
    """Names of the Python functions that start while ``call`` runs in this thread, ``call`` included."""
    frames: list[str] = []

    def hook(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            frames.append(frame.f_code.co_name)

    sys.setprofile(hook)
    try:
        call()
    finally:
        sys.setprofile(None)
    return frames


def recorded(native: ModuleType, engine: V2InProcess, prepared: Prepared) -> tuple[Answer, list[Crossings]]:
    """The engine's answer to a case, and its calls into ``native`` by function.

    Raises:
        MeasurementError: the engine failed, or refused the case.
    """
    recorder = Recorder(native)
    with recorder.recording(constructors=False, attributes=False):
        answer = engine.run(prepared, {})
    if not isinstance(answer.outcome, Outcome):
        raise MeasurementError(f"V2 did not run {prepared.case.id}: {answer.failure or answer.outcome}")
    return answer, list(recorder.crossings.values())


def side_of_v2(native: ModuleType, engine: V2InProcess, prepared: Prepared) -> Side:
    """V2's side of a run: the boundary is everything but the engine's own stages, JSON in and out included.

    Raises:
        MeasurementError: the engine failed, or refused the case.
    """
    for _ in range(2):  # the first run is a warm-up, as V1 has one
        _, functions = recorded(native, engine, prepared)
    config = json.dumps(engine.config(prepared, {}))
    with environment(engine.environment(prepared)):
        text = native.run_backtest(config)
    began = time.perf_counter()
    result = json.loads(text)
    json.dumps(json.loads(config))
    seconds = sum(row.wall_ns for row in functions) / 1e9 + time.perf_counter() - began
    own = sum(result["meta"]["timings_ns"][stage] for stage in OWN_STAGES) / 1e9
    return Side(
        calls=sum(row.calls for row in functions),
        bytes=sum(row.bytes_in + row.bytes_out for row in functions),
        seconds=seconds,
        share=max(0.0, 1 - own / seconds),
    )
