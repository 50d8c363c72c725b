"""The stages of an ingest as plain functions: parse in a process pool, link, write, report; without Prefect."""
