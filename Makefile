# The short commands. Meson does the work; every target can be run again at any time.
#
#   make run       build, then play the built-in scene: annotated video, evidence, events in out/
#   make test      build, then run every test
#   make install   into PREFIX (/usr/local), below DESTDIR
#   make check     the checks of the tree: arrows, exports, headers, format,
#                  style, documents
#   make asan      the tests with address and undefined behaviour sanitizers
#   make tsan      the threaded tests with the thread sanitizer
#   make soak      cameras with faults for MINUTES (10), and coming and going
#                  (20 minutes more): nothing may grow
#   make fuzz      every fuzz target for FUZZ_SECONDS (60)
#   make tidy      clang-tidy over the tree
#   make format    clang-format over the tree
#   make docs      docs/configuration.md from the option tables
#   make clean     removes what was built

BUILD ?= build
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
MINUTES ?= 10
# Arguments of the test runner: make test TESTS="base/options cli/args"
TESTS ?=

export FUZZ_SECONDS

run: build
	$(BUILD)/gantry demo -o out

build: setup
	@tools/build $(BUILD)

setup:
	@tools/setup

setup-checks:
	@tools/setup --checks

test: build
	meson test -C $(BUILD) --no-rebuild --print-errorlogs $(TESTS)

install: build
	meson configure $(BUILD) -Dprefix=$(PREFIX)
	meson install -C $(BUILD) --quiet $(if $(DESTDIR),--destdir $(DESTDIR))
	$(if $(DESTDIR),,ldconfig)

check: build setup-checks
	tools/check-all $(BUILD)

asan: setup-checks
	@tools/build build-asan -Db_sanitize=address,undefined -Db_lundef=false
	UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
	LSAN_OPTIONS=suppressions=$(CURDIR)/tests/lsan.supp:print_suppressions=0 \
	meson test -C build-asan --no-rebuild --print-errorlogs --timeout-multiplier 4 $(TESTS)

tsan: setup-checks
	@tools/build build-tsan -Db_sanitize=thread -Db_lundef=false
	meson test -C build-tsan --no-rebuild --print-errorlogs --suite threads --timeout-multiplier 4 $(TESTS)

soak: build
	tools/soak $(BUILD) $(MINUTES)

fuzz: setup-checks
	@CC=clang tools/build build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
	tools/fuzz build-fuzz

tidy: build setup-checks
	tools/tidy $(BUILD)

format: setup-checks
	git ls-files '*.c' '*.h' | xargs clang-format -i

docs: build
	tools/check-docs --write $(BUILD)

clean:
	rm -rf build build-asan build-tsan build-fuzz build-clang out

.PHONY: run build setup setup-checks test install check asan tsan soak fuzz tidy format docs clean
.DEFAULT_GOAL := run
