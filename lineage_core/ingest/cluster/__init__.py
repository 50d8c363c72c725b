"""Parsing on a Dask cluster: what is sent, what a worker does with it, and the pool that stands for the cluster."""
