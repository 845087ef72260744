# On a machine with Python >= 3.10 and pip: `make demo` shows xling at work, `make test` passes the tests.
PYTHON ?= python3
VENV ?= .venv
# Tests run side by side; each job loads the model (0.5 GB).
JOBS ?= 2
BIN := $(VENV)/bin
# A stamp file, so that pip runs again only when what is to be installed has changed.
STAMP := $(VENV)/.installed

.PHONY: demo test test-all test-server lint format types check clean

demo: $(STAMP)
	@$(BIN)/xling demo

test: $(STAMP)
	$(BIN)/python -m pytest -n $(JOBS) -m "not slow" --hypothesis-profile=repeatable

test-all: $(STAMP)
	$(BIN)/python -m pytest

test-server: $(STAMP)
	$(BIN)/python -m pytest tests/server

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

check: lint types test

format: $(STAMP)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis build dist *.egg-info
