"""Examines failing cases: one finding for each fingerprint, minimised and described. It judges nothing anew."""
