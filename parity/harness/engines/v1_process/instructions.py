"""Calls one single-record function of V1's module many times, for callgrind to count. Imports nothing else of V1.

Started as ``python -S instructions.py <function> <calls> <folder of omega_rust>``; the function ``nothing`` is the loop
alone.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Makes the calls that the command line names; KeyError for an unknown function."""
    name, calls, folder = sys.argv[1:]
    sys.path.insert(0, folder)
    import omega_rust
    from measure import single_calls  # type: ignore[import-not-found]  # beside this file

    call = {**single_calls(omega_rust), "nothing": lambda: None}[name]
    for _ in range(int(calls)):
        call()


if __name__ == "__main__":
    main()
