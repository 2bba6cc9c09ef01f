# `make demo` and `make test` need nothing but Python 3.11 or newer and, for Orthanc and Redis, apt.
# Another interpreter gets a virtual environment of its own: make test PYTHON=python3.13
PYTHON ?= python3
COHORT ?=
PATIENTS ?=
ERRORS ?= 500
COHORTS ?= 2000
KINDS ?=
SHUFFLES ?= 10
STUDIES ?= 100000
NIGHTS ?= 365
DATA ?= ../shared/data
VENV := .venv$(filter-out -python3,-$(notdir $(PYTHON)))
IDH := $(VENV)/bin/idh
STAMP := $(VENV)/.installed
# On two cores, in the order and the groups of tests/conftest.py.
PARALLEL := $(VENV)/bin/pytest -q -n 2 --dist loadgroup --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup system demo test unit attack pages upgrade histories coverage mutants lint sequences leaks null words intervals gate fuzz archive phantom planted outlines weights protocol bench up down docs

help: ## List the targets
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
	@sh docker/system-packages.sh orthanc orthanc-dicomweb redis-server mariadb-server-core chromium

demo: setup ## Run a whole night on real services (COHORT=DIR for your own cohort)
	@$(IDH) demo $(if $(COHORT),--cohort $(COHORT))

test: setup ## Run all tests, including an end-to-end night
	@$(PARALLEL) tests/unit
	@$(PARALLEL) --ignore tests/unit

unit: $(STAMP) ## Run the unit tests, except those that train networks
	@$(PARALLEL) tests/unit --ignore tests/unit/learning --ignore tests/unit/cli/test_learn.py

attack: setup ## Attack the Celery topology: doors, logins, secrets and tokens of every process (a slice is in `make test`)
	@$(VENV)/bin/pytest tests/attack --celery

histories: setup ## Play 500 random histories of reports and 100 of answers (a slice is in `make test`)
	@IDH_HISTORIES=500 IDH_ANSWER_HISTORIES=100 $(VENV)/bin/pytest tests/integration/test_histories.py tests/integration/test_answers.py

pages: setup ## Call every page with 1,000 good and 1,000 bad requests (a slice is in `make test`)
	@IDH_PAGE_CASES=1000 $(VENV)/bin/pytest tests/attack/test_pages_cases.py

upgrade: setup ## Install an older version with data, upgrade it, and compare every row
	@$(VENV)/bin/python -m tools.upgrade_report

lint: $(STAMP) ## Check style, types, architecture, compose file and Dockerfiles
	@$(VENV)/bin/ruff format --check -q .
	@$(VENV)/bin/ruff check -q .
	@$(VENV)/bin/mypy
	@PYTHONPATH=.:plugins $(VENV)/bin/lint-imports
	@$(VENV)/bin/hadolint docker/*.Dockerfile
	@$(VENV)/bin/check-jsonschema -q --builtin-schema vendor.compose-spec docker/compose.yaml

sequences: $(STAMP) ## Print how often series are named correctly, on real tables
	@$(VENV)/bin/python -m tools.sequence_report $(DATA)

leaks: $(STAMP) ## Plant leaks in synthetic cohorts, and count caught ones and false alarms (half an hour)
	@$(VENV)/bin/python -m tools.leak_report

null: $(STAMP) ## After `make demo`, train on shuffled labels, and fail if the mean AUC is further than 0.03 from 0.5 (SHUFFLES=10)
	@$(VENV)/bin/python -m tools.random_labels $(SHUFFLES)

words: $(STAMP) ## Print how texts of laboratories with known meaning are read
	@$(VENV)/bin/python -m tools.words_report

intervals: $(STAMP) ## Print how often intervals of an AUC contain the truth, for both schemes (COHORTS=1000)
	@PYTHONPATH=.:plugins $(VENV)/bin/python -m tools.interval_report $(COHORTS)

gate: $(STAMP) ## Print how often the promotion gate errs, in simulated rounds (COHORTS=2000)
	@$(VENV)/bin/python -m tools.gate_report $(COHORTS)

fuzz: $(STAMP) ## Pass 100,000 mutated files through the gate
	@$(VENV)/bin/python -m tools.fuzz $(DATA)

archive: setup ## Play a year of nights against an archive of 100,000 studies, judged by an oracle (STUDIES=10000 NIGHTS=60)
	@PYTHONPATH=.:plugins $(VENV)/bin/python -m tools.archive_report --studies $(STUDIES) --nights $(NIGHTS)

phantom: $(STAMP) ## Print the accuracy of registration, brain, outline, ADC and rCBV on synthetic patients (PATIENTS=34)
	@$(VENV)/bin/python -m tools.imaging_report $(PATIENTS)

planted: $(STAMP) ## Plant errors in synthetic studies, and print how each was caught (ERRORS=500 KINDS=coverage)
	@$(VENV)/bin/python -m tools.planted_errors --errors $(ERRORS) --kinds '$(KINDS)'

outlines: $(STAMP) ## Print how well outlines are proposed for real tumours that took no part in the training
	@$(VENV)/bin/python -m tools.outline_report $(DATA)/brats2021

weights: $(STAMP) ## Train the classifiers of the proposed outline again, which gives the same file
	@$(VENV)/bin/python -m tools.outline_training $(DATA)/brats2021

protocol: $(STAMP) ## Run the paper's protocol on 100 synthetic patients, and print Table 1
	@$(VENV)/bin/python -m tools.protocol_report .idh/protocol

bench: $(STAMP) ## Measure speed against peers, which it installs
	@$(VENV)/bin/uv pip install --no-config -q --require-hashes --python $(VENV)/bin/python -r bench/requirements.lock
	@for script in bench/*.py; do PYTHONPATH=.:plugins $(VENV)/bin/python $$script || exit 1; done

coverage: setup ## Print line and branch coverage by package, and fail below the floor (subprocesses included)
	@$(VENV)/bin/coverage erase
	@$(VENV)/bin/coverage run -m pytest tests/unit tests/dags tests/integration
	@$(VENV)/bin/coverage combine -q
	@$(VENV)/bin/coverage json -q --fail-under=0 -o - | $(VENV)/bin/python -m tools.coverage_table
	@$(VENV)/bin/coverage report --format=total

mutants: $(STAMP) ## Change the code of six critical places, and fail if the tests notice fewer than 90 % of the changes
	@$(VENV)/bin/uv pip install -q --require-hashes --python $(VENV)/bin/python -r tools/requirements.lock
	@$(VENV)/bin/python -m tools.mutants


docs: $(STAMP) ## Generate the pages that describe the code (see CONTRIBUTING.md)
	@$(VENV)/bin/python -m tools.generate

up: setup ## Start the platform on this machine
	@$(IDH) up

down: ## Stop everything
	@$(IDH) down
