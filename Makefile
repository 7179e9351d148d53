# The tasks of this project. Plain `make` lists them.
PYTHON ?= python3
BIN := .venv/bin
LONGEST := tests/flows/test_histories.py
.DEFAULT_GOAL := help
.PHONY: help setup demo demo-ad test check look fast longest snapshots crash faults bench docs fmt lock

help: ## list the tasks
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1 \2/p' $(MAKEFILE_LIST) | while read -r task line; do printf '  make %-7s %s\n' "$$task" "$$line"; done

setup: ## make .venv with everything the project needs, from the lock file
	@PYTHON="$(PYTHON)" scripts/setup.sh

demo: setup ## play a whole call here: sandbox, desk and console (without a terminal it plays by itself)
	@$(BIN)/csrdesk demo

demo-ad: setup ## the same with a real Active Directory domain controller (Samba, installed as root) as the directory
	@scripts/test-system.sh ad
	@$(BIN)/python -m tests.ad.demo

test: setup ## everything, with the system's packages and the coverage gate
	@scripts/test-system.sh
	@scripts/test.sh

check: setup ## the fast loop: format, lint, types, import contracts, docs, unit tests, flows, snapshots; side by side
	@$(MAKE) --no-print-directory -j4 --output-sync=target look fast longest snapshots

look:
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo >.import_linter.log || { cat .import_linter.log; exit 1; }
	@$(BIN)/python -m docs.generate --check

fast:
	@$(BIN)/python -m pytest -q tests/unit tests/flows --ignore $(LONGEST)

longest:
	@$(BIN)/python -m pytest -q $(LONGEST)

snapshots:
	@$(BIN)/python -m pytest -q tests/snapshots

crash: setup ## kill processes in the middle of calls, a thousand times, and look at what came of it (KILLS, SEED)
	@$(BIN)/python -m tests.crash --kills $(or $(KILLS),1000) $(if $(SEED),--seed $(SEED))

faults: setup ## hurt a team's desk: servers killed, PostgreSQL and PingOne away, networks cut; and look at what came of it
	@$(BIN)/python -m tests.faults $(FAULTS)

bench: setup ## measure: each figure a ratio against a baseline of the same run (bench/results.json)
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m bench

docs: setup ## write docs/reference anew from the code
	@$(BIN)/python -m docs.generate

fmt: setup ## format and mend what can be mended
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format --quiet .

lock: setup ## renew requirements.lock from pyproject.toml (then commit both)
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--upgrade --custom-compile-command 'make lock' --group dev --output-file requirements.lock pyproject.toml
	@$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["ad"])' | \
		$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--upgrade --custom-compile-command 'make lock' --output-file requirements-ad.lock -
