# What a person or CI types. `make run` starts the app, `make test` checks everything.
#
# Nothing is installed twice: each install leaves a stamp in .venv named after the content of the files it came from, so
# that a second run costs nothing and an edited requirement is noticed whatever the clock of the file says.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup setup-dev run test test-thorough check lint types layers unit app e2e format test-lowest browser samples pictures bench clean

PYTHON ?= python3
VENV ?= .venv
CONSTRAINTS ?= constraints.txt
PORT ?=
PYTEST_ARGS ?=
WORKERS ?= auto

PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
PIN := $(if $(CONSTRAINTS),-c $(CONSTRAINTS),)
# In as many processes as there are cores; WORKERS=0 runs all in this one. Tests of one file share what it makes, so they
# stay together.
PYTEST := $(PY) -m pytest --numprocesses $(WORKERS) --maxprocesses 8 --dist loadfile --no-loadscope-reorder
# What is imported is compiled once, not by each server and script that the tests start.
unexport PYTHONDONTWRITEBYTECODE
key = $(shell cat $(1) $(CONSTRAINTS) | cksum | tr ' ' '-')
APP_STAMP := $(VENV)/.installed-app-$(call key,requirements.txt)
DEV_STAMP := $(VENV)/.installed-dev-$(call key,requirements.txt requirements-dev.txt)

NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
READY := $(shell $(PY) -c '$(NEW_ENOUGH)' 2>/dev/null && echo yes)
ifeq ($(READY),)
$(shell rm -f $(VENV)/.installed-*)
endif

help: ## what there is to type
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

setup: $(APP_STAMP) ## make .venv with what the app needs

setup-dev: $(DEV_STAMP) ## the same with what the tests need

run: setup ## start the app at localhost (a port of your choice: make run PORT=9000)
	$(PY) -m streamlit run app.py $(if $(PORT),--server.port $(PORT),)

test: setup-dev browser lint types layers ## everything: lint, types, import layers, unit, app and browser tests
	$(PYTEST) $(PYTEST_ARGS)

test-thorough: ## the same with many more draws, kills and ways in, and longer journeys: before a release
	FLYWHEEL_THOROUGH=1 $(MAKE) test

check: setup-dev lint types layers ## everything without the browser
	$(PYTEST) -m "not browser" $(PYTEST_ARGS)

lint: setup-dev ## ruff: rules and format
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

types: setup-dev ## mypy
	$(PY) -m mypy

layers: setup-dev ## import-linter: who may import whom
	$(PY) -c "from importlinter.cli import lint_imports_command; lint_imports_command()"

format: setup-dev ## mend what ruff can mend
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

browser: setup-dev ## find a Chromium or Chrome for the tests, or install one
	@$(PY) tests/e2e/browser.py

samples: setup ## write the sample data anew from its generator
	$(PY) -m sample_data.make

pictures: setup-dev browser ## draw docs/images anew: the house from its imports, the tutorial from the running app
	$(PY) docs/house.py
	LOGNAME=Ada SCREENSHOTS=docs/images $(PY) -m pytest tests/e2e/test_tutorial.py

test-lowest: ## unit and app tests on the lowest versions that requirements.txt allows, in a venv of its own
	@sed -nE 's/^([A-Za-z0-9_.-]+) *>= *([^,]+),.*/\1==\2/p' requirements.txt > $(VENV)-lowest.txt
	$(MAKE) check VENV=$(VENV)-lowest CONSTRAINTS=$(VENV)-lowest.txt

# The commands are those of the table. Of `PEERS`, a Python with cleanlab's, sliceline's and the other tools of that table,
# are the rows that run one beside ours; without it they are left out.
bench: setup-dev browser ## every benchmark of benchmarks/README.md, one after the other (hours; data in FLYWHEEL_DATA)
	@sed -nE 's/^\| `python (benchmarks[^`]*)`.*/\1/p' benchmarks/README.md \
	  $(if $(PEERS),| sed 's|PYTHON|$(PEERS)|',| grep -v PYTHON) | sed 's|FOLDER|build/bench|' \
	  | while read -r each; do echo "== $$each"; $(PY) $$each </dev/null || exit 1; done

clean: ## remove caches (not .venv, not your projects)
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis build
	find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +

$(APP_STAMP): | python
	@echo "Installing what the app needs"
	@$(PIP) -r requirements.txt $(PIN)
	@rm -f $(VENV)/.installed-app-*
	@touch $@

$(DEV_STAMP): | python
	@echo "Installing what the app and its tests need"
	@$(PIP) -r requirements-dev.txt $(PIN)
	@rm -f $(VENV)/.installed-dev-* $(VENV)/.installed-app-*
	@touch $@ $(APP_STAMP)

# A .venv that runs is kept as it is; one that doesn't (moved, or its Python is gone) is made anew.
.PHONY: python
python:
ifeq ($(READY),)
	@$(PYTHON) -c '$(NEW_ENOUGH)' 2>/dev/null || { \
	  echo "Python 3.11 or newer is needed; '$(PYTHON)' is $$($(PYTHON) --version 2>/dev/null || echo missing)." >&2; \
	  echo "Install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@echo "Making $(VENV), once; what goes into it takes a minute or two"
	@$(PYTHON) -m venv --clear $(VENV)
endif
