# `make help` lists the recipes. Everything behind them is the `lineage` command: .venv/bin/lineage --help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format lock bench clean

help: ## list the recipes
	@grep -E '^[a-z]+:.*## ' Makefile | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

$(STAMP): requirements.lock pyproject.toml scripts/setup.sh
	@PYTHON=$(PYTHON) scripts/setup.sh

setup: $(STAMP) ## uv, the locked environment in .venv; needs Python 3.11 or newer only

demo: $(STAMP) ## start the embedded Neo4j, ingest examples/, answer one question
	@$(BIN)/lineage demo

test: $(STAMP) ## all tests, against a real Neo4j and a real Prefect server
	@$(BIN)/pytest -n 2 --dist loadgroup

check: $(STAMP) ## format, lint, types, import rules, dead code
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/vulture

format: $(STAMP) ## format the code and mend what the linter can
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

lock: $(STAMP) ## renew requirements.lock from pyproject.toml
	@PATH="$$PWD/.tools:$$PATH" uv pip compile --universal --generate-hashes --all-extras --group dev \
	  --no-emit-index-url --no-header --no-annotate --upgrade --quiet pyproject.toml -o requirements.lock

bench: $(STAMP) ## the benchmarks; ARGS=--quick for 3 minutes, ARGS=--help for what there is
	@$(BIN)/lineage bench $(ARGS)

clean: ## delete the environment and what runs left in data/
	@if [ -x $(BIN)/lineage ]; then $(BIN)/lineage db stop >/dev/null 2>&1 || true; fi
	@rm -rf .venv .tools data dist
