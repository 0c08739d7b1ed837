# Everything a developer does. `make` alone lists it. What a target needs and the machine lacks is installed first (root or
# sudo; Debian, Ubuntu, macOS for PostgreSQL), which does nothing and says nothing where it is there already.

GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# What `make run` runs: another command or flags, as in `make run ARGS=serve`.
ARGS    ?= demo
# How long the long ones run: `make fuzz TIME=10m`, `make soak TIME=1h`.
TIME    ?= 1m
PKG     ?= ./...

LDFLAGS  = -s -w -X main.version=$(VERSION)
BUILD    = CGO_ENABLED=0 $(GO) build -trimpath -ldflags "$(LDFLAGS)"
# Tools are pinned in a module of their own, so that their dependencies stay out of ours. Without cgo sqlc needs no C
# compiler, and its C part need not be built.
TOOL     = CGO_ENABLED=0 $(GO) tool -modfile=internal/tools/go.mod
SOURCES  = cmd internal migrations web
# What runs at the same time as something else, and is tested under the race detector as well. Not the built-in model: its
# arithmetic is slow there.
RACE_PKG = $(wildcard internal/app internal/auth internal/e2e internal/idempotency internal/metrics internal/embedding/backlog internal/outbound internal/pgserver internal/postgres \
	internal/schedule internal/search internal/server internal/spacesync internal/confluence internal/index)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

##@ Use

.PHONY: run
run: install-postgres build ## build and run the demo; ARGS=serve for the real thing
	bin/sluice $(ARGS)

.PHONY: build
build: ## build bin/sluice
	@[ -e bin/sluice ] || echo "building bin/sluice; the first time takes some minutes"
	@$(BUILD) -o bin/sluice ./cmd/sluice

##@ Check

.PHONY: test
test: install-postgres install-browser ## run all tests; PKG=./internal/search/... for some
	$(GO) test -timeout 20m $(PKG)

.PHONY: test-race
test-race: install-postgres install-browser install-gcc ## run the tests of what is concurrent under the race detector
	CGO_ENABLED=1 $(GO) test -race -timeout 30m $(addprefix ./,$(addsuffix /...,$(RACE_PKG)))

# Without the browsers and whole programs, which the race detector makes slow: what fits into every run of CI.
.PHONY: race
race: install-postgres install-gcc
	CGO_ENABLED=1 $(GO) test -race -timeout 20m $(addprefix ./internal/,app auth idempotency metrics outbound confluence/... schedule/... \
		search/... index spacesync embedding/backlog postgres/... server server/api server/input server/mcp server/session)

.PHONY: ci
ci: vet verify lint test race ## what continuous integration runs

.PHONY: vet
vet:
	$(GO) vet ./...

.PHONY: verify
verify: ## fail if generated files are not up to date
	@.ci/verify.sh $(MAKE) --no-print-directory generate
	@$(GO) mod verify >/dev/null

.PHONY: lint
lint: ## lint the Go code, check its format
	$(TOOL) golangci-lint run --timeout 20m

.PHONY: cover
cover: install-postgres install-browser ## test coverage as cover.html
	$(GO) test -timeout 30m -coverprofile=cover.out -coverpkg=./... ./...
	$(GO) tool cover -html=cover.out -o cover.html
	@$(GO) tool cover -func=cover.out | tail -n 1

##@ Change

.PHONY: generate
generate: generate-templ generate-sql generate-css generate-docs ## write all generated files: templ, sqlc, CSS, settings

.PHONY: generate-templ
generate-templ:
	$(TOOL) templ generate -log-level error -path web/views

.PHONY: generate-sql
generate-sql:
	$(TOOL) sqlc generate

.PHONY: generate-css
generate-css: install-node
	cd web && npm ci --silent --no-audit --no-fund && npm run --silent build

.PHONY: generate-docs
generate-docs:
	$(GO) test -count=1 -run '^TestDocument$$' ./internal/config -update

.PHONY: fmt
fmt: ## format Go and templ
	$(TOOL) gofumpt -extra -w $(wildcard $(SOURCES))
	$(TOOL) templ fmt web/views

##@ Measure

.PHONY: bench
bench: install-postgres ## benchmarks; PKG=./internal/convert for one package
	$(GO) test -run '^$$' -bench . -benchmem -timeout 60m $(PKG)

.PHONY: eval
eval: install-postgres ## relevance of search: the judged set, against the baselines; UPDATE=1 writes the golden ranks
	$(GO) test -count=1 -timeout 30m -v -run '^TestRelevance$$' ./internal/eval $(if $(UPDATE),-update)

.PHONY: bench-search
bench-search: install-postgres ## latency of search over a generated wiki, beside the baselines; ARGS="-chunks 1000000" for more
	$(GO) run ./internal/eval/benchsearch $(ARGS)

.PHONY: bench-load
bench-load: install-postgres build ## load test with 10,000 pages; ARGS="-pages 1000" for less
	$(GO) run ./internal/loadtest/load $(filter-out demo,$(ARGS))

.PHONY: soak
soak: install-postgres build ## chaos for TIME (1m): edits, syncs, searches, kills
	$(GO) run ./internal/loadtest/soak -time $(TIME)

# Each fuzz function for TIME, one after the other: go can fuzz only one at a time.
.PHONY: fuzz
fuzz: ## fuzz every fuzz function for TIME (1m)
	@grep -rlE '^func Fuzz' --include='*_test.go' internal | while read -r file; do \
		for name in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\).*/\1/p' "$$file"); do \
			echo "fuzz $$(dirname "$$file") $$name"; \
			$(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(TIME) "./$$(dirname "$$file")" || exit 1; \
		done; \
	done

##@ Release

.PHONY: dist
dist: ## release archives for Linux and macOS in dist/
	@docs/deploy/dist.sh dist "$(VERSION)"

.PHONY: dist-check
dist-check: ## prove that the release is reproducible, by building it twice
	@docs/deploy/dist-check.sh "$(VERSION)"

.PHONY: dist-bundle
dist-bundle: pg-bundle ## release archive for this platform with PostgreSQL inside
	@docs/deploy/dist.sh dist "$(VERSION)" bundle

.PHONY: test-bundle
test-bundle: pg-bundle ## run the program with PostgreSQL inside in a root folder that holds glibc and sh; needs root
	CGO_ENABLED=0 $(GO) test -count=1 -timeout 10m -tags pgbundle ./internal/pgbundle

.PHONY: pg-bundle
pg-bundle:
	@internal/pgbundle/build.sh

.PHONY: clean
clean: ## remove what is built; keeps data/
	rm -rf bin dist cover.out cover.html web/node_modules internal/pgbundle/bundle

.PHONY: help
help:
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# What must be on the machine.

.PHONY: install-postgres
install-postgres:
ifeq ($(SLUICE_DATABASE_URL)$(SLUICE_TEST_DATABASE_URL)$(SLUICE_PG_BINDIR),)
	@sh internal/pgserver/install.sh
endif

.PHONY: install-browser install-node install-gcc
install-browser install-node install-gcc: install-%:
	@.ci/install.sh $*
