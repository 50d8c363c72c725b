"""One statement's sqlglot tree to a Statement fact: one module per construct, each a function from tree to facts."""
