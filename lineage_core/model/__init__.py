"""What travels between the stages: facts of a file, rows for the graph, the names and the schema of both."""
