# The short names for daily work. Each goal installs what it needs first (tools/setup) and can be run again at will.
.PHONY: help setup build demo docs test walk bench packages image release reproduce try-packages lint format fuzz clean
help:
	@echo "make build    the program, optimised: build/release/regesta"
	@echo "make demo     a loan model from training to production through a gate, with the real mlflow client"
	@echo "make docs     the documentation as a website: build/docs/site (the program serves it below /docs)"
	@echo "make test     every test; closes with 'N passed, N failed'"
	@echo "make walk     a million random steps against the gate (STEPS=1000000 SEED=…)"
	@echo "make bench    measurements, side by side with peers"
	@echo "make packages the wheel, the Debian package and the npm package: dist/"
	@echo "make image    the container image: dist/regesta_VERSION_ARCH.oci.tar (as root)"
	@echo "make release  the files of a release with their SHA256SUMS: dist/"
	@echo "make reproduce builds the release twice from clones, and compares the files (half an hour)"
	@echo "make try-packages installs the wheel into a new environment and plays the demo there"
	@echo "make lint     layering, style, layout, links, shellcheck, ruff, clippy, prose, clang-tidy"
	@echo "make format   formats the C++ sources in place"
	@echo "make fuzz     a short run of every fuzzer (SECONDS_EACH=30)"
	@echo "make clean    removes what was built"

setup:
	@tools/setup
build:
	@tools/setup build
	@tools/build release regesta
# The optimised program if it has been built, else one that compiles in half the time. The Python packages are installed meanwhile.
DEMO_PRESET := $(if $(wildcard build/release/regesta),release,quick)
demo:
	@tools/setup build
	@tools/setup demo >build/setup-demo.log 2>&1 & \
	tools/build $(DEMO_PRESET) regesta && { wait $$! || { cat build/setup-demo.log >&2; exit 1; }; } && \
	REGESTA_BINARY=$(CURDIR)/build/$(DEMO_PRESET)/regesta tools/demo
docs: setup
	@PYTHON=$(CURDIR)/.venv/bin/python tools/docs/build build/docs
	@echo "docs: build/docs/site/index.html"
test: setup
	@tools/test
walk: setup build
	@REGESTA_BINARY=build/release/regesta .venv/bin/python tests/security/walk.py --steps $(or $(STEPS),1000000) $(if $(SEED),--seed $(SEED))
bench: setup build
	@tools/bench
image:
	@tools/setup image
	@tools/build release regesta
	@packaging/oci
packages:
	@tools/setup package
	@tools/build release regesta
	@packaging/wheel
	@packaging/deb
	@packaging/npm
release:
	@tools/setup package
	@tools/build release regesta regesta_prompts
	@packaging/release
reproduce:
	@tools/reproduce
try-packages: packages
	@python3 -m venv --clear build/try-packages
	@build/try-packages/bin/pip install --quiet --disable-pip-version-check "$$(ls dist/regesta-*.whl)[demo]"
	@cd build/try-packages && bin/regesta demo --stop
lint:
	@tools/setup lint
	@tools/lint
format: setup
	@tools/format
fuzz: setup
	@tools/fuzz
clean:
	rm -rf build
