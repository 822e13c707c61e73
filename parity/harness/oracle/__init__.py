"""Decides whether two outcomes agree, and why not. Pure: no files, no engines, no pytest."""
