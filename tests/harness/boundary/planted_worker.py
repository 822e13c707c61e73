"""V1's worker with a planted fault: ``python planted_worker.py <slow-call or small-batch> <legacy_v1/src>``."""

from __future__ import annotations

import sys

import planted_calls

if __name__ == "__main__":
    plant = sys.argv.pop(1)
    sys.path.insert(0, sys.argv[1])
    {"slow-call": planted_calls.plant_slow_call, "small-batch": planted_calls.plant_small_batch}[plant]()
    import worker

    worker.main()
