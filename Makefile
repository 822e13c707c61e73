# Everything a person or CI does here. `make help` lists the verbs.
# Under make every failure ends with 2, which is make's own code. pytest keeps the suite's: 0, 1, 2 or 3.
# Needs CPython >= 3.11 and a Rust toolchain; everything else is installed into .venv from pinned hashes.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
OMEGA_RUST := legacy_v1/src/rust_modules/omega_rust
V1_SOURCES := .cargo/config.toml $(shell find $(OMEGA_RUST) legacy_v1/src/schemas -type f -not -path '*/target/*' 2>/dev/null)
V2_SOURCES := pyproject.toml .cargo/config.toml $(shell find rust_core -type f -not -path '*/target/*' 2>/dev/null)
V2_TESTED := cargo test --release --locked --workspace --exclude omega-ffi --features omega-backtest/schema --manifest-path rust_core/Cargo.toml

.DEFAULT_GOAL := help
.PHONY: help setup parity test cargo-test selftest lint fmt bench report ci

help: ## list these verbs
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 10
	@echo
	@echo 'Start with make parity. Under make every failure ends with 2; pytest parity keeps the exit code of the suite:'
	@echo '0 pass, 1 the engines differ, 2 nothing was proven (options, files, engines, too little compared), 3 a boundary'
	@echo 'limit exceeded.'

setup: $(VENV)/.installed $(VENV)/.v1 $(VENV)/.v2 $(BIN)/omega-parity ## install pinned packages and build both engines, all into .venv

$(VENV)/.installed: requirements/dev.txt
	@command -v $(PYTHON) >/dev/null || { echo "Python is missing: install CPython 3.11 or newer, or set PYTHON=/path/to/python3"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$$($(PYTHON) --version) is too old: CPython 3.11 or newer is needed (set PYTHON=/path/to/python3)"; exit 2; }
	@echo "installing pinned packages into $(VENV) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

$(VENV)/.v1: $(VENV)/.installed $(V1_SOURCES)
	@command -v cargo >/dev/null || { echo "Rust is missing: install a stable toolchain (cargo and rustc 1.88 or newer) and run this again"; exit 2; }
	@echo "building V1's omega_rust (about two minutes the first time) ..."
	@maturin develop --quiet --release --locked -m $(OMEGA_RUST)/Cargo.toml
	@touch $@

$(VENV)/.v2: $(VENV)/.installed $(V2_SOURCES)
	@command -v cargo >/dev/null || { echo "Rust is missing: install a stable toolchain (cargo and rustc 1.88 or newer) and run this again"; exit 2; }
	@echo "building V2's bt._native (about two minutes the first time) ..."
	@maturin develop --quiet --release --locked
	@touch $@

# After the engines: it needs both.
$(BIN)/omega-parity: $(VENV)/.installed Makefile | $(VENV)/.v1 $(VENV)/.v2
	@printf '%s\n' '#!$(CURDIR)/$(BIN)/python' 'import sys' 'sys.path.insert(0, "$(CURDIR)")' 'from parity.harness.cli.main import main' 'sys.exit(main())' > $@
	@chmod +x $@

parity: setup ## the main job: run both engines on the same cases and report
	pytest parity -q

test: setup cargo-test ## all tests: cargo, tests/ and parity/
	pytest tests parity -q

cargo-test: setup
	$(V2_TESTED)

lint: setup ## check style, types and layers: ruff, mypy, import-linter, rustfmt, clippy, cargo deny (where installed)
	ruff check .
	ruff format --check .
	mypy
	PYTHONPATH=python lint-imports --no-cache
	cargo fmt --manifest-path rust_core/Cargo.toml --all --check
	cargo clippy --locked --manifest-path rust_core/Cargo.toml --workspace --all-targets --features omega-backtest/schema -- -D warnings
	@if command -v cargo-deny >/dev/null; then cargo deny --offline --manifest-path rust_core/Cargo.toml check bans licenses sources; else echo "cargo-deny is not installed: bans, licences and sources were not checked"; fi

fmt: setup ## format Python and Rust
	ruff format .
	ruff check --fix-only .
	cargo fmt --manifest-path rust_core/Cargo.toml --all

$(VENV)/.bench: $(VENV)/.installed requirements/bench.txt
	@echo "installing the benchmarks' peers ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	@touch $@

bench: setup $(VENV)/.bench ## measure V2 against a floor, its peers and V1 (about five minutes)
	@python benchmarks/run.py $(BENCH)

report: ## show the report of the last parity run again
	@cat var/parity-report.txt 2>/dev/null || echo "no report yet: run make parity"

ci: lint test ## what the workflows run: lint and test

# A copy of V2 with all faults of parity/faults.toml: only the selftest of the parity suite puts it on its path.
PLANTED := var/planted
selftest: setup ## plant 62 faults in a copy of V2, one at a time, and fail unless the suite finds each
	@python -m parity.harness.mutation.faults $(PLANTED)
	PYTHONPATH=$(PLANTED)/python:. python -m parity.harness.mutation.selftest --json var/selftest.json
