"""Puts one case through two engines. What the differences mean is left to ``oracle`` and ``triage``."""
