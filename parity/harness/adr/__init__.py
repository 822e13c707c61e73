"""Reads and checks the decisions that run. It does not decide: a person writes and accepts an ADR."""
