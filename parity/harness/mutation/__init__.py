"""Planted faults: shows that the suite finds what it is for."""
