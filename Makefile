# The front door: Meson does the work, and each target first installs what it needs and is missing.
#
#   make demo      a vendor, a license server and products on this machine (ONCE=1: check every step, then stop)
#   make test      all tests but the long ones, on the build that is shipped
#   make check     all that CI does: every test, the linters, unit, scenario, sim and fuzz tests again under sanitizers
#   make bench     speed, beside other programs in the same run
#   make asan      the same three under gcc's address and undefined-behaviour sanitizers
#   make lint      the linters alone          make format   lets clang-format rewrite the sources
#   make report    sizes of functions and files, beside those of other projects
#   make fuzz      each fuzz target for SECONDS=60 with clang
#   make sim       the simulator of the seat core for SECONDS=60, and every planted bug
#   make install   DESTDIR= is heeded         make clean    removes the build directories

SECONDS = 60

setup_build = CC=gcc meson setup build
# gcc needs a third less time where it optimises less; clang does not.
setup_build-asan = CC=gcc meson setup build-asan -Db_sanitize=address,undefined -Doptimization=1
setup_build-clang = CC=clang meson setup build-clang -Db_sanitize=address,undefined -Db_lundef=false
setup_build-fuzz = CC=clang meson setup build-fuzz -Db_sanitize=address,undefined -Db_lundef=false -Dfuzz=true

compile = { test -e $(1)/build.ninja || $(setup_$(1)); } && ninja --quiet -C $(1)
# Never fails: tools/test-summary gives the exit code. The old log goes first, so that it cannot count a run that
# did not take place.
# Three tests at once on two cores: many wait for a disk or a clock.
run_tests = rm -f $(1)/meson-logs/testlog.*; { $(call compile,$(1)) && \
	meson test -C $(1) --no-rebuild --num-processes 3 --print-errorlogs $(2); } || true
# Only what these suites need is compiled. Sanitizers make the programs three to four times slower.
run_sanitized = rm -f $(1)/meson-logs/testlog.*; { { test -e $(1)/build.ninja || $(setup_$(1)); } && \
	meson test -C $(1) --num-processes 3 --print-errorlogs --suite unit --suite scenario --suite sim --suite fuzz \
		--timeout-multiplier 4; } || true

.PHONY: all demo test check bench asan lint format report fuzz sim install clean

all:
	@tools/install-deps build
	@$(call compile,build)

demo:
	@tools/install-deps build demo
	@$(call compile,build)
	@tools/demo

test:
	@tools/install-deps build demo test
	@$(call run_tests,build,--no-suite lint --no-suite long)
	@tools/test-summary build

check:
	@tools/install-deps build demo test check
	@$(call run_tests,build)
	@$(call run_sanitized,build-asan)
	@$(call run_sanitized,build-clang)
	@tools/test-summary build build-asan build-clang

bench:
	@tools/install-deps build bench
	@$(call compile,build)
	@bench/run

asan:
	@tools/install-deps build demo test
	@$(call run_sanitized,build-asan)
	@tools/test-summary build-asan

lint:
	@tools/install-deps build test check
	@$(call run_tests,build,--suite lint --suite tools)
	@tools/test-summary build

format:
	@tools/install-deps check
	@git ls-files '*.c' '*.h' | xargs clang-format -i

sim:
	@tools/install-deps build
	@$(call compile,build)
	@build/tests/sim/sim --seconds $(SECONDS)
	@build/tests/sim/sim --all-bugs

fuzz:
	@tools/install-deps build check
	@$(call compile,build-fuzz)
	@tools/fuzz build-fuzz $(SECONDS)

report:
	@tools/install-deps check
	@tools/report

install:
	@tools/install-deps build
	@$(call compile,build)
	@meson install -C build --no-rebuild

clean:
	rm -rf build build-asan build-clang build-fuzz
