"""Looks for differences among many cases: counts coverage, keeps one case of each kind of difference, minimises it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings

from parity.harness.coverage.execution import branches
from parity.harness.coverage.registry import Coverage
from parity.harness.generate.cases import cases, sweep_case
from parity.harness.model import provenance as versions
from parity.harness.model.case import Case
from parity.harness.model.limits import EVERYTHING, Limits
from parity.harness.model.outcome import Outcome, Refusal
from parity.harness.oracle.fingerprint import Fingerprint
from parity.harness.oracle.trace_diff import traces
from parity.harness.run.differential import Examined, Pair
from parity.harness.run.prefetch import prefetched
from parity.harness.triage.describe import describe
from parity.harness.triage.minimise import Budget, Size, by_choices, minimise

#: Kinds of differences that are minimised in one campaign; more than that is one broken engine.
MOST_KINDS = 6


@dataclass
class Found:
    """One kind of difference: the case that showed it first, the smallest one, and where that lies."""

    fingerprint: Fingerprint
    first: Case
    made: Sequence[int] | None
    after_seconds: float
    count: int = 1
    minimised: Case | None = None
    path: Path | None = None
    text: str = ""


@dataclass
class Campaign:
    """``look`` at each case, then ``conclude``."""

    pair: Pair
    coverage: Coverage
    folder: Path
    limits: Limits = EVERYTHING
    minimise_seconds: float = 30.0
    #: Kinds that were minimised before, and where their case lies: they are counted and not minimised again.
    known: dict[Fingerprint, Path] = field(default_factory=dict)
    kinds: dict[Fingerprint, Found] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    def examine(self, case: Case, made: Sequence[int] | None = None) -> Examined:
        """Examines a case, counts its branches, remembers what is new about it."""
        examined = self.pair.examine(case)
        began = time.perf_counter()
        self._count(examined)
        self.pair.clocks.harness += time.perf_counter() - began
        if examined.fingerprint is not None:
            known = self.kinds.get(examined.fingerprint)
            if known is not None:
                known.count += 1
            else:
                found = Found(examined.fingerprint, case, made, time.monotonic() - self.began)
                self.kinds[examined.fingerprint] = found
        return examined

    def _count(self, examined: Examined) -> None:
        """Counts the branches that each engine's trace shows; equal traces show equal ones."""
        (a, b), case = self.pair.names, examined.case
        first, second = examined.a.outcome, examined.b.outcome
        equal = examined.fingerprint is None and (traces(first, second) is not None or isinstance(first, Refusal))
        taken = self._add(a, case, first)
        if a != b:
            self._add(b, case, second, taken if equal else None)

    def _add(
        self, engine: str, case: Case, outcome: Outcome | Refusal | None, known: set[str] | None = None
    ) -> set[str] | None:
        if outcome is None:
            return None
        if isinstance(outcome, Outcome) and outcome.trace is None:
            self.coverage.add_untraced(engine)
            return None
        taken = branches(case, outcome) if known is None else known
        self.coverage.add(engine, taken, traced=isinstance(outcome, Outcome))
        return taken

    def sweep(self, seed: int, numbers: Iterable[int]) -> Iterator[tuple[Case, Sequence[int]]]:
        """The cases of a sweep and the choices that made them.

        A thread draws the next case and writes its files while an engine in a process of its own is at work on this
        one.
        """

        def draw(emit: Callable[[tuple[Case, Sequence[int]]], None]) -> None:
            for number in numbers:
                case, made = sweep_case(seed, number, self.limits)
                self.pair.prefetch(case)
                emit((case, made))

        return prefetched(draw)

    def drawn(self, examples: int) -> Iterator[Case]:
        """Cases that Hypothesis draws, always the same ones, drawn beside the engines like those of ``sweep``.

        A difference does not fail the example: the campaign goes on, and minimises one case of each kind at the end.
        """

        def draw(emit: Callable[[Case], None]) -> None:
            @settings(
                max_examples=examples,
                derandomize=True,
                database=None,
                deadline=None,
                phases=(Phase.generate,),
                suppress_health_check=list(HealthCheck),
            )
            @given(cases(self.limits))
            def run(case: Case) -> None:
                self.pair.prefetch(case)
                emit(case)

            run()

        return prefetched(draw)

    def conclude(self, *, name: str = "found") -> list[Found]:
        """Saves one case of each kind, the most frequent first; minimised, except for those after MOST_KINDS."""
        out = sorted(self.kinds.values(), key=lambda found: -found.count)
        for i, found in enumerate(out):
            if found.fingerprint in self.known:
                found.path = self.known[found.fingerprint]
                found.text = f"{found.count} more cases of {', '.join(found.fingerprint)}: see {_shown(found.path)}"
                continue
            if i >= MOST_KINDS:
                found.path = replace(found.first, id=f"{name}-{i + 1}").save(self.folder)
                command = f"{versions.command()} shrink {_shown(found.path)}"
                found.text = (
                    f"{found.count} cases of {', '.join(found.fingerprint)}, not minimised; minimise with: {command}"
                )
                continue
            self._minimise(found)
            assert found.minimised is not None
            examined = self.pair.examine(found.minimised)
            found.text = describe(self.pair, examined)
            differences = [str(d) for d in examined.report.differences[:20]]
            seen = {"fingerprint": list(found.fingerprint), "differences": differences,
                    "cases": found.count, "versions": versions.known()}  # fmt: skip
            saved = Case(**{**found.minimised.__dict__, "id": f"{name}-{i + 1}", "seen": seen,
                            "description": f"first difference: {', '.join(found.fingerprint)}"})  # fmt: skip
            found.path = self.known[found.fingerprint] = saved.save(self.folder)
            found.text += (
                f"\nminimised from {_size(found.first)} to {_size(found.minimised)}, shown by {found.count} cases"
            )
            shown = _shown(found.path)
            found.text += f"\nreplay with: {versions.command()} replay {shown}"
        return out

    def _minimise(self, found: Found) -> None:
        def shows(case: Case) -> bool:
            return self.pair.examine(case).fingerprint == found.fingerprint

        case = found.first
        if found.made is not None:
            case = (
                by_choices(found.made, shows, Budget(seconds=self.minimise_seconds / 10, tries=40), self.limits) or case
            )
        found.minimised = minimise(case, shows, budget=Budget(seconds=self.minimise_seconds, tries=1500))


def kept(pair: Pair, case: Case, folder: Path) -> str:
    """Saves a case that failed outside a campaign; the difference in words and the command that replays it."""
    path = case.save(folder)
    return f"{describe(pair, pair.examine(case))}\nreplay with: {versions.command()} replay {_shown(path)}"


def _shown(path: Path) -> Path:
    """A path as one would type it here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _size(case: Case) -> str:
    size = Size.of(case)
    return f"{size.bars} bars and {size.orders} order{'s' if size.orders != 1 else ''}"
