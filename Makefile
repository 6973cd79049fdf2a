# `make help` lists what can be done here. `make run` needs a Rust toolchain and a C compiler and nothing else.

SHELL := bash
.DEFAULT_GOAL := help

CARGO ?= cargo
# What `make image` and `make container` build with: docker or podman.
ENGINE ?= docker
# Further flags of `serve` for `make run`, as in: make run ARGS='--docker-config lenient'
ARGS ?=

TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))

# `make tools` puts cargo-nextest there where the machine has none.
export PATH := $(TARGET)/tools/bin:$(PATH)

# The SDKs and schemathesis are tried on the program that the Rust tests have built already. A release takes minutes more
# and is built by `make image`, `make torture` and `make bench`. Another program can be named, which is then not built:
# make clients BINARY=target/release/sae-secret
ifneq ($(origin BINARY),command line)
BINARY := $(TARGET)/debug/sae-secret
world clients openapi: debug
bench: BINARY := $(TARGET)/release/sae-secret
bench: build
endif

# What `make bench` is to do, and where it finds the program.
BENCH ?=
BENCHED := target/bench/sae-secret

# The parts of `make test`, in this order. Each can be run on its own.
PARTS := fmt lint compose debug unit world clients openapi

.PHONY: help run build test tools packages $(PARTS) torture bench bench-peers bench-micro deny image container clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

run: ## build, and serve worlds/dev.yaml on http://127.0.0.1:8080 with the data in sae-secret.db
	@export SAE_SECRET_WORLD="$${SAE_SECRET_WORLD-worlds/dev.yaml}" && \
	exec $(CARGO) run --release --locked -- serve $(ARGS)

build: ## build the release binary
	$(CARGO) build --release --locked

# With the tests, so that the program and its libraries are not built a second time: tests ask more of the libraries.
debug: ## build the binary and the Rust tests, not optimised
	$(CARGO) build --locked --bins --tests

# Every part runs, whatever became of the ones before it: one run tells all that is wrong. Settings in the caller's
# environment would make it another server than the tests expect.
test: tools ## install what the tests need (on Debian, as root) and run all of them
	@unset -v RUST_LOG "$${!SAE_SECRET_@}"; \
	trap 'exit 130' INT TERM; \
	passed=0; failed=0; summary=(); \
	for part in $(PARTS); do \
	    printf '\n==== %s\n' "$$part"; \
	    from=$$SECONDS; \
	    if $(MAKE) --no-print-directory "$$part" </dev/null; \
	    then result=passed; passed=$$((passed + 1)); \
	    else result=FAILED; failed=$$((failed + 1)); \
	    fi; \
	    summary+=("$$(printf '%-8s %s after %d s' "$$part" "$$result" $$((SECONDS - from)))"); \
	done; \
	printf '\n==== the parts of make test\n'; \
	printf '%s\n' "$${summary[@]}"; \
	echo "parts: $$passed passed, $$failed failed"; \
	[ "$$failed" -eq 0 ]

fmt: ## check the format of the Rust code
	$(CARGO) fmt --check
	$(CARGO) fmt --check --manifest-path fuzz/Cargo.toml
	$(CARGO) fmt --check --manifest-path tests/clients/rust/Cargo.toml

# Tests ask for more features of some libraries than the program does, so it is checked by itself as well: `make run` builds it so.
lint: ## clippy, where a warning is an error; whether the program builds by itself, and the fuzz targets
	$(CARGO) clippy --all-targets --locked -- -D warnings
	$(CARGO) check --locked
	$(CARGO) check --locked --manifest-path fuzz/Cargo.toml --target-dir '$(TARGET)'

unit: ## the Rust tests, over SQLite and PostgreSQL: units, black box over a socket, the binary under faults
	CARGO='$(CARGO)' tests/postgres/run tests/unit

# The tests that repeat a fault do so ten times as often, and tell what they counted.
torture: tools ## the fault tests with ten times the rounds, then a minute of fuzzing for each target (as root, an hour)
	@unset -v RUST_LOG "$${!SAE_SECRET_@}"; \
	TORTURE=$${TORTURE:-10} $(CARGO) test --release --locked --test process -- --nocapture \
	    backup hostile kills outage rotation scanner sealing
	@TORTURE=$${TORTURE:-10} tests/postgres/run $(CARGO) test --release --locked --test process -- --nocapture \
	    --include-ignored kills postgres rotation
	fuzz/run $${FUZZ_SECONDS:-60}

# What is measured is a copy: cargo builds the program once more for its benchmarks, with what they ask of its libraries.
bench: ## the load generator: BENCH='--help' tells what can be chosen, docs/benchmarks.md what it means
	@install -D $(BINARY) $(BENCHED)
	$(CARGO) bench --locked --bench load -- --binary $(BENCHED) $(BENCH)

