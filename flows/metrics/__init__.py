"""Metrics of all processes of a stack: each keeps its own in a file, one of them serves the sum."""
