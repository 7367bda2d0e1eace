# Everything a newcomer needs, with Python 3.11 and make alone. The first target makes .venv; later ones start at once.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export PATH := $(CURDIR)/$(BIN):$(PATH)
export DAGSTER_DISABLE_TELEMETRY := yes
export DBT_SEND_ANONYMOUS_USAGE_STATS := False
export DO_NOT_TRACK := 1
export GX_ANALYTICS_ENABLED := false
# Libraries are compiled once, not in every process: importing great_expectations took 11 s each time instead of 3.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test dev lint docs bench bench-identity clean lock

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

$(READY): requirements.lock pyproject.toml scripts/bootstrap.sh
	@PYTHON="$(PYTHON)" bash scripts/bootstrap.sh $(VENV)

demo: $(READY)  ## a synthetic town of customers, the daily job, and where to look
	@$(BIN)/hoiva demo

test: $(READY)  ## everything that CI runs
	@$(BIN)/python scripts/check.py

dev: $(READY)  ## the Dagster UI with schedules and sensors, on this machine only
	@$(BIN)/hoiva dev

lint: $(READY)  ## ruff, mypy and sqlfluff
	@$(BIN)/python scripts/check.py --only lint

docs: $(READY)  ## the reference pages made from the code (schemas, settings, graph)
	@$(BIN)/python scripts/make_docs.py

bench: $(READY)  ## the measurements, never part of the tests
	@$(BIN)/python -m tests.benchmarks

bench-identity: $(READY)  ## how well records find their person, beside splink and exact keys
	@$(BIN)/python -W ignore -m tests.benchmarks.identity --errors

lock: $(READY)  ## requirements.lock anew from pyproject.toml
	@$(BIN)/uv pip compile --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--no-strip-extras --all-extras --group dev --quiet pyproject.toml -o requirements.lock

clean:  ## remove the environment and all runtime files (var/)
	rm -rf $(VENV) var .pytest_cache .mypy_cache .ruff_cache .hypothesis *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
