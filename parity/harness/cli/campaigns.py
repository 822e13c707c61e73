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
from parity.harness.triage.campaign import Campaign


def sweep(options: argparse.Namespace) -> int:
    """Searches generated cases for differences, outside pytest."""
    from parity.harness.coverage.registry import Coverage

    if (options.cases is not None and options.cases < 1) or not options.seconds > 0:
        raise UsageError("--cases wants at least 1 and --seconds a positive number: otherwise nothing is compared")
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
    """Keeps a small case for every rule branch that generated cases seldom take."""
    from parity.harness.triage.corpus import keep_rare

    with open_pair(None) as pair:
        for line in keep_rare(pair, options.output, cases=options.cases, below=options.below, seed=options.seed):
            print(line, flush=True)
    return ExitCode.PASS


def add_to(commands: Any) -> None:
    """Adds these verbs to the command line."""
    command = commands.add_parser("sweep", help="campaign for differences", description=sweep.__doc__)
    command.set_defaults(function=sweep)
    command.add_argument("--cases", type=int, help="how many cases (default: as many as the time allows)")
    command.add_argument("--seconds", type=float, default=60.0, help="how long (default: 60)")
    command.add_argument("--seed", type=int, default=0, help="seed of the cases (default: 0)")
    command.add_argument("--engines", type=Path, help="an engines.toml that names another pair than V1 and V2")
    command.add_argument("-o", "--output", type=Path, default=Path("var/failed-cases"), help="where findings go")
    command = commands.add_parser("corpus", help="keep cases that take rare branches", description=corpus.__doc__)
    command.set_defaults(function=corpus)
    command.add_argument("--cases", type=int, default=6000, help="cases to look at (default: 6000)")
    command.add_argument("--below", type=int, default=12, help="what counts as rare, in cases (default: 12)")
    command.add_argument("--seed", type=int, default=1, help="seed of the cases (default: 1)")
    command.add_argument("-o", "--output", type=Path, default=Path("parity/cases"), help="where they are kept")
