"""Calls one single-record function of V1's module many times, for callgrind to count: imports nothing else of V1.

Started as ``python -S instructions.py <function> <calls> <folder of omega_rust> [slow]``; the function ``nothing``
is the loop alone.
"""

from __future__ import annotations

import sys


def main() -> None:
    name, calls, folder, *planted = sys.argv[1:]
    sys.path.insert(0, folder)
    import omega_rust
    from measure import single_calls, slowed  # type: ignore[import-not-found]  # beside this file

    functions = {**single_calls(omega_rust), "nothing": lambda: None}
    call = slowed(functions[name]) if planted else functions[name]
    for _ in range(int(calls)):
        call()


if __name__ == "__main__":
    main()
