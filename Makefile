# One word for each habit. Each sets up all it needs by itself; `make help` lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help
# Tests wait for brokers as long as they compute: twice the two cores of a small machine.
WORKERS ?= 4
PYTHON_FILES := services shared deploy tests

.PHONY: help demo up down status test test-real faults campaigns lint format bench rolls evening vault clusters requirements local dev corpus

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' Makefile

demo: local ## A national round of 10,002 centers, and the proof that nothing was lost (ARGS="--exit --centers 100")
	@.venv/bin/saraban demo $(ARGS)

up: local ## The whole system on this machine (ARGS="--detach --stack real")
	@.venv/bin/saraban up $(ARGS)

down: local ## Stops it; the data stays
	@.venv/bin/saraban down $(ARGS)

status: local ## How each part is
	@.venv/bin/saraban status $(ARGS)

test: dev ## Every test, on real servers out of wheels (ARGS="tests/unit -k thai")
	@.venv/bin/pytest -n $(WORKERS) --dist loadscope $(ARGS)

test-real: dev ## Integration, fault and end-to-end tests on Apache Kafka and MinIO (needs Java, Maven, Go)
	@.venv/bin/python -m deploy.local.servers.fetch
	@SARABAN_TEST_STACK=real .venv/bin/pytest -n 2 --dist loadscope tests/integration tests/faults tests/e2e $(ARGS)

faults: dev ## kill -9 at every write, publish and pull; poison; servers killed under load
	@.venv/bin/pytest tests/faults -m "campaign or not campaign" -v $(ARGS)

campaigns: dev ## The tests that are too long for `make test`, wherever they stand (ARGS="tests/unit")
	@.venv/bin/pytest -n 2 --dist loadscope -m campaign -v $(or $(ARGS),tests)

lint: dev ## Format, rules, types, walls
	@.venv/bin/ruff format --check $(PYTHON_FILES)
	@.venv/bin/ruff check $(PYTHON_FILES)
	@.venv/bin/mypy
	@.venv/bin/lint-imports

format: dev ## Puts the code into shape
	@.venv/bin/ruff format $(PYTHON_FILES)
	@.venv/bin/ruff check --fix $(PYTHON_FILES)

bench: dev ## Our code against raw loops, as ratios in one run (ARGS="reading --requests 100")
	@.venv/bin/python -m tests.bench $(ARGS)

rolls: dev ## What a roll costs: seconds and memory, against their targets (ARGS="1000 10002")
	@.venv/bin/python -m tests.bench.rolls $(ARGS)

clusters: dev ## Clusters of a national roll beside other methods and the bound (ARGS="--check", ARGS="--replan")
	@deploy/set-up bench
	@.venv/bin/python -m tests.bench.clusters $(ARGS)

corpus: dev ## The inspection over folders of PDFs, one a source, which you bring (ARGS="DIR --list --repaired"; docs/files.md)
	@.venv/bin/python -m tests.bench.corpus $(ARGS)

evening: dev ## 10,002 reports in ten minutes while servers die (ARGS="--centers 300 --minutes 1")
	@.venv/bin/python -m tests.bench.evening $(ARGS)

vault: dev ## 100,000 claimants, whether time tells, the trail's verifier, 18,000 seals; fails below what is promised
	@.venv/bin/python -m tests.bench.vault $(ARGS)

requirements: dev ## Pins requirements/*.in with hashes into *.txt (ARGS="--upgrade")
	@requirements/compile $(ARGS)

local dev:
	@deploy/set-up $@
