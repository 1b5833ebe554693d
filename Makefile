# Needs Python 3.11+ with pip, git and make. Everything else goes into .venv, and for other releases of Airflow
# (make test AIRFLOW=3.1.8 PYTHON=python3.12) into an environment for each pair in .venvs.

PYTHON ?= python3
NEWEST := 3.3.2
AIRFLOW ?= $(NEWEST)
# EXECUTOR=celery: make up and make demo with the CeleryExecutor, Redis, PostgreSQL and S3.
EXECUTOR ?=
UV := uv==0.13.8
MINOR = $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])')
ifeq ($(AIRFLOW),$(NEWEST))
VENV := .venv
else
VENV := .venvs/$(AIRFLOW)-py$(MINOR)
endif
CELERY_VENV = .venvs/$(AIRFLOW)-celery-py$(MINOR)
SET_UP_CELERY = $(PYTHON) tools/venv.py $(AIRFLOW) $(CELERY_VENV) celery $(VENV)
SET_UP = $(if $(EXECUTOR),$(SET_UP_CELERY),$(PYTHON) tools/venv.py $(AIRFLOW) $(VENV))
BIN = $(if $(EXECUTOR),$(CELERY_VENV),$(VENV))/bin
# Tests run so many at a time, by file; as many as the machine has cores and two, but no more than 8. JOBS=0: one by one.
JOBS ?= logical
# Further arguments of the target's program, e.g. make test ARGS="-k validation"
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help venv demo demo-batch up test crash-test cluster-test matrix bench models models-diff lint types
.PHONY: format docs
.PHONY: docs-serve release-check locks clean

help: ## this text
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 16

venv: ## set up .venv from the lock of the running Python (PYTHON=python3.12, AIRFLOW=3.1.8 take another one)
	@$(SET_UP)

demo: venv ## make one image from a photograph, through a real Airflow and the sandbox gateway
	@$(BIN)/python -m tools.demo $(addprefix --executor ,$(EXECUTOR)) $(ARGS)

demo-batch: venv ## a picture for each of 200 products, in one task of a real Airflow, and a sheet of all of them
	@$(BIN)/python -m tools.demo_batch $(ARGS)

up: venv ## the same Airflow with its UI, until Ctrl-C
	@$(BIN)/python -m tools.up $(addprefix --executor ,$(EXECUTOR)) $(ARGS)

test: venv ## unit, integration and end-to-end tests, with the coverage of the package (some need chromium)
	@$(BIN)/python -m pytest -n $(JOBS) --maxprocesses 8 --dist loadfile --no-loadscope-reorder \
		--cov --cov-report=term --cov-fail-under=95 $(ARGS)

# Before Airflow 3.3: what depends on the release (ARGS=--all for the rest, too).
crash-test: venv ## kill processes of a real Airflow, and count the charges in the ledger of the sandbox
	@$(BIN)/python -m tests.e2e.crash $(ARGS)

# ARGS=--ci: eight scenarios; ARGS=machine: those with that text in their name.
cluster-test: ## what can happen to an Airflow of several machines: Celery, Redis, PostgreSQL, S3
	@$(SET_UP_CELERY)
	@$(CELERY_VENV)/bin/python -m tests.cluster $(ARGS)

matrix: ## the tests on every pair of Airflow and Python (ARGS="--only 3.2.2" on some of them)
	@$(PYTHON) -m tools.matrix $(ARGS)

bench: venv ## the figures of docs/figures.md: JSON lines and a table (ARGS=waiting: that part alone)
	@$(BIN)/python -m benchmarks $(ARGS)

models: venv ## write the typed parameters and the model pages from the catalogue
	@$(BIN)/python -m tools.generate_models $(ARGS)

models-diff: venv ## compare the catalogue with the live list (ARGS="--conn-id toapis_default": that of ToAPIs)
	@$(BIN)/python -m tools.models.live $(ARGS)

lint: venv ## ruff, its formatter, and which module may import which
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports

types: venv ## mypy --strict
	@$(BIN)/mypy --strict

format: venv ## format the code with ruff, and mend what it can
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

# Without --quiet, which hides the warnings from --strict.
docs: ## build the documentation site into build/site, with warnings as errors, and check its links
	@$(PYTHON) tools/venv.py docs .venvs/docs
	@NO_MKDOCS_2_WARNING=1 .venvs/docs/bin/mkdocs build --strict
	@.venvs/docs/bin/python -m tools.docs.check

docs-serve: ## show the documentation site at http://127.0.0.1:8000, and follow changes
	@$(PYTHON) tools/venv.py docs .venvs/docs
	@NO_MKDOCS_2_WARNING=1 .venvs/docs/bin/mkdocs serve $(ARGS)

release-check: ## build sdist and wheel, check them, and run the README's DAG with the wheel on two Airflows
	@$(PYTHON) tools/venv.py release .venvs/release
	@$(PYTHON) -m tools.release $(ARGS)

locks: ## write the locks (the dates are in tools/locks.py)
	@test -x .venv-locks/bin/uv || $(PYTHON) -m venv .venv-locks
	@.venv-locks/bin/python -m pip --disable-pip-version-check install -q $(UV)
	@.venv-locks/bin/python -m tools.locks --uv .venv-locks/bin/uv $(ARGS)

clean: ## remove .venv, .venvs, .airflow and all caches
	@rm -rf .venv .venvs .venv-locks .airflow .coverage .coverage.* .hypothesis .import_linter_cache
	@rm -rf .mypy_cache .pytest_cache .ruff_cache build dist htmlcov
	@find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
