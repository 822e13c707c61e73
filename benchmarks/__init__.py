"""Timings of V2 against a floor and its peers; nothing here judges equality."""
