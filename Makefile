# Two commands on a fresh Linux machine with Python 3.11 or newer: `make bench` and `make test`. `make` alone lists all of them.
#
#   PYTHON=python3.12    the interpreter that .venv is made with
#   TORCH_INDEX=URL      PyTorch's CPU index, for a machine without an NVIDIA GPU: spares about 3 GB of CUDA libraries
#   FLAVOUR=cpu|cuda     which constraints file; chosen by the presence of an NVIDIA driver
#   WORKERS=4            so many tests at once, but for those that measure times: they run alone
#   BENCH_ARGS=...       what `make bench` asks tierbench to run

PYTHON ?= python3
TORCH_INDEX ?=
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input
FLAVOUR ?= $(if $(or $(wildcard /proc/driver/nvidia/version),$(shell command -v nvidia-smi)),cuda,cpu)
CONSTRAINTS := constraints/$(FLAVOUR).txt
PINS := pyproject.toml constraints/common.txt $(CONSTRAINTS)
WORKERS ?= 4
BENCH_ARGS ?= vision language --quick -p host -p raspberry-pi-5-4gb -p raspberry-pi-zero-2w -p jetson-orin-nano-8gb

comma := ,
RUNTIME_READY := $(VENV)/.ready-$(FLAVOUR)
DEV_READY := $(VENV)/.ready-dev-$(FLAVOUR)

# The modules with tests that run alone: to collect them all takes longer than some of those tests.
ALONE := $(shell grep -rl "mark\.alone" tests --include="test_*.py")

# Threads that wait for their next part without spinning: beside other tests that takes the time of both. OpenBLAS, which
# knows no such policy, has one; a child has those that it is given.
TOGETHER := OMP_WAIT_POLICY=PASSIVE OPENBLAS_NUM_THREADS=1

# All at once after installing, on every core: pip would do it on one. The many models that nothing here imports are left out.
COMPILE := $(BIN)/python -m compileall -qq -j 0 -x '/tests?/|/transformers/models/' $(VENV)/lib || true

# Compiled files are kept, or each of many short processes would compile the harness anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help bench test check types layers lint format perf truth clean validate-projection

help: ## list these commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

bench: $(RUNTIME_READY) ## measure this machine and three edge boards, write a report, print its path
	@$(BIN)/tierbench run $(BENCH_ARGS)

test: $(DEV_READY) ## run the tests, with branch coverage of the short ones; TESTS=tests/model for a part of them
	@$(TOGETHER) $(BIN)/python -m pytest --cov --cov-report=term -n $(WORKERS) --dist loadscope --no-loadscope-reorder -m "not alone" $(TESTS) || [ $$? -eq 5 ]
	@$(BIN)/python -m pytest -m alone $(or $(TESTS),$(ALONE)) || [ $$? -eq 5 ]

check: types layers lint ## lint, format, types and layers

types: $(DEV_READY)
	$(BIN)/mypy

layers: $(DEV_READY)
	$(BIN)/lint-imports

lint: $(DEV_READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

format: $(DEV_READY) ## put the code into the project's format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

perf: $(DEV_READY) ## measure tierbench itself: what the harness costs and how well it agrees with others
	@$(BIN)/python -m tests.perf

truth: $(DEV_READY) ## programs of known peak, duration and energy: what tierbench claims of them, against the truth
	@$(BIN)/python -m tests.truth

validate-projection: $(DEV_READY) ## how far projected times are off, written to docs/projection-accuracy.md
	@$(BIN)/python -m tests.projection $(if $(PUBLISHED),--published $(PUBLISHED))

clean: ## remove .venv, caches and build output; runs are kept
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .benchmarks .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# $(1): what of tierbench to install, its extras in brackets
define INSTALL
	@PYTHON="$(PYTHON)" sh constraints/make-venv.sh $(VENV) $(FLAVOUR)
	@echo "make: installing pinned dependencies ($(FLAVOUR)); the first time takes minutes"
	@$(PIP) install --no-compile -c $(CONSTRAINTS) $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) torch hatchling editables
	@$(PIP) install -q --no-compile -c $(CONSTRAINTS) --no-build-isolation --editable '$(1)'
	@$(COMPILE)
endef

$(RUNTIME_READY): $(PINS)
	$(call INSTALL,.)
	@touch $@

$(DEV_READY): $(PINS)
	$(call INSTALL,.[dev$(comma)ncnn$(comma)onnxruntime$(comma)openvino$(comma)trained])
	@touch $(RUNTIME_READY) $@
