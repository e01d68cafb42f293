# Two commands do it all: `make serve` and `make test`. Each sets up what it needs, in .venv.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help

.PHONY: help serve test check e2e train bench clean

help: ## show this list
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

# The kernel compiles on its first call and is kept beside its source: done here, so that the first start is quick.
WARM := $(BIN)/python -c "from spamfilter import SpamFilter; SpamFilter.load(kiwi='off').score([''])"

$(VENV)/.serve: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e '.[serve]'
	$(WARM)
	touch $@

$(VENV)/.dev: $(VENV)/.serve
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	touch $@

$(VENV)/.bench: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet -e '.[bench]'
	touch $@

serve: $(VENV)/.serve ## start the service on the shipped model, http://127.0.0.1:8000
	$(BIN)/python serve.py

test: $(VENV)/.dev ## run the tests, without those that start browsers or load
	$(BIN)/python -m pytest -m 'not e2e'

check: $(VENV)/.dev ## lint, types, architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_architecture.py

e2e: $(VENV)/.dev ## the built wheel, real servers
	$(BIN)/python -m pytest -m e2e

train: $(VENV)/.dev ## make models/default from the corpus and the sources in data/ (see docs/training.md)
	$(BIN)/python -m training.train --data data

bench: $(VENV)/.bench ## measure beside the peers; results in benchmarks/results/
	$(BIN)/python -m benchmarks.run

clean: ## remove what was built; models and data stay
	rm -rf $(VENV) build dist *.egg-info
