"""Records every call into a native module while Python code runs, without touching either of them.

Works on any PyO3 (or C) module: module functions and methods of its classes are seen through the interpreter's
profiling hook, which reports each call of a native function and its return. The hook cannot see constructors and
attributes: `stand_ins` counts those. They are not timed, because most take less than reading the clock does. For module
functions that take or return ``bytes`` or ``str`` the sizes are recorded as well, by a wrapper in place of the module's
attribute while recording lasts: what comes back as a new object was copied into it; copies inside the module cannot be
seen from outside.

A module that tells how long its last call computed (``kernel``) has that time noted. Whether a call holds the GIL is
told by a heartbeat: a second thread that wants to run all the time, while the interpreter is told not to switch threads
of its own accord. So that thread runs only when a call lets go of the GIL; letting go for much less than a thread takes
to wake up (some 100 us) is not seen. The heartbeat slows the program down, so times are taken without it.

Stands alone (standard library only), because V1's worker imports it as a file.
"""

from __future__ import annotations

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
#: Files whose frames are no places of calls.
OWN = ("recorder.py", "stand_ins.py")
#: How long the heartbeat rests, and longer than a thread will have to wait for the interpreter to switch.
BEAT_SECONDS, NEVER_SECONDS = 1e-5, 3600.0
#: Rests after which a heart that has not beaten is taken for dead: seconds, also on a busy machine.
PATIENCE = 100_000


@dataclass
class Crossings:
    """All calls of one function: how many, their time in ns (without the cost of recording), bytes both ways."""

    function: str
    calls: int = 0
    #: Records that the calls carried; one for each call where nothing else is known.
    records: int = 0
    wall_ns: int = 0
    cpu_ns: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    #: Bytes of answers that are objects of their own, not one of the arguments: each was copied out of the module.
    bytes_copied: int = 0
    copies: int = 0
    #: Time that the module says it computed, ns; the rest of the time is the boundary's.
    kernel_ns: int = 0
    #: Wall time of the calls during which no other thread could run, ns, and calls during which one did.
    gil_ns: int = 0
    released: int = 0
    #: Where it was called from, ``file:line``, with counts.
    sites: dict[str, int] = field(default_factory=dict)


