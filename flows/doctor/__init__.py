"""`lineage doctor`: looks whether this machine and its set-up can carry the local stack."""
