"""The embedded Neo4j: its jars, its Java, its configuration and its process."""
