"""Prefect tasks: hash, parse, link and write, each over a batch of files. Thin: the work is in lineage_core."""
