"""GARCH over log returns, told from the closes alone, with near ties of the logarithm rounded either way.

The measuring machine's ``numpy.log`` (AVX-512) is not libm's. Three logarithms in the observed series lie 0.490, 0.491
and 0.499 of a unit above the nearer float, and V1 had them rounded up to the other one. None of the others shows.
So a recorded series must be, to the last bit, the one of returns that are the nearest floats, except that a logarithm
within ``NEAR`` of halfway between two floats may be either.
"""

from __future__ import annotations

import decimal
import functools
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

#: Distance from halfway in units of the last place: the measured need is 0.0096 (a logarithm 0.4904 of a unit off).
NEAR = 0.01
DIGITS = decimal.Context(prec=50)


class Garch(NamedTuple):
    """Parameters in the order of omega_rust's calls; ``log`` is always true here."""

    alpha: float
    beta: float
    omega: float | None
    log: bool
    scale: float
    min_periods: int
    floor: float


@functools.cache
def roundings(ratio: float) -> list[float]:
    """The floats that ln(ratio) may be rounded to: the nearest one first, the other one only near a tie."""
    exact = DIGITS.ln(Decimal(ratio))
    nearest = float(exact)
    if nearest == 0.0:
        return [nearest]
    rest = DIGITS.subtract(exact, Decimal(nearest))
    other = math.nextafter(nearest, math.inf if rest > 0 else -math.inf)
    off = float(DIGITS.divide(rest, DIGITS.subtract(Decimal(other), Decimal(nearest))))
    return [nearest, other] if off > 0.5 - NEAR else [nearest]


def returns(closes: Sequence[float | None]) -> list[list[float]]:
    """For each bar the values its log return may have; none where a close is missing."""
    pairs = zip([None, *closes], closes, strict=False)
    return [[] if a is None or b is None else roundings(b / a) for a, b in pairs]


def follows(closes: Sequence[float | None], series: Sequence[float | None], g: Garch) -> bool:
    """Whether a series of volatilities (None: NaN) is that of ``closes``, to the last bit.

    Carries every state that the roundings so far allow, and drops those whose volatility the series does not have.
    """
    assert g.log
    assert len(closes) == len(series)
    choices = returns(closes)
    first = next((i for i, values in enumerate(choices) if values), None)
    if g.alpha + g.beta >= 1.0 or first is None:
        return all(value is None for value in series)
    floor = g.floor * g.floor
    omega = 1e-6 * max(1e-6, 1.0 - g.alpha - g.beta) if g.omega is None else g.omega
    states = {(g.scale * r, 0.0, max(1e-6, floor)) for r in choices[first]}
    for i, value in enumerate(series):
        if i > first and choices[i]:
            states = {
                (mu, (g.scale * r - mu) ** 2, max(omega + g.alpha * surprise + g.beta * variance, floor))
                for mu, surprise, variance in states
                for r in choices[i]
            }
        if i < first + g.min_periods:
            if value is not None:
                return False
        else:
            states = {s for s in states if math.sqrt(s[2]) / g.scale == value}
    return bool(states)
