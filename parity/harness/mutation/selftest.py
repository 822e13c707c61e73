"""Shows that the suite catches faults: plants them in V2, one after another, and runs its cases.

``make selftest`` builds a copy of V2 with every fault of ``parity/faults.toml`` and runs this with that build. A fault
that nothing catches fails the selftest. So do a case that differs with nothing planted, and minimised cases that are
too large to read or no longer show their fault.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from parity.harness.coverage.registry import Coverage
from parity.harness.engines import V1Engine, V2InProcess
from parity.harness.generate.cases import sweep_case
from parity.harness.model.case import Case
from parity.harness.model.outcome import Answer
from parity.harness.mutation.faults import VARIABLE, load
from parity.harness.oracle.compare import Tolerances
from parity.harness.oracle.fingerprint import Fingerprint
from parity.harness.report.profiles import PROFILES
from parity.harness.run.differential import Pair
from parity.harness.run.scratch import scratch
from parity.harness.triage.campaign import Campaign
from parity.harness.triage.minimise import Budget, Size, by_choices, minimise

REPOSITORY = Path(__file__).resolve().parents[3]
PINNED = REPOSITORY / "parity" / "cases"
#: What a person can read at a glance.
MOST_BARS, MOST_ORDERS = 12, 1
#: Number of the case from which on a fault counts as found late.
LATE = 200
#: Faults planted together: they must come out as several findings.
TOGETHER = (
    ("stop-is-strict", "fee-rounds-up", "timeout-on-other-side"),
    ("limit-on-bid", "sharpe-of-population", "session-end-excluded", "range-without-gaps"),
    ("panic-on-two-exits", "no-volume-cap", "weekend-kept"),
)


@dataclass
class Row:
    """One fault: which cases caught it, how fast, and what the first one was minimised to."""

    fault: str
    says: str
    pinned: int = 0
    sweep: int | None = None
    seconds: float = 0.0
    fingerprint: Fingerprint = ()
    bars_before: int = 0
    bars: int = 0
    orders: int = 0
    minimise_seconds: float = 0.0
    same_fault: bool = False

    @property
    def caught(self) -> bool:
        """Whether a pinned case or a case of the sweep shows the fault."""
        return self.pinned > 0 or self.sweep is not None


def known_faults() -> dict[str, str]:
    """Names of the planted faults and what they imitate, in the order of ``parity/faults.toml``."""
    return {fault.name: fault.imitates for fault in load().fault}


def plant(*names: str) -> None:
    """Plants faults in this process's V2, in place of those before."""
    os.environ[VARIABLE] = ",".join(names)


