"""The watcher: changed files, gathered in windows, become runs of the incremental deployment."""
