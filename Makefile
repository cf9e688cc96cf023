# Each command sets up what it needs, in a virtual environment in .venv.
PYTHON ?= python3
CASES ?= 4000
BIN := .venv/bin
BENCH := build/bench/venv/bin
# One thread for each of two processes: more would wait for each other. Bytecode is kept, since many processes start.
TESTED := AENB_LIVE=0 OMP_NUM_THREADS=1 TF_NUM_INTRAOP_THREADS=1 TF_NUM_INTEROP_THREADS=1 PYTHONDONTWRITEBYTECODE=

.PHONY: help quickstart lab quick test thorough check fuzz bench memory quality reproduce defaults chapters site clean

help:  ## list the commands
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

quickstart: .venv/lab.done  ## run the quickstart notebook, write build/quickstart.html, print its tables
	$(BIN)/python .ci/notebooks.py notebooks/00_quickstart.ipynb --html build/quickstart.html

lab: .venv/lab.done  ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab --notebook-dir=notebooks

quick: .venv/dev.done  ## the tests that take under a second each, in about a minute
	$(TESTED) $(BIN)/pytest tests -q -m "not slow and not thorough" -n 2 --dist loadfile

# The longest files first: tests/conftest.py says which, and of the chapters it is that on attention.
test: .venv/dev.done  ## unit tests, the browser tests, and the notebooks under nbval, in their short form
	.ci/system-packages
	$(TESTED) $(BIN)/pytest tests aenb --doctest-modules -m "not thorough" -n 2 --dist loadfile --no-loadscope-reorder
	$(TESTED) AENB_SHORT=2 $(BIN)/pytest $$(ls notebooks/04*.ipynb; ls -r notebooks/*.ipynb | grep -v /04) --nbval --nbval-sanitize-with tests/nbval.cfg --nbval-cell-timeout 300 -n 2 --dist loadfile --no-loadscope-reorder

thorough: .venv/dev.done  ## the tests that repeat on more families, kernels and tools what `make test` shows on one
	.ci/system-packages
	$(TESTED) $(BIN)/pytest tests -m thorough -n 2 --dist loadfile --no-loadscope-reorder

check: .venv/dev.done  ## ruff (format and lint, notebooks included), mypy and the import rule
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -q tests/test_imports.py

fuzz: .venv/dev.done  ## hostile inputs, CASES of each kind: their outcomes in one table
	AENB_LIVE=0 AENB_FUZZ=$(CASES) $(BIN)/pytest tests/fuzz -q -n 2 --dist loadfile --timeout 3600

bench: build/bench/venv.done  ## measure start-up, memory and training speed, against other tools; ARGS="A --rounds 3"
	$(BENCH)/python -m tests.benchmarks.startup
	$(BENCH)/python -m tests.benchmarks.memory
	$(BENCH)/python -m tests.benchmarks.training $(ARGS)
	$(BENCH)/python -m tests.benchmarks.generated_tables

# What it has measured is kept in build: stopped, it continues where it was.
reproduce: .venv/dev.done  ## measure anomaly detection on PyOD's 17 tables, and imputation on six; ARGS="--seeds 3"
	$(BIN)/python -m tests.benchmarks.odds $(ARGS)
	$(BIN)/python -m tests.benchmarks.imputation $(ARGS)

# What it has measured is kept in build/defaults: stopped, it continues where it was.
defaults: .venv/dev.done  ## train the defaults on your kinds of data, against PCA; ARGS='--cases "table iris"'
	$(BIN)/python -m tests.benchmarks.defaults $(ARGS)

memory: .venv/dev.done  ## run every family's training and evaluate(), and every chapter, in 2 GB of memory; ARGS="vae --megabytes 1500"
	$(BIN)/python -m tests.benchmarks.limited $(ARGS)

quality: .venv/dev.done  ## train and score all families on Fashion-MNIST, three seeds each; ARGS="--seconds 60 --seeds 0 1 2"
	$(BIN)/python -m tests.benchmarks.quality $(ARGS)

# The other tools stay out of .venv. pythae requires a backport of `dataclasses`, so it is installed without dependencies.
build/bench/venv.done: pyproject.toml tests/benchmarks/requirements.txt
	test -x $(BENCH)/python || $(PYTHON) -m venv build/bench/venv
	$(BENCH)/python -m pip install --quiet --upgrade pip
	$(BENCH)/python -m pip install --quiet --requirement tests/benchmarks/requirements.txt
	$(BENCH)/python -m pip install --quiet --no-deps pythae==0.1.2
	$(BENCH)/python -m pip install --quiet --editable '.[lab]'
	touch $@

chapters: .venv/lab.done  ## run all notebooks in full, check their claims, and store their outputs
	$(BIN)/python .ci/notebooks.py notebooks/[0-9]*.ipynb --store

site: .venv/site.done  ## build the documentation from the stored outputs into build/site; a warning is an error
	rm -rf build/site build/site-pages
	mkdir -p build/site-pages
	$(BIN)/sphinx-build -q -W --keep-going -c notebooks/site build/site-pages build/site

clean:  ## remove what the commands created
	rm -rf .venv build

.venv/%.done: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 14))' || { \
	  echo "aenb needs Python 3.10 to 3.13; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.11 …"; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[$*]'
	test $* != dev || $(BIN)/python -m pip install --quiet --no-deps 'aeon>=1.6' 'tokenizers>=0.20'  # of aeon only its data files are read; tokenizers runs alone
	touch $@