class Recorder:
    """Records the crossings into ``module`` inside ``with recorder.recording(): ...``."""

    def __init__(
        self,
        module: ModuleType,
        *,
        kernel: Callable[[], int] | None = None,
        records: Callable[[str, tuple[Any, ...]], int] | None = None,
    ) -> None:
        """``kernel`` tells how many ns the last call computed; ``records`` how many records a call of a module function
        carries, by its name and positional arguments.

        Raises:
            RuntimeError: a profiler is running in this thread.
        """
        self._module = module
        self._kernel, self._records = kernel, records
        self._beats = 0
        self._types = {value for value in vars(module).values() if isinstance(value, type)}
        self._began: list[tuple[int, int, int, int]] = []
        self.crossings: dict[str, Crossings] = {}
        if sys.getprofile() is not None:
            raise RuntimeError("another profiler is running in this thread")
        #: What recording one call adds to its own times, ns; subtracted from them.
        self.cost_wall_ns, self.cost_cpu_ns = _calibrated()
        #: Attributes of classes that cannot be changed: accesses to them are not seen.
        self.unseen: list[str] = []

    def _name(self, function: Any) -> str | None:
        """``function`` or ``Class.method`` when it belongs to the module."""
        owner = getattr(function, "__self__", None)
        home = str(getattr(function, "__module__", None))
        # A package may hand on what its native submodule defines.
        if owner is self._module or home == self._module.__name__ or home.startswith(f"{self._module.__name__}."):
            return str(function.__name__)
        kind = owner if isinstance(owner, type) else type(owner)
        return f"{kind.__name__}.{function.__name__}" if kind in self._types else None

    def _hook(self, frame: FrameType, event: str, function: Any) -> None:
        if event == "c_call":
            if self._name(function) is not None:
                told = 0 if self._kernel is None else self._kernel()
                self._began.append((time.perf_counter_ns(), time.thread_time_ns(), self._beats, told))
        elif event in ("c_return", "c_exception") and self._began:
            name = self._name(function)
            if name is None:
                return
            beats, cpu, wall = self._beats, time.thread_time_ns(), time.perf_counter_ns()
            wall0, cpu0, beats0, told = self._began.pop()
            known = self._known(name)
            known.calls += 1
            known.records += 1
            took = wall - wall0 - self.cost_wall_ns
            known.wall_ns += took
            if beats == beats0:
                known.gil_ns += took
            else:
                known.released += 1
            # A function that does not tell its time leaves the one told before.
            if self._kernel is not None and (kernel := self._kernel()) != told:
                known.kernel_ns += max(0, min(took, kernel))
            known.cpu_ns += cpu - cpu0 - self.cost_cpu_ns
            site = _site(frame)
            known.sites[site] = known.sites.get(site, 0) + 1

    def _known(self, name: str) -> Crossings:
        if name not in self.crossings:
            self.crossings[name] = Crossings(name)
        return self.crossings[name]

    def _through(self, name: str, call: Callable[[], Any]) -> Any:
        """A construction or an access of an attribute: counted, not timed."""
        beats = self._beats
        try:
            return call()
        finally:
            known = self._known(name)
            known.calls += 1
            known.records += 1
            known.released += self._beats != beats
            site = _site(sys._getframe(1))
            known.sites[site] = known.sites.get(site, 0) + 1

    def _measured(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            answer = original(*args, **kwargs)
            known = self._known(name)
            if self._records is not None:
                known.records += self._records(name, args) - 1  # the hook has counted one
            known.bytes_in += sum(len(a) for a in (*args, *kwargs.values()) if isinstance(a, bytes | str))
            if isinstance(answer, bytes | str):
                known.bytes_out += len(answer)
                if not any(answer is given for given in args):
                    known.bytes_copied += len(answer)
                    known.copies += 1
            return answer

        return call

    @contextmanager
    def _heart(self, beating: bool) -> Iterator[None]:
        stop = threading.Event()

        def beat() -> None:
            while not stop.is_set():
                self._beats += 1
                time.sleep(BEAT_SECONDS)  # lets the program have the GIL again

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
        """Lets go of the GIL until the heart beats: one that had stopped would have told that every call holds it."""
        beats, patience = self._beats, PATIENCE
        while self._beats == beats:
            if not patience:
                raise RuntimeError("the heartbeat stopped: which calls let go of the GIL is not known")
            patience -= 1
            time.sleep(BEAT_SECONDS)

    @contextmanager
    def recording(self, *, heartbeat: bool = False, attributes: bool = True) -> Iterator[Recorder]:
        """Records until the end of the block; another profiling hook must not be set.

        With ``heartbeat`` the calls that let go of the GIL are told apart, and times are not to be trusted. Without
        ``attributes`` constructors and attributes are not counted: a module that reads attributes of its own classes by
        way of Python is slowed down by them.

        Raises:
            RuntimeError: a profiler is running in this thread, or the heartbeat has stopped.
        """
        if sys.getprofile() is not None:
            raise RuntimeError("another profiler is running in this thread")
        functions = {n: f for n, f in vars(self._module).items() if callable(f) and not isinstance(f, type)}
        for name, function in functions.items():
            setattr(self._module, name, self._measured(name, function))
        try:
            with self._heart(heartbeat), counted(self._types if attributes else (), self._through) as self.unseen:
                sys.setprofile(self._hook)
                try:
                    yield self
                finally:
                    sys.setprofile(None)
        finally:
            for name, function in functions.items():
                setattr(self._module, name, function)

    def report(self) -> dict[str, Any]:
        """Everything as plain data, the most called functions first.

        The cost of recording is taken off each call as it usually is, so a short one may come out below nothing; only
        the sum over a function's calls is cut off there.
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
            "unseen": self.unseen,
            "functions": [asdict(row) for row in rows],
        }


def _usual(totals: list[int]) -> int:
    """Median step of a running total: the mean is at the mercy of a few interruptions."""
    return sorted(b - a for a, b in itertools.pairwise(totals))[len(totals) // 2]


def _calibrated() -> tuple[int, int]:
    """(wall, CPU) ns that recording adds to the time of a call: what one that does next to nothing seems to take."""
    empty = object.__new__(Recorder)
    empty._module, empty._types, empty._began, empty.crossings = math, set(), [], {}
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


def _site(frame: FrameType) -> str:
    """The line of user code a call came from; the recorder's own wrapper is passed over."""
    here: FrameType | None = frame
    while here is not None and here.f_code.co_filename.rpartition("/")[2] in OWN:
        here = here.f_back
    if here is None:
        return "?"
    return f"{here.f_code.co_filename.rpartition('/')[2]}:{here.f_lineno}"
