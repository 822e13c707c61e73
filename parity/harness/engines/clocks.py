"""Where the time of a run went. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Clocks:
    """Seconds in the reference, in the candidate, and in preparing, comparing and counting."""

    a: float = 0.0
    b: float = 0.0
    harness: float = 0.0

    def add(self, other: Clocks) -> None:
        """Adds the clocks of another process."""
        self.a += other.a
        self.b += other.b
        self.harness += other.harness
