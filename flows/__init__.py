"""Prefect flows and what runs them: bulk ingest, the local Prefect server, the `lineage` command."""
