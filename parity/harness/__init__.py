"""The parity harness: run two engines on one case, compare, explain, locate, report."""
