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
ALONE  := tests/training tests/tasks $(wildcard tests/datasets/test_*.py)
# Two processes more than there are cores, since many tests wait for servers and browsers; four at most.
CORES := $(shell getconf _NPROCESSORS_ONLN)
WORKERS := $(shell echo $$(( $(CORES) + 2 )))
SHARED := -n $(WORKERS) --maxprocesses 4 --dist loadfile $(ALONE:%=--ignore %)
# Options of pytest for all of that. RERUNS=2: a test that fails is run twice more, and listed, as in CI: browsers and servers on a busy machine.
PYTEST  = $(BIN)/python -m pytest $(if $(RERUNS),--reruns $(RERUNS) --reruns-delay 3 -rfER)
# Slow tests load the machine themselves: as many processes as there are cores. The one that trains, and so forks, runs alone.
TRAINS := tests/tools/test_make_weights.py
# Slow tests that have a target of their own.
APART  := tests/export tests/test_wheel.py tests/tools/test_make_web_models.py

# A checkout that was moved has a .venv that points to the old place: forget that it was ready.
$(shell [ "$$(cat $(VENV)/.ready-run 2>/dev/null)" = "$(CURDIR)" ] || rm -f $(VENV)/.ready-run $(VENV)/.ready-test)

.PHONY: help run web wheel test test-all test-slow test-exports test-wheel lint format bench bench-live bench-serve bench-browser bench-models results weights web-models fuzz mutation clean distclean
.DEFAULT_GOAL := help

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.ready-run  ## blur, replace and cut out the sample portrait and clip; results in out/
	@$(BIN)/python -m limner.demo --out out

web:  ## build the page of `limner web`; needs Node 20.19, 22.12 or newer
	@sh tools/build_web.sh

wheel: web $(VENV)/.ready-test  ## wheel and sdist, with the page, into dist/
	@$(BIN)/python -m hatchling build

test: $(VENV)/.ready-test  ## the everyday tests
	@sh tools/install_browser.sh || echo "limner: tests in a browser are skipped" >&2
	@$(PYTEST) -m "not slow" $(SHARED)
	@$(PYTEST) -m "not slow" $(ALONE)

test-all: $(VENV)/.ready-test  ## all tests, the slow ones too
	@$(PYTEST) $(SHARED)
	@$(PYTEST) $(ALONE)

test-slow: $(VENV)/.ready-test  ## slow tests, all but those of the next two: nets as ONNX, compiling, benchmarks, long runs, a small training
	@sh tools/install_browser.sh --all || echo "limner: tests in the browsers that are missing are skipped" >&2
	@sh tools/install_servers.sh || echo "limner: tests of streams with servers that are missing are skipped" >&2
	@$(PYTEST) -m slow -n $(CORES) --maxprocesses 4 --dist loadfile $(APART:%=--ignore %) $(TRAINS:%=--ignore %)
	@$(PYTEST) -m slow $(TRAINS)

test-exports: $(VENV)/.ready-test  ## slow tests of exports: heavy converters, models in a browser (about 6 GB)
	@sh tools/install_browser.sh
	@$(PYTEST) -m slow tests/export tests/tools/test_make_web_models.py

test-wheel: web $(VENV)/.ready-test  ## the built wheel, installed into a fresh environment: photos, video and training without the checkout
	@$(PYTEST) -m slow tests/test_wheel.py

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

bench-serve: $(VENV)/.ready-test  ## `limner serve` under load beside a bare loop, LitServe and Ray Serve
	@command -v wrk >/dev/null 2>&1 || sh tools/install_packages.sh wrk
	@$(BIN)/python -m benchmarks.serve $(ARGS)

bench-browser: $(VENV)/.ready-test  ## the browser library beside others, in Chromium; needs Node 20.19, 22.12 or newer
	@$(BIN)/python benchmarks/browser_peers.py $(ARGS)

bench-models: $(VENV)/.ready-test  ## models for the page's measurements, at many sizes and precisions; DATA=<folder> adds int8
	@$(BIN)/python benchmarks/browser_models.py $(if $(DATA),--data "$(DATA)") $(if $(OUT),--out "$(OUT)") $(ARGS)

results: $(VENV)/.ready-test  ## docs/results.md: every net beside MediaPipe; DATA=<folder>, RUNS=<folder of trained nets>
	@test -n "$(DATA)" || { echo "make results needs DATA=<folder with manifest.csv>"; exit 2; }
	@$(BIN)/python benchmarks/results.py --data "$(DATA)" $(if $(RUNS),--runs $(RUNS)) $(ARGS)

weights: $(VENV)/.ready-test  ## retrain the shipped nets from public weights; DATA=<folder>, OUT=<folder>; resumes where it stopped
	@test -n "$(DATA)" || { echo "make weights needs DATA=<folder with manifest.csv>"; exit 2; }
	@$(BIN)/python tools/make_weights.py --data "$(DATA)" $(if $(OUT),--out "$(OUT)") $(ARGS)

web-models: $(VENV)/.ready-test  ## the browser's LiteRT and TensorFlow.js models, out of the nets that ship (5 GB of tools); DATA=<folder> compares on photos
	@$(BIN)/python tools/make_web_models.py $(if $(DATA),--data "$(DATA)") $(ARGS)
	@$(BIN)/python tools/make_web_sizes.py

fuzz: $(VENV)/.ready-test  ## parsers of photos, metadata, cards and .onnx files against bytes that nobody thought of; ARGS="--seconds 600"
	@$(BIN)/python tools/fuzz.py $(ARGS)

mutation: $(VENV)/.ready-test  ## small faults put into the code, and which of them no test notices; hours; ARGS="segment/edge --most 40"
	@$(BIN)/python tools/mutation.py $(ARGS)

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
