# One vocabulary for people, hooks and CI. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PROJECT ?= churn
AS_OF ?= latest
PYTHON ?= python3
BIN := .venv/bin
# tests/conftest.py says what goes together, and what comes first
SHARED := --no-loadscope-reorder --max-worker-restart 0
# unit tests use the processor; tests with services also wait for them, so that three workers share two cores well
UNIT := $(SHARED) -n 2 tests/unit
SERVICES := $(SHARED) -n 3
# the tests start hundreds of processes; without compiled files, each of them would compile all code again
test test-fast test-slow: export PYTHONDONTWRITEBYTECODE :=
STATE := $(or $(PRICHAL_STATE),.stack)

.PHONY: help
help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

.PHONY: run
run: up ## score PROJECT (default churn): the whole job by `mlflow run .`
	@. "$(STATE)/env" && mlflow run . --env-manager local --experiment-name $(PROJECT) -P project=$(PROJECT) -P as_of=$(AS_OF)
	@$(BIN)/python -m dashboards

.PHONY: dashboards
dashboards: up ## start the pages for marketing, product and management, and print their address
	@$(BIN)/python -m dashboards

.PHONY: up
up: environment ## start PostgreSQL, S3 and MLflow (what is configured elsewhere is left alone)
	@$(BIN)/python -m stack java
	@$(BIN)/python -m stack up

.PHONY: down
down: ## stop what `make up` started
	@$(BIN)/python -m stack down

.PHONY: backup
backup: environment ## copy PostgreSQL, bucket, lake and passwords to a new folder below TO
	@$(BIN)/python -m stack backup "$(TO)"

.PHONY: restore
restore: environment ## restore the backup FROM into an empty state and start it
	@$(BIN)/python -m stack restore "$(FROM)"

.PHONY: user
user: environment ## give NAME the ROLE author, reviewer, scorer or reader in MLflow
	@$(BIN)/python -m stack user "$(NAME)" "$(ROLE)"

.PHONY: test
test: lint ## lint, the unit tests with their coverage, all other tests but the slow ones; starts and stops its own services
	@$(BIN)/python -m pytest $(UNIT) --cov --cov-report=term:skip-covered
	@$(BIN)/python -m pytest $(SERVICES) tests/spark tests/end_to_end

.PHONY: test-fast
test-fast: environment ## the unit tests, under a minute
	@$(BIN)/python -m pytest $(UNIT)

.PHONY: test-slow
test-slow: environment ## the tests marked slow, and every property test with 300 examples
	@$(BIN)/python -m pytest $(SERVICES) -m "slow or hypothesis" --hypothesis-profile=thorough

.PHONY: lint
lint: environment ## ruff, names, mypy, layer rules, Dockerfile
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/python -m tests.naming_check
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/hadolint Dockerfile
	@$(BIN)/mypy

.PHONY: format
format: environment ## put code in its usual form
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

.PHONY: bench
bench: test-slow ## the slow tests, then the figures of the README and docs, measured again
	@$(BIN)/python -m benchmarks

.PHONY: bench-gate
bench-gate: environment ## how often the gate is right, by simulated promotions; draws the picture
	@$(BIN)/python -m benchmarks gate

.PHONY: docs
docs: environment ## rewrite the generated pages (data dictionary)
	@$(BIN)/python -m jobs.data_dictionary --project $(PROJECT)

.PHONY: lock
lock: environment ## resolve pyproject.toml into requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
	  --custom-compile-command "make lock" --quiet -o requirements.lock

.PHONY: environment
environment: .venv/made ## make .venv from the lock

# uv reads UV_* settings and not pip's own configuration: where that is all a machine has, pip does the work.
.venv/made: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and f"Prichal needs Python 3.11 or newer, {sys.executable} is {sys.version.split()[0]}: set PYTHON to a newer one.")'
	@echo "environment: installing from requirements.lock"
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps "$$(sed -n 's/^\(uv==[^ ;]*\).*/\1/p' requirements.lock)"
	@VIRTUAL_ENV=.venv $(BIN)/uv pip sync --quiet --require-hashes requirements.lock \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements.lock
	@touch $@
