"""Records every call into a native module while Python code runs. Neither the module nor the code is changed.

Works on any PyO3 (or C) module. The interpreter's profiling hook reports each call of a native function and its return:
module functions and methods of the module's classes. It does not report constructors and attributes: `stand_ins` counts
those. They are not timed, because most take less time than reading the clock does. A wrapper, in place of each module
function while recording lasts, adds up the sizes of ``bytes`` and ``str`` arguments and answers. An answer that is a
new object was copied out of the module; copies inside the module are not recorded.

Some modules report how long their last call computed (``kernel``); that time is recorded beside the time of the call.
A heartbeat finds the calls that release the GIL: a second thread always wants to run, and the interpreter does not
switch threads by itself, so the thread runs only when a call releases the GIL. A release much shorter than the time a
thread takes to wake up (some 100 us) is missed. The heartbeat slows the program down, so times are taken without it.

Stands alone (standard library only), because V1's worker imports it as a file.
"""

from __future__ import annotations

import functools
import itertools
import math
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from types import FrameType, ModuleType
from typing import Any

if __package__:
    from parity.harness.boundary.stand_ins import counted
else:  # imported as a file by V1's worker, which knows nothing of this project
    from stand_ins import counted  # type: ignore[import-not-found,no-redef]

#: Calls by which the cost of recording one call is measured.
CALIBRATION = 4000
#: Files of the recorder itself; a call site lies outside them.
OWN = {__file__, sys.modules[counted.__module__].__file__}
#: How long the heartbeat sleeps, and an interval after which the interpreter never switches threads in practice.
BEAT_SECONDS, NEVER_SECONDS = 1e-5, 3600.0
#: Sleeps without a beat after which the heartbeat counts as stopped: seconds, also on a busy machine.
PATIENCE = 100_000


@dataclass
class Crossings:
    """All calls of one function: how many, their time in ns (the cost of recording taken off), bytes both ways."""

    function: str
    calls: int = 0
    #: Records that the calls carried; a call that is no batch counts as one.
    records: int = 0
    wall_ns: int = 0
    cpu_ns: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    #: Bytes of answers that are objects of their own, not one of the arguments: each was copied out of the module.
    bytes_copied: int = 0
    copies: int = 0
    #: Time that the module reports to have computed, ns; the rest of the time is the boundary's.
    kernel_ns: int = 0
    #: Wall time of the calls that held the GIL throughout, ns, and number of calls that released it.
    gil_ns: int = 0
    released: int = 0
    #: Call sites (``file:line``) with their counts.
    sites: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Batch:
    """One call that carried a batch: its function, call site (``file:line``) and number of records."""

    function: str
    site: str
    records: int