class Bench:
    """The cases of the ``ci`` profile, with V1's answers, which no fault changes."""

    def __init__(self, folder: Path, cases: int) -> None:
        self.pair = Pair(V1Engine(), V2InProcess(), folder, Tolerances.load())
        self.pinned = [Case.load(path) for path in sorted(PINNED.glob("*.json"))]
        self.cases = cases
        #: Where minimised cases of faults that are found late are kept; None keeps none.
        self.keep: Path | None = None
        self._drawn: list[tuple[Case, list[int]]] = []
        self._answers: dict[int, Answer] = {}
        #: Cases that differ with nothing planted: an edit does more than its fault, and every fault seems caught.
        self.unsound: list[str] = []

    def drawn(self, number: int) -> tuple[Case, list[int]]:
        """Case ``number`` of the sweep and its choices."""
        while len(self._drawn) <= number:
            self._drawn.append(sweep_case(PROFILES["ci"].seed, len(self._drawn)))
        return self._drawn[number]

    def answer(self, key: int, case: Case) -> Answer:
        """V1's answer, computed once, when V2 must agree with nothing planted; negative keys are pinned cases."""
        if key not in self._answers:
            plant()
            self._answers[key] = self.pair.reference(self.pair.prepare(case), events=True)
            if self.pair.examine(case, a=self._answers[key]).fingerprint is not None:
                self.unsound.append(case.id)
        return self._answers[key]

    def row(self, fault: str, says: str, *, minimises: bool) -> Row:
        """Searches for one fault."""
        row = Row(fault, says)
        answers = [self.answer(-1 - i, case) for i, case in enumerate(self.pinned)]
        plant(fault)
        for case, a in zip(self.pinned, answers, strict=True):
            row.pinned += self.pair.examine(case, a=a).fingerprint is not None
        self._sweep(row, minimises=minimises)
        return row

    def _sweep(self, row: Row, *, minimises: bool) -> None:
        began = time.perf_counter()
        reference = 0.0
        for number in range(self.cases):
            case, made = self.drawn(number)
            began_v1 = time.perf_counter()
            a = self.answer(number, case)
            reference += a.seconds - (time.perf_counter() - began_v1)
            plant(row.fault)
            found = self.pair.examine(case, a=a).fingerprint
            if found is not None:
                row.sweep, row.fingerprint = number, found
                row.seconds = time.perf_counter() - began + max(0.0, reference)
                if minimises:
                    self._minimise(row, case, made)
                return

    def _minimise(self, row: Row, case: Case, made: Sequence[int]) -> None:
        def shows(candidate: Case) -> bool:
            return self.pair.examine(candidate).fingerprint == row.fingerprint

        began = time.perf_counter()
        row.bars_before = Size.of(case).bars
        small = by_choices(made, shows, Budget(seconds=2.0, tries=40)) or case
        small = minimise(small, shows, budget=Budget(seconds=20.0, tries=1500))
        row.minimise_seconds = time.perf_counter() - began
        size = Size.of(small)
        row.bars, row.orders = size.bars, size.orders
        plant()
        sound = self.pair.examine(small).fingerprint is None
        plant(row.fault)
        row.same_fault = sound and shows(small)
        if self.keep is not None and row.sweep is not None and row.sweep >= LATE and row.same_fault:
            text = f"shows the planted fault {row.fault}: {row.says}"
            replace(small, id=f"fault__{row.fault}", description=text, tags=("fault", row.fault), seen={}).save(
                self.keep
            )

    def together(self, faults: Sequence[str]) -> tuple[int, set[str]]:
        """Plants several faults at once: (findings, faults that their first cases show when planted alone)."""
        plant(*faults)
        with scratch() as folder:
            campaign = Campaign(self.pair, Coverage(), folder, minimise_seconds=8.0)
            for number in range(min(self.cases, 400)):
                campaign.examine(*self.drawn(number))
            kinds = len(campaign.kinds)
            shown: set[str] = set()
            # Every fingerprint is examined: a rare fault must not hide behind a frequent one.
            for found in campaign.kinds.values():
                shown |= {fault for fault in set(faults) - shown if self._shows(fault, found.first)}
        return kinds, shown

    def _shows(self, fault: str, case: Case) -> bool:
        plant(fault)
        return self.pair.examine(case).fingerprint is not None


def _print_table(rows: Sequence[Row], *, minimises: bool) -> None:
    print(
        f"{'fault':26} {'pinned':>6} {'sweep':>6} {'found in':>9}"
        + (f" {'bars':>11} {'orders':>6} {'same':>5}" if minimises else "")
    )
    for row in rows:
        found = "-" if row.sweep is None else str(row.sweep)
        text = f"{row.fault:26} {row.pinned:>6} {found:>6} {row.seconds:>8.1f}s"
        if minimises and row.sweep is not None:
            text += f" {row.bars_before:>4} -> {row.bars:>3} {row.orders:>6} {'yes' if row.same_fault else 'NO':>5}"
        print(f"{text}  {row.says}" + ("" if row.caught else "   SURVIVED"))


