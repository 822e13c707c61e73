"""The parity suite: V1 and V2 must give equal outcomes. What it is built of lives in ``harness``."""
