"""The local stack: `lineage up` starts its parts in order, looks after them, and stops them."""
