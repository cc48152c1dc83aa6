# What a person types. Everything installs itself into .venv; nothing is set up by hand.
#
#   make run     the base install (no torch), then the sample portrait and the sample clip into out/
#   make test    everything the tests need, then the everyday tests

PYTHON ?=
VENV   := .venv
BIN    := $(VENV)/bin
# Exact, so that pip takes the build it has and never resolves to another one. To choose where a CPU-only build comes from,
# give pip's options along: make test TORCH="torch==2.13.0 --index-url …"
TORCH  ?= torch==2.13.0
# Files of tests are shared out among the cores, but for those that fork processes of their own: in a worker of pytest-xdist one of them
# once died of a segmentation fault, after which the run hung.
ALONE  := tests/training tests/tasks tests/datasets
SHARED := -n auto --maxprocesses 4 --dist loadfile $(ALONE:%=--ignore %)

# A checkout that was moved has a .venv that points to the old place: forget that it was ready.
$(shell [ "$$(cat $(VENV)/.ready-run 2>/dev/null)" = "$(CURDIR)" ] || rm -f $(VENV)/.ready-run $(VENV)/.ready-test)

.PHONY: help run test test-all test-exports test-wheel lint format bench bench-live results weights clean distclean
.DEFAULT_GOAL := help

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.ready-run  ## blur, replace and cut out the sample portrait and clip; results in out/
	@$(BIN)/python -m limner.demo --out out

test: $(VENV)/.ready-test  ## the everyday tests
	@$(BIN)/python -m pytest -m "not slow" $(SHARED)
	@$(BIN)/python -m pytest -m "not slow" $(ALONE)

test-all: $(VENV)/.ready-test  ## all tests, the slow ones too
	@$(BIN)/python -m pytest $(SHARED)
	@$(BIN)/python -m pytest $(ALONE)

test-exports: $(VENV)/.ready-test  ## slow tests: heavy converters, models in a browser (about 6 GB), making the weights again, small
	@sh tools/install_browser.sh
	@$(BIN)/python -m pytest tests/export tests/test_make_weights.py -m slow

test-wheel: $(VENV)/.ready-test  ## the built wheel, installed into a fresh environment: photos, video and training without the checkout
	@$(BIN)/python -m pytest tests/test_wheel.py

lint: $(VENV)/.ready-test  ## style, formatting and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: $(VENV)/.ready-test  ## put the code into shape
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(VENV)/.ready-test  ## the table of numbers; DATA=<folder> adds accuracy
	@$(BIN)/python benchmarks/run.py $(if $(DATA),--data $(DATA)) $(ARGS)

bench-live: $(VENV)/.ready-test  ## camera to window beside MediaPipe; needs xvfb; PEER=<python that has mediapipe 0.10>
	@$(BIN)/python -m benchmarks.live $(if $(PEER),--python "$(PEER)") $(ARGS)

results: $(VENV)/.ready-test  ## docs/results.md: every net beside MediaPipe; DATA=<folder>, RUNS=<folder of trained nets>
	@test -n "$(DATA)" || { echo "make results needs DATA=<folder with manifest.csv>"; exit 2; }
	@$(BIN)/python benchmarks/results.py --data "$(DATA)" $(if $(RUNS),--runs $(RUNS)) $(ARGS)

weights: $(VENV)/.ready-test  ## retrain the shipped nets from public weights; DATA=<folder>, OUT=<folder>; resumes where it stopped
	@test -n "$(DATA)" || { echo "make weights needs DATA=<folder with manifest.csv>"; exit 2; }
	@$(BIN)/python tools/make_weights.py --data "$(DATA)" $(if $(OUT),--out "$(OUT)") $(ARGS)

clean:  ## remove what was made: results, caches, builds (keeps .venv)
	rm -rf out build dist .pytest_cache .mypy_cache .ruff_cache
	find src tests benchmarks tools -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

distclean: clean  ## clean, and the environment too
	rm -rf $(VENV)

$(VENV)/.ready-run: pyproject.toml tools/make_venv.sh
	@PYTHON="$(PYTHON)" sh tools/make_venv.sh $(VENV)
	@echo "Installing limner into $(VENV) (once; about half a minute) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@echo "$(CURDIR)" > $@

$(VENV)/.ready-test: pyproject.toml tools/make_venv.sh
	@PYTHON="$(PYTHON)" sh tools/make_venv.sh $(VENV)
	@echo "Installing limner and what its tests need into $(VENV) (once; a few minutes) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check $(TORCH)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@echo "$(CURDIR)" | tee $(VENV)/.ready-run > $@
