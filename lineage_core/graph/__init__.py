"""Neo4j: connection, generated Cypher, writing, reading, and the embedded server."""