def judged(rows: Sequence[Row], *, minimises: bool, unsound: Sequence[str] = ()) -> list[str]:
    """What is wrong with the results; nothing when the suite catches every fault."""
    faults = [f"{row.fault} survived: no case catches it" for row in rows if not row.caught]
    if unsound:
        faults.append(f"with nothing planted {len(unsound)} cases differ, the first is {unsound[0]}")
    minimised = [row for row in rows if row.sweep is not None]
    if minimises and minimised:
        faults += [
            f"the minimised case of {row.fault} does not show it alone" for row in minimised if not row.same_fault
        ]
        bars, orders = (statistics.median(getattr(row, name) for row in minimised) for name in ("bars", "orders"))
        if bars > MOST_BARS or orders > MOST_ORDERS:
            faults.append(
                f"median of {bars} bars and {orders} orders, at most {MOST_BARS} and {MOST_ORDERS} are wanted"
            )
    return faults


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m parity.harness.mutation.selftest", description=__doc__)
    parser.add_argument("--faults", help="only these, separated by commas")
    parser.add_argument(
        "--cases", type=int, default=PROFILES["ci"].sweep, help="cases of the sweep (default: the ci profile's)"
    )
    parser.add_argument("--detect-only", action="store_true", help="do not minimise what is found")
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="DIR",
        help="save the minimised case of each fault that is found late (after 200 cases)",
    )
    parser.add_argument("--json", type=Path, help="write the table there as well")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Prints the table faults x tests; 1 when something goes unnoticed, 2 without the planted build."""
    options = _arguments(argv)
    faults = known_faults()
    wanted = options.faults.split(",") if options.faults else list(faults)
    unknown = [name for name in wanted if name not in faults]
    if unknown:
        print(f"no such fault: {', '.join(unknown)}; known: {', '.join(faults)}", file=sys.stderr)
        return 2
    minimises, began = not options.detect_only, time.monotonic()
    with scratch() as folder:
        bench = Bench(folder, options.cases)
        bench.keep = options.keep
        if not _planted_build(bench):
            print("this V2 holds no planted faults: run `make selftest`, which builds one that does", file=sys.stderr)
            return 2
        rows = []
        for i, name in enumerate(wanted):
            rows.append(bench.row(name, faults[name], minimises=minimises))
            print(f"{i + 1}/{len(wanted)} {name}", file=sys.stderr)
        _print_table(rows, minimises=minimises)
        wrong = judged(rows, minimises=minimises, unsound=bench.unsound)
        for group in TOGETHER if not options.faults else ():
            kinds, shown = bench.together(group)
            print(f"together: {', '.join(group)}: {kinds} findings, which show {len(shown)} of {len(group)} faults")
            wrong += [f"planted together, {fault} does not come out" for fault in group if fault not in shown]
            if kinds < len(group):
                wrong.append(f"{len(group)} faults together give {kinds} findings")
        bench.pair.close()
    caught = sum(row.caught for row in rows)
    found = [row for row in rows if row.sweep is not None]
    print(f"{caught} of {len(rows)} faults caught ({len(found)} by the sweep of {options.cases} cases) "
          f"in {time.monotonic() - began:.0f} s")  # fmt: skip
    if minimises and found:
        medians = [statistics.median(getattr(row, n) for row in found) for n in ("seconds", "bars", "orders")]
        print(f"median: found after {medians[0]:.2f} s, minimised to {medians[1]:g} bars and {medians[2]:g} orders")
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n", encoding="utf-8")
    for line in wrong:
        print(f"SELFTEST FAILED: {line}")
    return 1 if wrong else 0


def _planted_build(bench: Bench) -> bool:
    """Whether a name that no fault has is refused: only a build that holds faults looks."""
    plant("no-such-fault")
    answer = bench.pair.candidate(bench.pair.prepare(bench.pinned[0]), {})
    plant()
    return answer.failure is not None and "no planted fault" in answer.failure


if __name__ == "__main__":
    sys.exit(main())
