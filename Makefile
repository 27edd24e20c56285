# Every target sets up what it needs. PYTHON may name another interpreter: make test PYTHON=python3.13
PYTHON ?= $(firstword $(wildcard $(shell command -v python3.11)) python3)
VENV   ?= .venv
ARGS   ?=
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
LOCK   := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
          --no-header --no-annotate --no-emit-index-url --no-config pyproject.toml --extra build

# Side by side: a third of the time a test waits for something.
SIDE   := -n 3 --dist worksteal

.PHONY: demo test llama check bench lock format svg clean
.DEFAULT_GOAL := help

help:                ## this list
	@grep -hE '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/demo   ## a whole reading group on this machine; ARGS=--once ends by itself
	@$(BIN)/readalong demo $(ARGS)

test: $(VENV)/dev    ## every test; ARGS are pytest's
	$(BIN)/python -m pytest $(SIDE) $(ARGS)

llama: $(VENV)/dev   ## summaries by a real, small model on a llama.cpp server of its own set-up
	$(BIN)/python -m pytest -m llama $(ARGS)

check: $(VENV)/dev   ## what CI runs: format, lint, types, import contracts, tests with coverage
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest $(SIDE) --cov --cov-report=term

bench: $(VENV)/dev   ## the benchmarks, as ratios to a limit or a peer in the same run
	@$(BIN)/python -m benchmarks $(ARGS)

lock: $(VENV)/dev    ## resolve pyproject.toml again into the lock files
	$(LOCK) --upgrade --output-file requirements.lock
	$(LOCK) --upgrade --constraint requirements.lock --extra demo --output-file requirements-demo.lock
	$(LOCK) --upgrade --constraint requirements-demo.lock --extra demo --extra dev --output-file requirements-dev.lock

format: $(VENV)/dev  ## rewrite the code as the formatter wants it
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

svg: $(VENV)/dev     ## draw docs/demo.svg from a real run of the demo
	$(BIN)/readalong demo --once --svg docs/demo.svg

clean:               ## remove the virtual environment and what the demo left
	rm -rf $(VENV) readalong-demo

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo: $(BIN)/python requirements-demo.lock pyproject.toml
	@test -e $(VENV)/dev || $(PIP) --require-hashes --requirement requirements-demo.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev: $(BIN)/python requirements-dev.lock pyproject.toml
	@$(PIP) --require-hashes --requirement requirements-dev.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@ $(VENV)/demo
