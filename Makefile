# The tasks of this project. Plain `make` lists them.
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench docs fmt lock

help: ## list the tasks
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1 \2/p' $(MAKEFILE_LIST) | while read -r task line; do printf '  make %-7s %s\n' "$$task" "$$line"; done

setup: ## make .venv with everything the project needs, from the lock file
	@PYTHON=$(PYTHON) scripts/setup.sh

lock: setup ## renew requirements.lock from pyproject.toml (then commit both)
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
		--custom-compile-command 'make lock' --group dev --output-file requirements.lock pyproject.toml
