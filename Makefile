# `make demo` and `make test` need nothing but Python 3.11 and, for Orthanc and Redis, apt.
PYTHON ?= python3
COHORT ?=
DATA ?= ../shared/data
VENV := .venv
IDH := $(VENV)/bin/idh
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup system demo test attack lint sequences fuzz phantom protocol bench up down docs

help: ## Say what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

setup: $(STAMP) system ## Install everything that demo and test need

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Python 3.11 or newer is needed'; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || sh docker/system-packages.sh python3-venv
	@test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	@test -x $(VENV)/bin/uv || $(VENV)/bin/pip install -q --disable-pip-version-check --require-hashes --no-deps -r docker/bootstrap.lock
	@$(VENV)/bin/uv pip sync -q --require-hashes --compile-bytecode --python $(VENV)/bin/python requirements.lock
	@$(VENV)/bin/uv pip install -q --no-deps --no-build-isolation --python $(VENV)/bin/python -e .
	@touch $@

system:
	@sh docker/system-packages.sh orthanc orthanc-dicomweb redis-server

demo: setup ## Run the whole nightly job on real services (COHORT=DIR for your own cohort)
	@$(IDH) demo $(if $(COHORT),--cohort $(COHORT))

test: setup ## Run all tests, an end-to-end night included
	@$(VENV)/bin/pytest

attack: setup ## Attack an installation: doors of the object store, identities, listening ports
	@$(VENV)/bin/pytest tests/attack

lint: $(STAMP) ## Check style, types, architecture, compose file and Dockerfiles
	@$(VENV)/bin/ruff format --check -q .
	@$(VENV)/bin/ruff check -q .
	@$(VENV)/bin/mypy
	@PYTHONPATH=plugins $(VENV)/bin/lint-imports
	@$(VENV)/bin/hadolint docker/*.Dockerfile
	@$(VENV)/bin/check-jsonschema -q --builtin-schema vendor.compose-spec docker/compose.yaml

sequences: $(STAMP) ## Print how rightly series are named, on the real tables
	@$(VENV)/bin/python -m tools.sequence_report $(DATA)

fuzz: $(STAMP) ## Pass 100,000 mutated files through the gate
	@$(VENV)/bin/python -m tools.fuzz $(DATA)

phantom: $(STAMP) ## Print how right the images are, on 40 synthetic patients whose every truth is known
	@$(VENV)/bin/python -m tools.imaging_report

protocol: $(STAMP) ## Run the paper's protocol on a synthetic cohort of its size, below .idh/protocol, and print Table 1
	@$(VENV)/bin/python -m tools.protocol_report .idh/protocol

bench: $(STAMP) ## Measure speed beside peers
	@$(VENV)/bin/uv pip install -q --require-hashes --python $(VENV)/bin/python -r bench/requirements.lock
	@for script in bench/*.py; do PYTHONPATH=. $(VENV)/bin/python $$script || exit 1; done

docs: $(STAMP) ## Generate dags/DAGS.md, docs/er-diagram.md, docs/faults.md and docs/idh-status.md
	@$(VENV)/bin/python -m tools.generate

up: setup ## Start the platform without delivering anything
	@$(IDH) up

down: ## Stop everything
	@$(IDH) down
