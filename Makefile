# `make demo` and `make test` do all their own set-up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
unexport PYTHONDONTWRITEBYTECODE # thousands of processes start here, and each would compile everything anew

.PHONY: help demo test slow faults full-faults prove fleet fleet-quick lint types bench clean

help: ## Show what can be made.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(BIN)/flumec: pyproject.toml
	@echo "setting up $(VENV) (once)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --upgrade pip setuptools
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --editable '.[dev]'
	@touch $@

demo: $(BIN)/flumec ## Three agents carry a web server's log through kills; lost 0, duplicated 0.
	@$(BIN)/python examples/weblogs/demo.py

test: $(BIN)/flumec ## The fast tests.
	@$(BIN)/python -m compileall -q compiler grammar runtime # once, not in each worker
	@$(BIN)/python -m pytest -q --workers 3 --durations 10 --durations-min 3 -m 'not slow'

slow: $(BIN)/flumec ## The slow tests: kills, real logs, fuzzing; FLUMEC_THOROUGH=0.25 does a part.
	@$(BIN)/python -m pytest -q --workers 3 --hypothesis-profile whole -m 'hypothesis and not slow'
	@$(BIN)/python -m pytest -q -n 3 --dist loadgroup --durations 15 --durations-min 10 --hypothesis-profile whole -m slow

faults: $(BIN)/flumec ## Kill agents at 124 steps of their work, 400 times; lost 0, duplicated 0.
	@PYTHONPATH=tests $(BIN)/python -m faults $(FAULTS)

full-faults: $(BIN)/flumec ## The same until each step was one that a process died at.
	@PYTHONPATH=tests $(BIN)/python -m faults --full $(FAULTS)

prove: $(BIN)/flumec ## Hold what is claimed of 4,000 random fleets against what happens to them.
	@PYTHONPATH=tests $(BIN)/python -m prove $(PROVE)

fleet: $(BIN)/flumec ## Five real hosts under load, all that may happen to them; needs root and Debian.
	@PYTHONPATH=tests $(BIN)/python -m fleet $(FLEET)

fleet-quick: $(BIN)/flumec ## The same with each kind of fault once, in three minutes.
	@PYTHONPATH=tests $(BIN)/python -m fleet --quick $(FLEET)

lint: $(BIN)/flumec ## ruff.
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(BIN)/flumec ## mypy --strict.
	@mkdir -p build/typing && ln -sfn ../.. build/typing/flumec
	@$(BIN)/mypy -p flumec.compiler -p flumec.runtime -p flumec.grammar
	@MYPYPATH=bench:tests $(BIN)/mypy --follow-imports=silent bench/*.py

bench: $(BIN)/flumec ## What is fast, measured.
	@$(BIN)/python bench/machine.py
	@$(BIN)/python bench/latency.py
	@$(BIN)/python bench/chain.py
	@$(BIN)/python bench/link.py
	@$(BIN)/python bench/sources.py
	@$(BIN)/python bench/start.py 1
	@$(BIN)/python bench/spill.py
	@$(BIN)/python bench/dedup.py
	@$(BIN)/python bench/hdfs_sink.py
	@$(BIN)/python bench/failover.py
	@$(BIN)/python bench/fleets.py

clean: ## Remove what was built.
	rm -rf $(VENV) build dist .state
