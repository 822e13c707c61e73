"""How much of the generated part runs: profiles, and the options that change them. Pure."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace

#: Cases in one test of the sweep: small enough for several processes to share the work.
CHUNK = 100


@dataclass(frozen=True, kw_only=True)
class Profile:
    """``examples`` are drawn by Hypothesis, ``sweep`` by the fast generator; ``seconds`` replaces the latter count.

    ``gate``: a rule branch that nothing has taken fails a whole run as vacuous. ``reduced`` says what an option took
    away from the profile's work. ``shard`` is part k of n.
    """

    name: str
    examples: int
    sweep: int
    seconds: float | None = None
    seed: int = 0
    gate: bool = True
    shard: tuple[int, int] = (1, 1)
    reduced: str = ""

    def chunks(self, processes: int) -> list[range]:
        """Numbers of the sweep's cases, in the order in which they are run; endless ones when time is the limit."""
        k, n = self.shard
        if self.seconds is not None:
            step = n * processes
            return [range((k - 1) + i * n, 10**12, step) for i in range(processes)]
        numbers = range(k - 1, self.sweep, n)
        return [numbers[first : first + CHUNK] for first in range(0, len(numbers), CHUNK)]


PROFILES = {
    profile.name: profile
    for profile in (
        Profile(name="dev", examples=30, sweep=200, gate=False),
        Profile(name="ci", examples=100, sweep=1200),
        Profile(name="nightly", examples=1000, sweep=0, seconds=1800.0),
    )
}


def chosen(name: str, *, cases: int | None, seconds: float | None, seed: int | None, shard: str | None) -> Profile:
    """The profile under the options of the command line.

    Raises:
        ValueError: the profile does not exist, nothing would be generated, or the shard is not ``k/n``.
    """
    if name not in PROFILES:
        raise ValueError(f"--profile is one of {', '.join(PROFILES)}, not {name!r}")
    profile = PROFILES[name]
    if cases is not None:
        profile = _of_cases(profile, cases)
    if seconds is not None:
        if not (math.isfinite(seconds) and seconds > 0):
            raise ValueError(f"--seconds wants a positive number, not {seconds:g}")
        if profile.seconds is None or seconds < profile.seconds:
            usual = f"{profile.sweep:,} cases" if profile.seconds is None else f"{profile.seconds:g} s"
            profile = replace(profile, reduced=f"{usual} of the sweep (--seconds {seconds:g} instead)")
        profile = replace(profile, seconds=seconds)
    if seed is not None:
        profile = replace(profile, seed=seed)
    if shard is not None:
        match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", shard)
        if not match or not 1 <= int(match[1]) <= int(match[2]):
            raise ValueError(f"--shard wants k/n with 1 <= k <= n, for example 1/4, not {shard!r}")
        profile = replace(profile, shard=(int(match[1]), int(match[2])))
    return profile


def _of_cases(profile: Profile, cases: int) -> Profile:
    if cases < 1:
        raise ValueError(f"--cases wants at least 1, not {cases}: a run without generated cases compares too little")
    usual = profile.examples + profile.sweep
    examples = min(profile.examples, cases // 4)
    reduced = ""
    if profile.seconds is not None:
        reduced = f"{profile.seconds:g} s of the sweep (--cases {cases:,} instead)"
    elif cases < usual:
        reduced = f"{usual - cases:,} of the {usual:,} generated cases (--cases {cases:,})"
    return replace(profile, examples=examples, sweep=cases - examples, seconds=None, reduced=reduced)
