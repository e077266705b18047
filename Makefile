# The habits of this house, one command each. `make` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
DEBIAN := chromium swaks curl fetchmail s-nail mutt ngircd weechat-headless irssi inetutils-telnet redis-server wget w3m telnet
DEBIAN += dovecot-imapd dovecot-pop3d dovecot-lmtpd postfix postgresql
DEBIAN += proftpd-core proftpd-mod-crypto lftp tnftp ncftp

.PHONY: help lab test check bench translations format clean

help: ## list the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

lab: $(VENV)/.run ## run the whole lab and print its address
	@exec $(BIN)/python manage.py lab

test: $(VENV)/.dev tests-need ## set up what the tests need, run the checks and the tests, on SQLite and PostgreSQL
	@$(MAKE) --no-print-directory check
	$(BIN)/python -m tests.both

check: $(VENV)/.dev ## ruff, mypy, import rules, migrations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	NETLAB_DATA=$$(mktemp -d) $(BIN)/python manage.py makemigrations --check --dry-run

translations: $(VENV)/.dev ## compile the catalogues; name sentences without a translation
	$(BIN)/python manage.py translations

bench: $(VENV)/.dev ## measure what must be fast, with the floor beside it
	$(BIN)/python -m bench

format: $(VENV)/.dev ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean: ## remove the virtual environment and caches (the lab's data stays)
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: tests-need
tests-need:
	@bash tests/install-debian.sh $(DEBIAN)

$(VENV)/.run: requirements.txt
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "netlab needs Python's venv: install the package python3-venv"; exit 1; }
	@echo "Setting netlab up in $(VENV): what it stands on is fetched once, which takes a minute or two."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@
