"""Where random choices come from: Hypothesis, which minimises them, or a plain generator, which is fast.

Builders of cases ask for nothing but whole numbers in a range, 0 or the lower end being the simplest. So a case drawn
by the fast source is a list of numbers, and the same list given to Hypothesis gives the same case, to be minimised.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any, TypeVar

import numpy as np
from hypothesis import strategies as st
from hypothesis.database import InMemoryExampleDatabase, choices_to_bytes
from hypothesis.internal.conjecture import providers

T = TypeVar("T")

# Hypothesis mixes numbers and texts of the project's loaded modules into its draws. What the gate draws would then
# depend on which tests run in the same process, and a red run might not be repeatable. There is no public switch.
_providers: Any = providers
_providers._get_local_constants = _providers.Constants


class Choices(ABC):
    """A source of choices."""

    @abstractmethod
    def integer(self, low: int, high: int) -> int:
        """A whole number in [low, high]; the simplest is the one nearest to 0."""

    def market_is_drawn(self) -> None:  # noqa: B027 - most sources have nothing to do
        """Called between the choices of a market and those of everything else."""

    def pick(self, options: Sequence[T]) -> T:
        """One of the options; the first is the simplest."""
        return options[self.integer(0, len(options) - 1)]

    def flag(self) -> bool:
        """False is simplest."""
        return bool(self.integer(0, 1))

    def one_in(self, n: int) -> bool:
        """True once in ``n`` times; False is simplest."""
        return self.integer(0, n - 1) == n - 1

    def sample(self, options: Sequence[T], *, least: int, most: int) -> list[T]:
        """Different options, in the order of the choices."""
        rest, out = list(options), []
        for _ in range(self.integer(least, min(most, len(rest)))):
            out.append(rest.pop(self.integer(0, len(rest) - 1)))
        return out


@cache
def _whole_numbers(low: int, high: int) -> st.SearchStrategy[int]:
    """One strategy for each range: making one takes longer than drawing from it."""
    return st.integers(low, high)


class Drawn(Choices):
    """Choices made, and minimised, by Hypothesis."""

    def __init__(self, draw: Callable[[st.SearchStrategy[int]], int]) -> None:
        self._draw = draw

    def integer(self, low: int, high: int) -> int:
        """A whole number in [low, high]."""
        return self._draw(_whole_numbers(low, high))


class Seeded(Choices):
    """Choices of NumPy's PCG64, recorded in ``made``: one seed for the market, one for everything else."""

    def __init__(self, market: int | Sequence[int], rest: int | Sequence[int]) -> None:
        self._block = self._numbers(market)
        self._rest = rest
        self.made: list[int] = []

    @staticmethod
    def _numbers(seed: int | Sequence[int]) -> Iterator[int]:
        generator = np.random.default_rng(seed)
        while True:
            yield from generator.integers(0, 2**62, 64).tolist()

    def market_is_drawn(self) -> None:
        """Goes on with the seed for everything but the market."""
        self._block = self._numbers(self._rest)

    def integer(self, low: int, high: int) -> int:
        # The bias of the remainder is below 2^-20 for every range that is asked for.
        """A whole number in [low, high]."""
        value = low + next(self._block) % (high - low + 1)
        self.made.append(value)
        return value


class Given(Choices):
    """Choices made before, clipped to their ranges; the simplest ones after the last."""

    def __init__(self, made: Sequence[int]) -> None:
        self._made = iter(made)

    def integer(self, low: int, high: int) -> int:
        """A whole number in [low, high]."""
        simplest = min(max(0, low), high)
        return min(max(next(self._made, simplest), low), high)


def database_of(made: Sequence[int], key: bytes) -> InMemoryExampleDatabase:
    """A database from which Hypothesis begins with these choices, so that it has something to minimise."""
    database = InMemoryExampleDatabase()
    # Under the main key it would be taken for minimised already.
    database.save(key + b".secondary", choices_to_bytes(tuple(made)))
    return database
