"""SQL text to FileFacts: pure, without catalog, disk or database."""
