"""What runs inside V1's process. It imports nothing else of the harness."""
