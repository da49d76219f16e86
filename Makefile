# `make` lists the targets. A study: make study name=quickstart [profile=smoke|gpu|cpu|full]
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
HARNESS := $(VENV)/bin/harness
# CUDA libraries where a driver answers; GPU=0 refuses them
GPU ?= $(shell nvidia-smi -L >/dev/null 2>&1 && echo 1 || echo 0)
LOCK := requirements$(if $(filter 1,$(GPU)),-cuda).lock
# tests run side by side, the long files first; each worker holds TensorFlow, some 2 GB
JOBS ?= 2
PYTEST := $(VENV)/bin/python -m pytest -q -n $(JOBS) --dist loadfile --no-loadscope-reorder
options = $(if $(profile),--profile $(profile)) $(args)

.PHONY: help setup study plan report status test test-all lint lint-style lint-types lint-imports \
  bench golden lock clean

help:  ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-9s %s\n",$$1,$$2}' $(MAKEFILE_LIST)

setup: $(VENV)/ready  ## create the environment in .venv (the other targets do it by themselves)

$(VENV)/ready: requirements.lock requirements-cuda.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; \
	  sys.exit(None if (3, 11) <= v <= (3, 13) else \
	  "Python 3.11, 3.12 or 3.13 is needed, and $(PYTHON) is %d.%d: make PYTHON=python3.12 …" % v)'
	@echo "Installing the locked dependencies into $(VENV) ($(LOCK)) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $(LOCK)
	@$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
	  --no-build-isolation --editable .
	@TF_CPP_MIN_LOG_LEVEL=3 $(VENV)/bin/python -c \
	  'from harness.gan.devices import explain; print(explain())' 2>/dev/null
	@touch $@

study: setup  ## run a study and write its report: name=NAME [profile=smoke|gpu|cpu|full]
	@$(HARNESS) run $(call named,study) $(options)

plan: setup  ## what a study would train, and what that costs: name=NAME [profile=…]
	@$(HARNESS) plan $(call named,plan) $(options)

report: setup  ## write a study's report again: name=NAME [profile=…]
	@$(HARNESS) report $(call named,report) $(options)

status: setup  ## all runs, and how their trials stand
	@$(HARNESS) status

test: setup  ## the tests, in a few minutes
	@$(PYTEST)

test-all: setup  ## the long tests too; long=only: those alone, after make test
	@$(PYTEST) -m "$(if $(filter only,$(long)),slow and )not gpu and not network"

lint: setup  ## style, types and import contracts, side by side
	@$(MAKE) --no-print-directory --jobs --output-sync lint-style lint-types lint-imports

lint-style:
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .
lint-types:
	@$(VENV)/bin/mypy harness benchmarks
lint-imports:
	@$(VENV)/bin/lint-imports

bench: setup  ## measure against the baseline, into benchmarks/: [row=step] [quick=1]
	@$(VENV)/bin/python -m benchmarks $(row) $(if $(quick),--quick)

golden: setup  ## write the golden files of the tests anew; read the diff
	@HARNESS_GOLDEN=1 $(VENV)/bin/python -m pytest -q -k "three_steps or golden or table"

lock:  ## resolve the locked versions anew (needs uv)
	@uv pip compile pyproject.toml --universal --python-version 3.11 --fork-strategy fewest \
	  --extra dev --extra cluster --extra publish --no-annotate --no-header \
	  --quiet --output-file requirements.lock
	@uv pip compile pyproject.toml --universal --python-version 3.11 --fork-strategy fewest \
	  --extra dev --extra cluster --extra publish --extra cuda --no-annotate --no-header \
	  --quiet --output-file requirements-cuda.lock

clean:  ## remove the environment and caches; runs/ and reports/ are never touched
	@rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache
	@find harness tests -name __pycache__ -type d -prune -exec rm -rf {} +

named = $(if $(name),$(name),$(error which study? make $(1) name=quickstart))