bench-peers: ## install what `make bench` measures beside it, into target/bench/peers: etcd, RustyVault, moto, MiniStack
	benches/load/install-peers target/bench/peers

bench-micro: ## what single steps of a request cost: signatures, SecretData in each of its shapes, sealing
	$(CARGO) bench --locked --bench signature --bench secret_data --bench sealing

world: ## check the world file that `make run` starts with
	$(BINARY) check-world worlds/dev.yaml

clients: ## the official SDKs against the server; the README's examples need port 8080 to be free
	tests/clients/run $(BINARY)

openapi: ## schemathesis: the server against openapi.yaml
	tests/openapi/run $(BINARY)

compose: ## the compose files, what the image is made of and the proxy before servers of the test, without an engine
	tests/container/check

# Looks at what is there first, so that a machine that has it all needs neither root nor Debian.
tools: packages ## install what the tests need and the machine has not: Debian packages, cargo-nextest
	@if $(CARGO) nextest --version >/dev/null 2>&1; then exit 0; fi; \
	echo "installing cargo-nextest"; \
	python3 -m venv --clear "$(TARGET)/tools/nextest" && \
	"$(TARGET)/tools/nextest/bin/pip" install --quiet --disable-pip-version-check --no-deps \
	    --requirement tests/requirements-nextest.txt && \
	mkdir -p "$(TARGET)/tools/bin" && \
	ln -sf ../nextest/bin/cargo-nextest "$(TARGET)/tools/bin/cargo-nextest" && \
	$(CARGO) nextest --version

packages:
	@type -P "$(firstword $(CARGO))" >/dev/null || \
	    { echo "make: cargo is missing: install Rust 1.95 or newer, see https://rustup.rs" >&2; exit 1; }; \
	for component in fmt clippy; do \
	    $(CARGO) "$$component" --version >/dev/null 2>&1 || \
	        { echo "make: cargo $$component is missing: rustup component add rustfmt clippy" >&2; exit 1; }; \
	done; \
	missing=(); \
	need() { local packages=$$1; shift; "$$@" >/dev/null 2>&1 || missing+=($$packages); }; \
	need 'gcc libc6-dev' type -P cc; \
	need 'python3 python3-venv' python3 -c 'import ensurepip, venv'; \
	need nodejs type -P node; \
	need npm type -P npm; \
	need default-jdk-headless type -P javac; \
	need maven type -P mvn; \
	need curl type -P curl; \
	need openssl type -P openssl; \
	need ca-certificates test -s /etc/ssl/certs/ca-certificates.crt -o -s /etc/ssl/cert.pem; \
	need procps type -P kill; \
	need util-linux type -P flock setpriv prlimit; \
	need mount type -P mount; \
	need g++ type -P c++; \
	need 'libssl-dev pkg-config' pkg-config --exists openssl; \
	need postgresql find /usr/lib/postgresql/*/bin/postgres; \
	need pgbouncer test -x /usr/sbin/pgbouncer; \
	need haproxy test -x /usr/sbin/haproxy; \
	need python3-yaml /usr/bin/python3 -c 'import yaml'; \
	[ "$${#missing[@]}" -gt 0 ] || exit 0; \
	if ! type -P apt-get >/dev/null || [ "$$(id -u)" -ne 0 ]; then \
	    echo "make: the tests need what these Debian packages hold: $${missing[*]}" >&2; \
	    echo "make: as root: apt-get update && apt-get install $${missing[*]}" >&2; \
	    exit 1; \
	fi; \
	echo "installing $${missing[*]}"; \
	export DEBIAN_FRONTEND=noninteractive; \
	if [[ " $${missing[*]} " == *" postgresql "* ]]; then \
	    mkdir -p /etc/postgresql-common/createcluster.d; \
	    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/sae-secret.conf; \
	fi; \
	apt-get -qq update && apt-get -qq install -y --no-install-recommends "$${missing[@]}" </dev/null >/dev/null

deny: ## cargo-deny: banned crates, licences, sources
	@$(CARGO) deny --version >/dev/null 2>&1 || \
	    { echo "make: cargo-deny is missing: cargo install cargo-deny --locked" >&2; exit 1; }
	$(CARGO) deny --locked check bans licenses sources

# The format that has health checks; podman's own has none. Docker does not read the variable.
image: ## build the container image sae-secret
	BUILDAH_FORMAT=docker $(ENGINE) build --tag sae-secret .

container: image ## try the image by itself (rights, health, restart), then both compose files, whose servers are stopped and killed
	tests/container/run $(ENGINE) sae-secret
	tests/container/compose $(ENGINE) sae-secret

clean: ## remove what was built and what the tests installed; sae-secret.db stays
	$(CARGO) clean
	rm -rf tests/clients/.cache tests/openapi/.cache fuzz/.cache
