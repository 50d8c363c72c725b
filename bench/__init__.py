"""The benchmarks: comparisons whose ways take turns in one run. `lineage bench --help`; docs/benchmarks.md."""
