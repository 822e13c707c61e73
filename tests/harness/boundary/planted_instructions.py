"""The program whose instructions are counted, with a slow check_exit; the same arguments."""

from __future__ import annotations

import planted_calls

if __name__ == "__main__":
    planted_calls.plant_slow_call()
    import instructions

    instructions.main()
