SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONUNBUFFERED := 1
unexport PYTHONPATH PYTHONHOME PYTHONDONTWRITEBYTECODE

# Where `make run` answers.
PORT ?= 8000
# What `make test` hands to pytest, as in `make test ARGS="-k upload"`.
ARGS ?=

CATALOGUES := $(patsubst %.po,%.mo,$(wildcard cms/translations/*/LC_MESSAGES/*.po))
# What is installed, of requirements/.
LISTS ?= base dev
REQUIREMENTS := $(LISTS:%=$(BIN)/.%)
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --custom-compile-command "make lock"

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

.PHONY: setup
setup: $(BIN)/.installed static/vendor/uppy.min.js $(CATALOGUES) ## Install what QsCMS and its tests run on, in this folder

.PHONY: install
install: ## Install only what it takes to run QsCMS
	@$(MAKE) setup LISTS=base

.PHONY: run
run: setup ## Start web server and worker on 127.0.0.1:$PORT; Ctrl-C stops both
	@flask cms setup
	@echo "QsCMS is at http://127.0.0.1:$(PORT)/admin/ – Ctrl-C stops it."
	@PORT=$(PORT) exec honcho --app-root . --procfile deploy/Procfile start

.PHONY: test
test: setup lint docs chromium ## Check, then run every test
	pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

.PHONY: lint
lint: $(BIN)/.installed ## Check style, types and layers
	ruff check .
	ruff format --check .
	mypy
	lint-imports

.PHONY: format
format: $(BIN)/.installed ## Set the source in the one style
	ruff check --fix-only --quiet .
	ruff format .

.PHONY: lock
lock: $(BIN)/.installed ## Pin again what requirements/ and package.json ask for
	$(LOCK) requirements/base.in -o requirements/base.txt
	$(LOCK) requirements/dev.in -o requirements/dev.txt
	$(LOCK) requirements/bench.in -o requirements/bench.txt
	$(LOCK) requirements/docs.in -o requirements/docs.txt
	$(LOCK) requirements/node.in -o requirements/node.txt
	npm install --package-lock-only --ignore-scripts

.PHONY: messages
messages: $(BIN)/.installed ## Gather the texts for the translators
	mkdir -p build
	pybabel --quiet extract --mapping pyproject.toml --keywords "N_ _l lazy_gettext" \
		--project QsCMS --copyright-holder "The QsCMS authors" --add-location file \
		--sort-by-file --output-file build/messages.pot .
	if [ -d cms/translations/zh_Hans_CN ]; then \
		pybabel --quiet update -i build/messages.pot -d cms/translations \
			--no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date; \
	else \
		pybabel --quiet init -i build/messages.pot -d cms/translations -l zh_Hans_CN; \
	fi

# Whatever leads nowhere, be it a page, a heading or a picture, fails it.
.PHONY: docs
docs: $(BIN)/.docs ## Make a site of the documentation, in build/docs
	sphinx-build --quiet --fail-on-warning --keep-going --nitpicky --fresh-env \
		--conf-dir docs --doctree-dir build/doctrees . build/docs
	cp build/docs/README.html build/docs/index.html
	@echo "Open build/docs/index.html"

.PHONY: bench
bench: setup $(BIN)/.bench ## Measure, and print the numbers
	for script in benchmarks/*.py; do python "$$script"; done

# ON is one or more of redis+postgresql, postgresql, embedded, plain-huey, celery and rq.
# What is WITHOUT is left out: kill, term, empty_queue, stop_queue, restart_database. EMPTIED=500
# only empties a queue that 500 jobs wait in.
JOBS ?= 2000
KILLS ?= 20
SEED ?= 1
ON ?= redis+postgresql embedded
WITHOUT ?=
EMPTIED ?=

.PHONY: chaos
chaos: setup $(if $(filter celery rq,$(ON)),$(BIN)/.bench) ## Kill workers and servers amid JOBS jobs, and count what is lost
	python -m tests.chaos --jobs $(JOBS) --kills $(KILLS) --seed $(SEED) --on $(ON) \
		$(if $(WITHOUT),--without $(WITHOUT)) $(if $(EMPTIED),--emptied $(EMPTIED))

# `CMS_SAMPLE_IMAGES=folder make fuzz` damages the files of that folder too.
MUTATIONS ?= 5000

.PHONY: fuzz
fuzz: setup ## Damage pictures in MUTATIONS ways, and see that each is refused or rendered
	@python -m tests.fuzz --mutations $(MUTATIONS) --seed $(SEED)

.PHONY: theme-test
theme-test: setup ## Import a WordPress export with awkward parts twice; print both reports
	@python -m tests.theme

.PHONY: audit
audit: flaws ## Ask who keeps lists of flaws, and scan the code and every answer's headers
	@pytest --quiet tests/integration/test_matrix.py

# What of it is not in `make test`.
.PHONY: flaws
flaws: setup
	@python -m tests.audit

# `make screenshots NAMES="pictures queue"` takes only these.
NAMES ?=

.PHONY: screenshots
screenshots: setup chromium ## Take the pictures of the documentation anew
	@python -m tests.screenshots $(NAMES)

# Behind the targets above.

.SECONDARY: $(BIN)/.base $(BIN)/.dev $(BIN)/.docs $(BIN)/.bench

$(BIN)/python:
	@for python in python3.13 python3.12 python3.11 python3; do \
		if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "Making .venv with $$("$$python" --version)"; \
			"$$python" -m venv .venv && exit 0; \
			rm -rf .venv; exit 1; \
		fi; \
	done; \
	echo "QsCMS needs Python 3.11 or newer, and found none in the PATH." >&2; \
	exit 1

$(BIN)/.%: requirements/%.txt | $(BIN)/python
	@echo "Installing the Python packages of $< (a minute or two, the first time)"
	@pip install --quiet --require-hashes -r $<
	@touch $@

$(BIN)/.installed: $(REQUIREMENTS) pyproject.toml
	@pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# A node of its own where the system has none, or one too old for our lock file.
static/vendor/uppy.min.js: package-lock.json requirements/vendor.mjs | $(REQUIREMENTS)
	@echo "Installing the browser libraries"
	@major=$$(npm --version 2>/dev/null | cut -d. -f1 || true); \
	if [ "$${major:-0}" -lt 9 ]; then \
		pip install --quiet --require-hashes -r requirements/node.txt; \
	fi
	@npm ci --ignore-scripts --loglevel error
	@node requirements/vendor.mjs

%.mo: %.po | $(REQUIREMENTS)
	@pybabel --quiet compile --input-file $< --output-file $@

# The browser tests drive Chromium: best its headless shell, which draws the same pages without
# windows, for two thirds of the work. Only root can add it; others are told.
.PHONY: chromium
chromium:
	@if ! command -v chromium-headless-shell >/dev/null && \
			[ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq || true; \
		for it in chromium-headless-shell chromium; do \
			DEBIAN_FRONTEND=noninteractive \
				apt-get install -qq --no-install-recommends $$it >/dev/null && break || true; \
		done; \
	fi
	@command -v chromium-headless-shell chromium chromium-browser google-chrome >/dev/null || \
		echo "The browser tests need Chromium: install it, for example by" \
			"'sudo apt-get install chromium-headless-shell'."
