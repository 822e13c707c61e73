"""Collects one run of the suite: document, text, exit code. Verdicts come from ``oracle``."""
