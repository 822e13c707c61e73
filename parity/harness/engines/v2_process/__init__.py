"""What runs inside V2's process. It imports nothing else of the harness."""
