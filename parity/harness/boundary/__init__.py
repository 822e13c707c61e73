"""Counts and times crossings between Python and native code. Outcomes are not compared here."""
