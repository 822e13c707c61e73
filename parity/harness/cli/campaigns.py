"""Verbs about many generated cases: sweep, corpus."""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from parity.harness.cli.common import UsageError, open_pair
from parity.harness.oracle.verdict import ExitCode, Verdict
from parity.harness.run.scratch import check_writable
from parity.harness.triage.campaign import Campaign


def sweep(options: argparse.Namespace) -> int:
    """Draws cases and examines each on both engines; minimises, narrates and saves one case of each kind of difference.

    It does what parity/test_generated.py does, for as long as you want. Exit codes: 0 no difference, 1 a difference,
    2 a case that cannot be compared, or no trade at all.
    """
    from parity.harness.coverage.registry import Coverage

    if (options.cases is not None and options.cases < 1) or not options.seconds > 0:
        raise UsageError("--cases wants at least 1 and --seconds a positive number: otherwise nothing is compared")
    check_writable(options.output)
    verdicts: Counter[Verdict] = Counter()
    trades = 0
    with open_pair(options.engines) as pair:
        campaign = Campaign(pair, Coverage(), options.output, limits=pair.limits)
        began, shown, number = time.monotonic(), 0.0, 0
        numbers = itertools.count() if options.cases is None else range(options.cases)
        for number, (case, made) in enumerate(campaign.sweep(options.seed, numbers), 1):
            report = campaign.examine(case, made).report
            verdicts[report.verdict] += 1
            trades += report.trades
            spent = time.monotonic() - began
            if spent >= options.seconds:
                break
            if spent - shown > 5:
                shown = spent
                missing = len(campaign.coverage.missing())
                print(f"{number} cases, {number / spent:.0f}/s, {missing} branches not taken yet, "
                      f"{len(campaign.kinds)} kinds of differences", file=sys.stderr)  # fmt: skip
        print("\n".join(campaign.coverage.lines()))
        for found in campaign.conclude(name=f"sweep-{options.seed}"):
            print(f"\n{found.text}")
        print(f"\n{number} cases of seed {options.seed}: {len(campaign.kinds)} kinds of differences")
        if verdicts[Verdict.UNEXPLAINED]:
            return ExitCode.DIFFERENCE
        if verdicts[Verdict.INCOMPARABLE]:
            raise UsageError(
                f"{verdicts[Verdict.INCOMPARABLE]} cases are incomparable: an engine gave no usable answer"
            )
        if not trades:
            raise UsageError(f"VACUOUS: {number} cases without a single trade; run more of them")
        return ExitCode.PASS


def corpus(options: argparse.Namespace) -> int:
    """Draws cases and keeps a small one for each rule branch that few of them take."""
    from parity.harness.triage.corpus import keep_rare

    with open_pair(None) as pair:
        for line in keep_rare(pair, options.output, cases=options.cases, below=options.below, seed=options.seed):
            print(line, flush=True)
    return ExitCode.PASS


def add_to(commands: Any) -> None:
    """Adds these verbs to the command line."""
    command = commands.add_parser("sweep", help="draw cases and look for differences", description=sweep.__doc__)
    command.set_defaults(function=sweep)
    command.add_argument("--cases", type=int, help="how many cases at most (default: as many as the time allows)")
    command.add_argument("--seconds", type=float, default=60.0, help="for how long (default: 60)")
    command.add_argument("--seed", type=int, default=0, help="seed of the cases (default: 0)")
    command.add_argument("--engines", type=Path, help="an engines.toml with another pair (default: V1 and V2)")
    command.add_argument("-o", "--output", type=Path, default=Path("var/failed-cases"), help="where findings are saved")
    command = commands.add_parser("corpus", help="keep small cases of rare branches", description=corpus.__doc__)
    command.set_defaults(function=corpus)
    command.add_argument("--cases", type=int, default=6000, help="cases to draw (default: 6000)")
    command.add_argument("--below", type=int, default=12, help="a branch taken by fewer cases is rare (default: 12)")
    command.add_argument("--seed", type=int, default=1, help="seed of the cases (default: 1)")
    command.add_argument(
        "-o", "--output", type=Path, default=Path("parity/cases"), help="where to keep them (default: parity/cases)"
    )
