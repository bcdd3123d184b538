# Two commands on a fresh machine: `make demo` and `make test`. They need a POSIX make,
# Python 3.11 or newer and a package index; everything else is set up here, inside .venv.
# Choose the Python with `make PYTHON=/path/to/python3.12 test`.

BIN = .venv/bin
RUN = .venv/.runtime-ready
DEV = .venv/.dev-ready

demo: $(RUN)
	@$(BIN)/handrail demo

test: $(DEV)
	$(BIN)/pytest $(PYTEST_ARGS)

# All that .ci/run checks besides the tests; each line can be run by itself.
lint: $(DEV)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit -q -c pyproject.toml -r src

# The packs that we ship: linted, and their own cases run.
packs: $(RUN)
	@for pack in support-chat sales-assist ops-agent; do \
	    $(BIN)/handrail pack check $$pack && $(BIN)/handrail pack test $$pack || exit 1; \
	done

# What is known to be unsafe in what we use; asks the index of vulnerabilities.
audit: $(DEV)
	$(BIN)/pip-audit --skip-editable

check: lint packs test

format: $(DEV)
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# What the tests would not notice: every mutant of the core that survives is printed.
mutation: $(DEV)
	HYPOTHESIS_PROFILE=mutation $(BIN)/mutmut run --max-children 1
	$(BIN)/mutmut results

# Simulated worlds, every law checked after every call; docs/guides/simulate.md tells more.
SEEDS = 1000
simulation: $(DEV)
	HANDRAIL_SEEDS=$(SEEDS) $(BIN)/pytest -n 2 tests/testing

simulation-long:
	$(MAKE) simulation SEEDS=20000

bench: $(RUN)
	@scripts/install bench
	$(BIN)/python -m bench

clean:
	rm -rf .venv build dist mutants .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

$(RUN): pyproject.toml uv.lock scripts/install
	@PYTHON="$(PYTHON)" scripts/install
	@touch $(RUN)

$(DEV): pyproject.toml uv.lock scripts/install
	@PYTHON="$(PYTHON)" scripts/install dev
	@touch $(RUN) $(DEV)

.PHONY: audit demo test lint packs check format mutation simulation simulation-long bench clean
