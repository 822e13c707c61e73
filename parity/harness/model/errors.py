"""Errors of the harness itself, which no engine is to blame for."""

from __future__ import annotations


class HarnessError(Exception):
    """The harness contradicts itself: nothing that it says about this case can be trusted."""
