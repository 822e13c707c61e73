"""Values and their files: case, bars, outcome, limits, provenance. It runs and compares nothing."""
