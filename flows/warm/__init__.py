"""Flow runs that start at once: forked from a process that has everything imported already.

A flow run in a process of its own costs 4 to 7 s before its first line, nearly all of it imports. `lineage worker`
keeps a runner (`flows.warm.runner`), and its flow runs are started through `flows.warm.run`, which asks it for a fork,
or becomes Prefect's own engine where there is no runner.
"""
