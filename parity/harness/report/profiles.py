"""How much of the generated part runs: profiles, and the options that change them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

#: Cases in one test of the sweep: small enough for several processes to share the work.
CHUNK = 100


@dataclass(frozen=True, kw_only=True)
class Profile:
    """``examples`` are drawn by Hypothesis, ``sweep`` by the fast generator; ``seconds`` replaces the latter count.

    ``gate``: a rule branch that nothing has taken fails the run as vacuous.
    """

    name: str
    examples: int
    sweep: int
    seconds: float | None = None
    seed: int = 0
    gate: bool = True
    shard: tuple[int, int] = (1, 1)

    @property
    def narrowed(self) -> bool:
        """Whether this is only a part of the profile's work, by which nothing can be called vacuous."""
        return self.shard != (1, 1) or not self.gate

    def chunks(self, processes: int) -> list[range]:
        """Numbers of the sweep's cases, in the order in which they are run; endless ones when time is the limit."""
        k, n = self.shard
        if self.seconds is not None:
            step = n * processes
            return [range((k - 1) + i * n, 10**12, step) for i in range(processes)]
        ends = range(0, self.sweep, CHUNK)
        return [range(first, min(first + CHUNK, self.sweep)) for i, first in enumerate(ends) if i % n == k - 1]


PROFILES = {
    profile.name: profile
    for profile in (
        Profile(name="dev", examples=30, sweep=200, gate=False),
        Profile(name="ci", examples=100, sweep=1200),
        Profile(name="nightly", examples=1000, sweep=0, seconds=1800.0),
    )
}


def chosen(name: str, *, cases: int | None, seconds: float | None, seed: int | None, shard: str | None) -> Profile:
    """The profile under the options of the command line; ValueError for a shard that is not ``k/n``."""
    profile = PROFILES[name]
    if cases is not None:
        few = cases < profile.examples + profile.sweep
        examples = min(profile.examples, cases // 4)
        profile = replace(
            profile, examples=examples, sweep=cases - examples, seconds=None, gate=profile.gate and not few
        )
    if seconds is not None:
        profile = replace(profile, seconds=seconds)
    if seed is not None:
        profile = replace(profile, seed=seed)
    if shard is not None:
        match = re.fullmatch(r"(\d+)/(\d+)", shard)
        if not match or not 1 <= int(match[1]) <= int(match[2]):
            raise ValueError(f"--shard wants k/n with 1 <= k <= n, for example 1/4, not {shard!r}")
        profile = replace(profile, shard=(int(match[1]), int(match[2])))
    return profile