class Recorder:
    """Records the crossings into ``module`` inside ``with recorder.recording(): ...``."""

    def __init__(
        self,
        module: ModuleType,
        *,
        kernel: Callable[[], int] | None = None,
        records: Callable[[str, tuple[Any, ...]], int | None] | None = None,
    ) -> None:
        """``kernel`` returns how many ns the last call computed. ``records`` gets the name and the positional arguments
        of a call of a module function and returns how many records it carries, or None when the call is no batch.

        Raises:
            RuntimeError: a profiler is running in this thread.
        """
        self._module = module
        self._home, self._inside = module.__name__, f"{module.__name__}."
        self._kernel, self._records = kernel, records
        self._beats = 0
        self._types = {value for value in vars(module).values() if isinstance(value, type)}
        self._began: list[tuple[int, int, int, int]] = []
        self.crossings: dict[str, Crossings] = {}
        #: Calls for which ``records`` returned a number, in the order of the calls.
        self.batches: list[Batch] = []
        if sys.getprofile() is not None:
            raise RuntimeError("another profiler is running in this thread")
        #: What recording one call adds to its own times, ns; subtracted from them.
        self.cost_wall_ns, self.cost_cpu_ns = _calibrated()
        #: Attributes of classes that cannot be changed: accesses to them are not recorded.
        self.unrecorded: list[str] = []

    def _name(self, function: Any) -> str | None:
        """``function`` or ``Class.method`` when it belongs to the module."""
        owner, home = getattr(function, "__self__", None), getattr(function, "__module__", None)
        # A package may export what its native submodule defines.
        if owner is self._module or (home is not None and (home == self._home or home.startswith(self._inside))):
            return str(function.__name__)
        kind = owner if isinstance(owner, type) else type(owner)
        return f"{kind.__name__}.{function.__name__}" if kind in self._types else None

    def _hook(self, frame: FrameType, event: str, function: Any) -> None:
        if event == "c_call":
            if self._name(function) is not None:
                kernel = 0 if self._kernel is None else self._kernel()
                self._began.append((time.perf_counter_ns(), time.thread_time_ns(), self._beats, kernel))
        elif event in ("c_return", "c_exception") and self._began:
            name = self._name(function)
            if name is None:
                return
            beats, cpu, wall = self._beats, time.thread_time_ns(), time.perf_counter_ns()
            wall0, cpu0, beats0, kernel0 = self._began.pop()
            row = self._row(name)
            row.calls += 1
            row.records += 1
            took = wall - wall0 - self.cost_wall_ns
            row.wall_ns += took
            if beats == beats0:
                row.gil_ns += took
            else:
                row.released += 1
            # A function that does not report its time leaves that of the call before.
            if self._kernel is not None and (kernel := self._kernel()) != kernel0:
                row.kernel_ns += max(0, min(took, kernel))
            row.cpu_ns += cpu - cpu0 - self.cost_cpu_ns
            site = _site(frame)
            row.sites[site] = row.sites.get(site, 0) + 1

    def _row(self, name: str) -> Crossings:
        if name not in self.crossings:
            self.crossings[name] = Crossings(name)
        return self.crossings[name]

    def _through(self, name: str, call: Callable[[], Any]) -> Any:
        """A construction or an access of an attribute: counted, not timed."""
        beats = self._beats
        try:
            return call()
        finally:
            row = self._row(name)
            row.calls += 1
            row.records += 1
            row.released += self._beats != beats
            site = _site(sys._getframe(1))
            row.sites[site] = row.sites.get(site, 0) + 1

    def _measured(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            answer = original(*args, **kwargs)
            row = self._row(name)
            records = None if self._records is None else self._records(name, args)
            if records is not None:
                row.records += records - 1  # the hook has counted one
                self.batches.append(Batch(name, _site(sys._getframe(1)), records))
            row.bytes_in += sum(len(a) for a in (*args, *kwargs.values()) if isinstance(a, bytes | str))
            if isinstance(answer, bytes | str):
                row.bytes_out += len(answer)
                if not any(answer is given for given in args):
                    row.bytes_copied += len(answer)
                    row.copies += 1
            return answer

        return call

    @contextmanager
    def _heart(self, beating: bool) -> Iterator[None]:
        stop = threading.Event()

        def beat() -> None:
            while not stop.is_set():
                self._beats += 1
                time.sleep(BEAT_SECONDS)  # returns the GIL to the program

        if not beating:
            yield
            return
        thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
        before = sys.getswitchinterval()
        sys.setswitchinterval(NEVER_SECONDS)
        thread.start()
        try:
            yield
            self._check_heart()
        finally:
            sys.setswitchinterval(before)
            stop.set()
            thread.join()

    def _check_heart(self) -> None:
        """Releases the GIL until the heart beats: had it stopped, every call would seem to hold the GIL."""
        beats, patience = self._beats, PATIENCE
        while self._beats == beats:
            if not patience:
                raise RuntimeError("the heartbeat stopped: which calls release the GIL is not known")
            patience -= 1
            time.sleep(BEAT_SECONDS)

    @contextmanager
    def recording(
        self, *, heartbeat: bool = False, constructors: bool = True, attributes: bool = True
    ) -> Iterator[Recorder]:
        """Records until the end of the block, on top of what was recorded before.

        With ``heartbeat`` the calls that release the GIL are counted, and times are not to be trusted. Constructors and
        attributes are counted unless they are switched off; counting attributes slows down a module that reads
        attributes of its own classes by way of Python.

        Raises:
            RuntimeError: a profiler is running in this thread, or the heartbeat has stopped.
        """
        if sys.getprofile() is not None:
            raise RuntimeError("another profiler is running in this thread")
        functions = {n: f for n, f in vars(self._module).items() if callable(f) and not isinstance(f, type)}
        for name, function in functions.items():
            setattr(self._module, name, self._measured(name, function))
        stood_in = counted(self._types, self._through, constructors=constructors, attributes=attributes)
        try:
            with self._heart(heartbeat), stood_in as self.unrecorded:
                sys.setprofile(self._hook)
                try:
                    yield self
                finally:
                    sys.setprofile(None)
        finally:
            for name, function in functions.items():
                setattr(self._module, name, function)

    def report(self) -> dict[str, Any]:
        """Everything as plain data, the most called functions first; times in ns.

        The usual cost of recording is taken off each call, so a short call may come out below zero; only the sum over a
        function's calls is cut off at zero.
        """
        rows = [
            replace(row, wall_ns=max(0, row.wall_ns), cpu_ns=max(0, row.cpu_ns), gil_ns=max(0, row.gil_ns))
            for row in sorted(self.crossings.values(), key=lambda c: -c.calls)
        ]
        return {
            "module": self._module.__name__,
            "calls": sum(row.calls for row in rows),
            "wall_ns": sum(row.wall_ns for row in rows),
            "cpu_ns": sum(row.cpu_ns for row in rows),
            "records": sum(row.records for row in rows),
            "kernel_ns": sum(row.kernel_ns for row in rows),
            "bytes": sum(row.bytes_in + row.bytes_out for row in rows),
            "cost_ns": self.cost_wall_ns,
            "unrecorded": self.unrecorded,
            "batches": [asdict(batch) for batch in self.batches],
            "functions": [asdict(row) for row in rows],
        }


def _usual(totals: list[int]) -> int:
    """Median step of a running total; a few interruptions would spoil the mean."""
    return sorted(b - a for a, b in itertools.pairwise(totals))[len(totals) // 2]


def _calibrated() -> tuple[int, int]:
    """(wall, CPU) ns that recording adds to a call: what a call that does next to nothing seems to take."""
    empty = object.__new__(Recorder)
    empty._module, empty._types, empty._began, empty.crossings = math, set(), [], {}
    empty._home, empty._inside = "math", "math."
    empty._kernel, empty._records, empty._beats = None, None, 0
    empty.cost_wall_ns = empty.cost_cpu_ns = 0
    walls, cpus = [], []
    sys.setprofile(empty._hook)
    try:
        for _ in range(CALIBRATION):
            math.isfinite(0.0)
            walls.append(empty.crossings["isfinite"].wall_ns)
            cpus.append(empty.crossings["isfinite"].cpu_ns)
    finally:
        sys.setprofile(None)
    return _usual(walls), _usual(cpus)


@functools.cache
def _named(path: str, line: int) -> str:
    return f"{path.rpartition('/')[2]}:{line}"


def _site(frame: FrameType) -> str:
    """``file:line`` of the innermost frame outside the recorder."""
    here: FrameType | None = frame
    while here is not None and here.f_code.co_filename in OWN:
        here = here.f_back
    return "?" if here is None else _named(here.f_code.co_filename, here.f_lineno)
