# The build tags are set here and nowhere else: goolm is Olm in pure Go, fts5 is SQLite's full-text search.
TAGS := goolm,fts5

GO        ?= go
STACK     := bin/stack
WITH      := sfu,js,dendrite,tmux
PACKAGES  ?= ./...
GOFUMPT   := mvdan.cc/gofumpt@v0.9.2
STATIC    := honnef.co/go/tools/cmd/staticcheck@v0.7.0
BENCHTIME ?= 1s

# SQLite and the audio library are C.
export CGO_ENABLED ?= 1

.PHONY: build run demo test check bench fmt gen stack clean tidy ports

build: ## bin/hubbub
	$(GO) build -tags $(TAGS) -trimpath -o bin/hubbub ./cmd/hubbub

stack: ## bin/stack, which starts local servers
	@$(GO) build -tags $(TAGS) -trimpath -o $(STACK) ./cmd/stack

run: build ## hubbub with your own configuration
	bin/hubbub $(ARGS)

demo: ## hubbub, signed in, in a community on a homeserver of its own
	@echo "building (the first time takes a minute or two)"
	@$(MAKE) --no-print-directory stack
	@$(STACK) seed & seeding=$$!; $(MAKE) --no-print-directory build && wait $$seeding
	@$(STACK) demo -- bin/hubbub

# One stack serves the tests of all packages. -race covers them all: the packages without goroutines cost little more.
test: stack ## all tests, on real servers
	$(STACK) run --with $(WITH) -- $(GO) test -tags $(TAGS) -race -timeout 30m $(ARGS) $(PACKAGES)

check: tidy ## everything that can be said without running a server
	@out="$$($(GO) run $(GOFUMPT) -l .)" || exit 1; \
	  if [ -n "$$out" ]; then echo "not formatted (make fmt does it):"; echo "$$out"; exit 1; fi
	$(GO) vet -tags $(TAGS) ./...
	$(GO) run $(STATIC) -tags $(TAGS) ./...
	$(GO) test -tags $(TAGS) ./cmd/internal/archtest
	@$(MAKE) --no-print-directory ports

tidy:
	$(GO) mod tidy -diff

# Other systems. Linux on arm64 is linked for real with a cross compiler, which is installed when one is root on a Debian
# family system. SQLite is C and there is no compiler for macOS to be had: there, what needs no C is compiled, which holds
# everything that touches the system (terminal, files, processes).
ARM64_CC := aarch64-linux-gnu-gcc
ARM64_DEB := gcc-aarch64-linux-gnu libc6-dev-arm64-cross
PORTABLE := ./config ./store/chat ./ui/... ./cmd/internal/stack ./matrix/internal/convert
ports:
	@if ! command -v $(ARM64_CC) >/dev/null && command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  apt-get install -qq -y $(ARM64_DEB) >/dev/null 2>&1 || { apt-get update -qq && apt-get install -qq -y $(ARM64_DEB) >/dev/null; }; fi
	@if command -v $(ARM64_CC) >/dev/null; then set -x; \
	  CGO_ENABLED=1 CC=$(ARM64_CC) GOOS=linux GOARCH=arm64 $(GO) build -tags $(TAGS) -o /dev/null ./cmd/hubbub; \
	else echo "no $(ARM64_CC), so only what needs no C is compiled for arm64 (apt-get install $(ARM64_DEB))"; \
	  CGO_ENABLED=0 GOOS=linux GOARCH=arm64 $(GO) build -tags $(TAGS) $(PORTABLE); fi
	CGO_ENABLED=0 GOOS=darwin GOARCH=arm64 $(GO) build -tags $(TAGS) $(PORTABLE)

# TOOLS is a folder with measure.py and the source of flood: a script that drives any terminal client in tmux, and a
# synthetic homeserver. With it the program is also measured from outside, as its user sees it.
REPORT  = awk -v machine="$(MACHINE)" -f cmd/hubbub/testdata/bench/report.awk
MACHINE = $(shell sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -1), $(shell nproc) cores, Linux $(shell uname -r), \
	$(shell $(GO) env GOVERSION), on $(shell date -u +%F) with a load of $(shell cut -d' ' -f1 /proc/loadavg) at the end

bench: build stack ## benchmarks, into docs/PERFORMANCE.md; TOOLS=DIR: from outside too
	$(STACK) run -- $(GO) test -tags $(TAGS) -p 1 -run '^$$' -bench . -benchtime $(BENCHTIME) -benchmem $(PACKAGES) > bin/bench.txt || { cat bin/bench.txt; exit 1; }
	@$(REPORT) -v part=bench bin/bench.txt docs/PERFORMANCE.md > bin/PERFORMANCE.md
	@cp bin/PERFORMANCE.md docs/PERFORMANCE.md && grep ^Benchmark bin/bench.txt
ifdef TOOLS
	$(GO) build -C $(TOOLS)/flood -o $(CURDIR)/bin/flood .
	HUBBUB=$(CURDIR)/bin/hubbub python3 $(TOOLS)/measure.py client cmd/hubbub/testdata/bench/hubbub.json \
	  --flood bin/flood --cold 3 --out bin/outside.json
	@python3 $(TOOLS)/measure.py table bin/outside.json > bin/outside.txt
	@$(REPORT) -v part=outside bin/outside.txt docs/PERFORMANCE.md > bin/PERFORMANCE.md
	@cp bin/PERFORMANCE.md docs/PERFORMANCE.md && cat bin/outside.txt
endif

fmt: ## gofumpt on everything
	$(GO) run $(GOFUMPT) -w .

gen: build stack ## generated files; the picture needs chromium and fonts-noto-color-emoji
	$(GO) generate -tags $(TAGS) ./...
	$(GO) test -tags $(TAGS) ./cmd/internal/archtest -run Index -update
	$(STACK) demo -- $(STACK) picture docs/hubbub.png bin/hubbub

clean:
	rm -rf bin
