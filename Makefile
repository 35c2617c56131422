# The short names for daily work. Each goal installs what it needs first (tools/setup) and can be run again at will.
.PHONY: help setup build demo test bench lint format fuzz clean
help:
	@echo "make build    the program, optimised: build/release/regesta"
	@echo "make demo     a loan model from training to production through a gate, with the real mlflow client"
	@echo "make test     every test; closes with 'N passed, N failed'"
	@echo "make bench    measurements, side by side with peers"
	@echo "make lint     formatting, clang-tidy, arrows between rooms, style"
	@echo "make format   formats the C++ sources in place"
	@echo "make fuzz     a short run of every fuzzer (SECONDS_EACH=30)"
	@echo "make clean    removes what was built"

setup:
	@tools/setup
build: setup
	@tools/build release regesta
demo: build
	@tools/demo
test: setup
	@tools/test
bench: build
	@tools/bench
lint: setup
	@tools/lint
format: setup
	@tools/format
fuzz: setup
	@tools/fuzz
clean:
	rm -rf build
