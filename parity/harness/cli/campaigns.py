"""Verbs about many generated cases: sweep, rates, corpus."""

from __future__ import annotations

import argparse
import math
import re
import sys
import time
from pathlib import Path
from typing import Any

from parity.harness.cli.common import UsageError, open_pair
from parity.harness.generate.cases import sweep_case
from parity.harness.model import provenance
from parity.harness.oracle.verdict import ExitCode, Verdict
from parity.harness.run.scratch import check_writable
from parity.harness.triage.campaign import Campaign, Found
from parity.harness.triage.rates import MOST_BYTES, Rates, RatesError, verdict_of

#: Cases between two writes of a sweep's file.
SAVED = 200


def sweep(options: argparse.Namespace) -> int:
    """Draws cases and examines each on both engines; minimises, narrates and saves one case of each kind of difference.

    It does what parity/test_generated.py does, for as long as you want, and reports rates by stratum. With --state it
    goes on where it ended; shards of one seed are joined by the verb rates. Exit codes: 0 no difference, 1 a
    difference, 2 a case that cannot be compared, or no trade at all.
    """
    if (options.cases is not None and options.cases < 1) or not (options.seconds is None or options.seconds > 0):
        raise UsageError("--cases wants at least 1 and --seconds a positive number: otherwise nothing is compared")
    check_writable(options.output)
    k, n = _shard(options.shard)
    seconds = math.inf if options.seconds is None and options.cases else options.seconds or 60.0
    with open_pair(options.engines) as pair:
        rates = _rates(options.state, Rates(provenance.commit(), options.seed, pair.names, [(k, n)]))
        campaign = Campaign(pair, rates.coverage, options.output, limits=pair.limits)
        _known(campaign, rates)
        numbers = range(k - 1 + n * rates.done, options.cases or 10**12, n)
        _examine(campaign, rates, numbers, seconds, options.state)
        print("\n".join(campaign.coverage.lines()))
        for found in campaign.conclude(name=f"sweep-{options.seed}"):
            print(f"\n{found.text}")
            rates.kinds[found.fingerprint].path = str(found.path)
        _save(options.state, rates)
    return _concluded(rates)


def _shard(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
    if not match or not 1 <= int(match[1]) <= int(match[2]):
        raise UsageError(f"--shard wants k/n with 1 <= k <= n, for example 1/4, not {text!r}")
    return int(match[1]), int(match[2])


def _rates(state: Path | None, fresh: Rates) -> Rates:
    """What a sweep has shown before; ``fresh`` where it has not begun."""
    if state is None or not state.exists():
        return fresh
    known = _read(state)
    for name in ("commit", "seed", "engines", "shards"):
        if getattr(known, name) != getattr(fresh, name):
            raise UsageError(f"{state}: another {name}: {getattr(known, name)!r}, not {getattr(fresh, name)!r}")
    return known


def _read(path: Path) -> Rates:
    try:
        with path.open("rb") as handle:
            return Rates.decode(handle.read(MOST_BYTES + 1))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    except RatesError as error:
        raise UsageError(f"{path} holds no rates of a sweep: {error}") from error


def _known(campaign: Campaign, rates: Rates) -> None:
    """Kinds that were found before: minimised ones are not minimised again, the others are drawn again for that."""
    for fingerprint, kind in rates.kinds.items():
        if kind.path:
            campaign.known[fingerprint] = Path(kind.path)
        else:
            case, made = sweep_case(rates.seed, kind.first, campaign.limits)
            campaign.kinds[fingerprint] = Found(fingerprint, case, made, 0.0, kind.count)


def _examine(campaign: Campaign, rates: Rates, numbers: range, seconds: float, state: Path | None) -> None:
    """Examines the cases of these numbers until the time is over."""
    began, shown, first = time.monotonic(), 0.0, rates.done
    for number, (case, made) in zip(numbers, campaign.sweep(rates.seed, numbers), strict=True):
        examined = campaign.examine(case, made)
        rates.add(number, case, examined.report, examined.fingerprint)
        spent = time.monotonic() - began
        if rates.done % SAVED == 0:
            _save(state, rates)
        if spent >= seconds:
            return
        if spent - shown > 5:
            shown = spent
            missing = len(campaign.coverage.missing())
            print(f"{rates.done} cases, {(rates.done - first) / spent:.0f}/s, {missing} branches not taken yet, "
                  f"{len(rates.kinds)} kinds of differences", file=sys.stderr)  # fmt: skip


def _save(state: Path | None, rates: Rates) -> None:
    if state is None:
        return
    try:
        state.parent.mkdir(parents=True, exist_ok=True)
        temporary = state.with_suffix(".tmp")
        temporary.write_bytes(rates.encode())
        temporary.replace(state)
    except OSError as error:
        raise UsageError(f"{state}: cannot be written: {error.strerror}") from error


def _concluded(rates: Rates) -> int:
    """Prints the rates; the exit code of the sweep."""
    print("\n" + "\n".join(rates.lines()))
    print(f"\n{rates.done} cases of seed {rates.seed}: {len(rates.kinds)} kinds of differences")
    total = rates.total
    if verdict_of(rates) is Verdict.UNEXPLAINED:
        return ExitCode.DIFFERENCE
    if total.incomparable:
        raise UsageError(f"{total.incomparable} cases are incomparable: an engine gave no usable answer")
    if not total.trades:
        raise UsageError(f"VACUOUS: {rates.done} cases without a single trade; run more of them")
    return ExitCode.PASS


def rates(options: argparse.Namespace) -> int:
    """Joins the files of a sweep's shards, and prints the rates by stratum and every kind of difference.

    Exit codes: those of the whole sweep. A file of another commit, seed or pair, or a shard that is there twice, is 2.
    """
    whole = _read(options.files[0])
    for path in options.files[1:]:
        try:
            whole.merge(_read(path))
        except RatesError as error:
            raise UsageError(f"{path}: {error}") from error
    print("\n".join(whole.coverage.lines()))
    return _concluded(whole)


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
    command.add_argument("--seconds", type=float, help="for how long (default: 60; no limit where --cases is given)")
    command.add_argument("--seed", type=int, default=0, help="seed of the cases (default: 0)")
    command.add_argument("--shard", default="1/1", metavar="k/n", help="only every n-th case, from the k-th on")
    command.add_argument("--state", type=Path, help="a file of the rates so far: written as it goes, and gone on from")
    command.add_argument("--engines", type=Path, help="an engines.toml with another pair (default: V1 and V2)")
    command.add_argument("-o", "--output", type=Path, default=Path("var/failed-cases"), help="where findings are saved")
    command = commands.add_parser("rates", help="join the shards of a sweep", description=rates.__doc__)
    command.set_defaults(function=rates)
    command.add_argument("files", type=Path, nargs="+", help="files that sweep --state has written")
    command = commands.add_parser("corpus", help="keep small cases of rare branches", description=corpus.__doc__)
    command.set_defaults(function=corpus)
    command.add_argument("--cases", type=int, default=6000, help="cases to draw (default: 6000)")
    command.add_argument("--below", type=int, default=12, help="a branch taken by fewer cases is rare (default: 12)")
    command.add_argument("--seed", type=int, default=1, help="seed of the cases (default: 1)")
    command.add_argument(
        "-o", "--output", type=Path, default=Path("parity/cases"), help="where to keep them (default: parity/cases)"
    )
