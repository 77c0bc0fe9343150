# Two commands: `make demo` and `make test`. Both set themselves up, in .venv, with pip as you configured it.

VENV := .venv
IN_VENV := $(VENV)/bin/python
PINS := tests/constraints.txt

# The first Python on PATH that is new enough; `make PYTHON=...` takes another.
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; done)

# Named after all that an installation depends on: when one of them changes, the next command installs anew.
STAMP := $(VENV)/complete-$(shell { cat pyproject.toml $(PINS) Makefile; pwd; } | cksum | tr ' ' -)

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast lint clean

help:  ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP)  ## Make .venv and install the package into it, with MassGen and the development tools

demo: $(STAMP)  ## Run MassGen against the sandbox, without and with the switch, and compare
	@$(IN_VENV) -m massgen_plugins.demo

test: lint  ## Check and test everything, the runs of the real MassGen included
	$(IN_VENV) -m pytest

test-fast: $(STAMP)  ## Test all but the runs of the real MassGen
	$(IN_VENV) -m pytest -m "not e2e"

lint: $(STAMP)  ## Check style and types
	$(IN_VENV) -m ruff check .
	$(IN_VENV) -m ruff format --check .
	$(IN_VENV) -m mypy

clean:  ## Remove .venv and all that the tools left behind
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Always from nothing, so that no package which an earlier installation left can hide a missing dependency.
# Dependency groups need pip 25.1; the pip that comes with Python 3.11 is older.
$(STAMP):
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed on PATH, or: make PYTHON=/path/to/python" >&2; exit 1; }
	@echo "Setting up $(VENV); MassGen brings about 270 packages, so this takes some minutes."
	"$(PYTHON)" -m venv --clear $(VENV)
	$(IN_VENV) -m pip install --quiet --upgrade "pip>=25.1"
	$(IN_VENV) -m pip install --quiet --editable . --group dev --constraint $(PINS)
	@touch $(STAMP)
