# `make figures` and `make test` set everything up; nothing but Python 3.11 (to 3.13) is needed beforehand.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: figures test env docs lock check citation

figures: env
	$(BIN)/snakemake

test: env
	$(BIN)/python -m pytest

env: $(VENV)/.ready

# uv (itself pinned by hash) installs in a third of pip's time; where it cannot reach the index pip is set up for, pip does it.
$(VENV)/.ready: requirements.txt pyproject.toml envs/uv.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r envs/uv.txt
	$(BIN)/uv pip install --quiet --system-certs --compile-bytecode --python $(BIN)/python --require-hashes -r requirements.txt \
	    || $(PIP) --require-hashes -r requirements.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

# What CI runs beside the tests. (cffconvert is of an age that needs an environment of its own.)
check: env $(VENV)/cff/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint
	$(VENV)/cff/bin/cffconvert --validate
	$(VENV)/cff/bin/cffconvert --format codemeta | diff codemeta.json -
	$(VENV)/cff/bin/cffconvert --format zenodo | diff .zenodo.json -

$(VENV)/cff/.ready: envs/cffconvert.txt $(VENV)/.ready
	$(PYTHON) -m venv $(VENV)/cff
	$(VENV)/cff/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r envs/cffconvert.txt
	touch $@

# The documentation, in site/. It has an environment of its own: nothing else needs it.
docs: $(VENV)/docs/.ready
	PYTHONPATH=src $(VENV)/docs/bin/python docs/generate.py
	PATH="$(abspath $(VENV)/docs/bin):$$PATH" zensical build --clean --strict

$(VENV)/docs/.ready: envs/docs.txt $(VENV)/.ready
	$(PYTHON) -m venv $(VENV)/docs
	$(VENV)/docs/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r envs/docs.txt
	touch $@

# After a change of CITATION.cff.
citation: $(VENV)/cff/.ready
	$(VENV)/cff/bin/cffconvert --format codemeta --outfile codemeta.json
	$(VENV)/cff/bin/cffconvert --format zenodo --outfile .zenodo.json

# Needs uv. No index addresses and no annotations: the file names versions and hashes only.
lock:
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes --fork-strategy fewest \
	    --no-emit-index-url --no-emit-find-links --no-annotate --no-header --output-file requirements.txt
	echo cffconvert | uv pip compile - --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --no-annotate --no-header --output-file envs/cffconvert.txt
	printf '%s\n' zensical mkdocstrings-python pyyaml ruff | uv pip compile - --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --no-annotate --no-header --output-file envs/docs.txt
