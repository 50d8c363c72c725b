"""Files on disk: found, read, decoded and hashed."""
