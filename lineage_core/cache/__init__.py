"""The parse cache: facts by content, kept in SQLite through diskcache."""
