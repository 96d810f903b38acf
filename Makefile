# Everything a contributor runs. Each target installs what it needs first; nothing is global.

VENV := .venv
BIN := $(VENV)/bin
# Its age is that of the last complete install, so that an unchanged tree installs nothing.
INSTALLED := $(VENV)/.installed
# The first that is new enough and can make a virtual environment is used; name your own with PYTHON=…
PYTHON ?= python3.14 python3.13 python3.12 python3.11 python3
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
# One more than there are cores: a test waits a third of its time for the disk.
WORKERS ?= $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1)))
# Handed through to the tool behind a target: make test ARGS="-k desk"
ARGS ?=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: docs help install run test check fmt coverage bench lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

install: $(INSTALLED) ## Install everything into .venv, exactly as locked

# A link to an interpreter that was uninstalled counts as missing, hence --clear.
$(BIN)/python:
	@old=; \
	for python in $(PYTHON); do \
	    "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	    "$$python" -c 'import ensurepip, venv' 2>/dev/null && exec "$$python" -m venv --clear $(VENV); \
	    old=$$python; \
	done; \
	if [ -n "$$old" ]; then \
	    echo "$$old cannot make virtual environments: install its venv package (on Debian and Ubuntu: apt install python3-venv)."; \
	else \
	    echo "Frontdesk needs Python 3.11 or newer, and none of these is: $(PYTHON). Install one, or name it: make install PYTHON=python3.12."; \
	fi >&2; exit 1

# The lock first and the project after it, because pip refuses an editable install among hashes.
$(INSTALLED): requirements.lock pyproject.toml $(BIN)/python
	@echo "Installing into $(VENV); the first time takes about a minute."
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

run: install ## Try it: start the playground, no account or key needed
	@$(BIN)/frontdesk playground $(ARGS)

test: install ## Run the tests in random order on all cores
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: install ## Check style, types and the direction of imports
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

fmt: install ## Format the code and mend what can be mended safely
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format

docs: install ## Write the parts of the documents that are made from the code
	@$(BIN)/python -m tests.support.generated

coverage: install ## Run the tests and hold the coverage to its limits
	@$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --cov --cov-report= $(ARGS)
	@$(BIN)/coverage report --include='agent/*' --fail-under=100
	@$(BIN)/coverage report --omit='agent/*' --fail-under=90

bench: install ## Measure: ratios against the alternatives, and times on this machine
	@$(BIN)/python -m benchmarks $(ARGS)

# uv is needed for nothing else, and only its resolver writes one lock for all platforms. Pins that
# still fit are kept: make lock ARGS=--upgrade takes the newest.
lock: $(BIN)/python ## Pin the dependencies again after a change in pyproject.toml
	@uv=$$(mktemp -d) && trap 'rm -rf "$$uv"' EXIT && \
	$(BIN)/python -m venv "$$uv" && \
	"$$uv/bin/pip" --disable-pip-version-check install --quiet 'uv>=0.13,<0.14' && \
	"$$uv/bin/uv" pip compile pyproject.toml \
	    --group tests --group lint --group types --group architecture --group build \
	    --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock' \
	    --quiet --output-file requirements.lock $(ARGS)

clean: ## Remove what the other targets made; databases stay
	@rm -rf $(VENV) build dist htmlcov .coverage .coverage.* \
	    .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
