# The project's fixed commands. Each sets up what it needs; the first run is slower than the next.
PYTHON ?= python3
BIN := .venv/bin
SDK := .venv-sdk/bin
OLDER_SDK := .venv-sdk-1.99/bin
WITH_OLDER_SDK := $(addprefix tests/sdk/test_,story.py bots.py settings.py items.py items_query.py services.py executions.py logs.py triggers.py)
WORKERS ?= 3
POSTGRES := test -n "$$FAAS_TEST_POSTGRES" || command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1
APT := DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql >/dev/null
.DEFAULT_GOAL := help

help: ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

.venv/ready: pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}; try: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing the platform into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q faas_agent
	@touch $@

# The client's side: the real SDK in an environment of its own, as a user has it.
.venv-sdk/ready: requirements-sdk.lock .venv/ready
	@echo "installing the SDK into .venv-sdk ..."
	@test -x $(SDK)/python || $(PYTHON) -m venv .venv-sdk
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(SDK)/python --require-hashes --requirement requirements-sdk.lock
	@touch $@

# An older SDK that is in wide use still.
.venv-sdk-1.99/ready: requirements-sdk-1.99.lock .venv/ready
	@echo "installing SDK 1.99 into .venv-sdk-1.99 ..."
	@test -x $(OLDER_SDK)/python || $(PYTHON) -m venv .venv-sdk-1.99
	@$(BIN)/uv pip install --quiet --compile-bytecode --python $(OLDER_SDK)/python --require-hashes --requirement requirements-sdk-1.99.lock
	@touch $@

install: .venv/ready ## .venv with everything: .venv/bin/faas and .venv/bin/dlp

demo: .venv/ready .venv-sdk/ready ## a service finds faces in photographs because they were uploaded
	@$(SDK)/python examples/story/story.py --faas $(BIN)/faas

up: .venv/ready ## the platform on this machine, until Ctrl-C
	@$(BIN)/faas up

test: .venv/ready .venv-sdk/ready .venv-sdk-1.99/ready system-packages ## the whole suite
	$(BIN)/pytest tests/unit tests/contract tests/e2e -n $(WORKERS) --dist loadgroup
	$(SDK)/python -m pytest tests/sdk tests/fault -n $(WORKERS) --dist loadfile
	$(OLDER_SDK)/python -m pytest $(WITH_OLDER_SDK) -n $(WORKERS) --dist loadfile

lint: .venv/ready ## style, types and the rules of who may import whom
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/ready ## lay the code out
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/ready .venv-sdk/ready ## speed, as ratios measured in one run
	@$(SDK)/python bench/run.py --faas $(BIN)/faas

system-packages:
	@command -v git >/dev/null || { test "$$(id -u)" = 0 && apt-get install -y -qq git; } || { echo "git is missing: install it"; exit 1; }
	@$(POSTGRES) || { test "$$(id -u)" = 0 && echo "installing postgresql ..." && { $(APT) || { apt-get update -qq && $(APT); }; }; } || \
		echo "no PostgreSQL server here: its tests are skipped (install postgresql, or set FAAS_TEST_POSTGRES)"

clean: ## remove what make made
	rm -rf .venv .venv-sdk .venv-sdk-1.99 build

.PHONY: help install demo up test lint format bench system-packages clean
