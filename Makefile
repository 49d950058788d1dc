# Two commands for people: `make demo` and `make test`. Both install what is missing and build first.

SWIFT ?= swift
# C dependencies (BoringSSL, SQLite's neighbours) are optimised in debug builds too: scrypt and TLS are ten times slower without.
BUILD_FLAGS := -Xcc -O2
AIKAGI := .build/debug/aikagi
# A thousand tests at once share the few threads of the pool: what one of them waits for then comes late on a busy machine.
TEST_WIDTH := --experimental-maximum-parallelization-width 16
# No test of a peer takes longer; one that hangs is named instead of hanging the run.
PEER_TIMEOUT := --timeout 240
VENV := .build/peers
# Fuzzing: seconds for each decoder, and a build apart from the ordinary one.
FUZZ_SECONDS ?= 5
# 0: other inputs each time.
FUZZ_SEED ?= 0
FUZZ_BUILD := .build/fuzz
RELEASE_BUILD := .build/release-bench
FUZZER := $(FUZZ_BUILD)/debug/aikagi-fuzz
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)

# pkg-config module : Debian package
LIBRARIES := libfido2:libfido2-dev libssl:libssl-dev libqrencode:libqrencode-dev \
	fuse3:libfuse3-dev xcb:libxcb1-dev libsystemd:libsystemd-dev zbar:libzbar-dev libpng:libpng-dev libturbojpeg:libturbojpeg0-dev sqlite3:libsqlite3-dev
# command : Debian package
COMMANDS := pkg-config:pkg-config git:git bwrap:bubblewrap unshare:util-linux
TEST_COMMANDS := python3:python3 fido2-token:fido2-tools dbus-daemon:dbus-daemon bluetoothctl:bluez busctl:systemd gdbus:libglib2.0-bin \
	certutil:libnss3-tools Xvfb:xvfb xdotool:xdotool setpriv:util-linux oathtool:oathtool aiosmtpd:python3-aiosmtpd
# Without these the tests that need them are skipped and say so: not every distribution has each as a package.
BROWSERS := chromium:chromium chromedriver:chromium-driver firefox-esr:firefox-esr
# What the pictures of the report need besides: Japanese letters and words. File : Debian package
PICTURES := /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc:fonts-noto-cjk \
	/usr/lib/chromium/locales/ja.pak:chromium-l10n /usr/lib/firefox-esr/browser/extensions/langpack-ja@firefox-esr.mozilla.org.xpi:firefox-esr-l10n-ja

.PHONY: demo test test-browser build deps test-deps picture-deps swift-test peer-test fuzz benchmark lint clean help

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: build ## Play the login manual end to end and write report/
	$(AIKAGI) demo --report report

test: deps test-deps swift-test peer-test ## Run every test that needs no special hardware

build: deps ## Build the command line tool
	$(SWIFT) build $(BUILD_FLAGS) --product aikagi

deps: # Debian packages that the build needs
	@command -v $(SWIFT) >/dev/null || { echo 'Swift 6.2 or later is needed: https://www.swift.org/install/linux/' >&2; exit 1; }
	@missing=; for entry in $(COMMANDS); do command -v $${entry%%:*} >/dev/null || missing="$$missing $${entry#*:}"; done; \
	for entry in $(LIBRARIES); do pkg-config --exists $${entry%%:*} 2>/dev/null || missing="$$missing $${entry#*:}"; done; \
	if [ -n "$$missing" ]; then echo "installing:$$missing"; $(SUDO) apt-get update -qq && \
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; fi

test-deps: # what the tests need besides
	@missing=; for entry in $(TEST_COMMANDS); do command -v $${entry%%:*} >/dev/null || missing="$$missing $${entry#*:}"; done; \
	python3 -c 'import ensurepip, venv' 2>/dev/null || missing="$$missing python3-venv"; \
	if [ -n "$$missing" ]; then echo "installing:$$missing"; $(SUDO) apt-get update -qq && \
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; fi
	@for entry in $(BROWSERS); do command -v $${entry%%:*} >/dev/null || { echo "installing: $${entry#*:}"; \
	$(SUDO) apt-get update -qq; $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $${entry#*:} || \
	echo "$${entry#*:} is not to be had here: the tests that need it are skipped"; }; done

swift-test: deps # unit and integration tests
	$(SWIFT) build $(BUILD_FLAGS) --build-tests
	$(SWIFT) test $(BUILD_FLAGS) --skip-build --disable-xctest --parallel $(TEST_WIDTH)

$(VENV)/.installed: Tests/Peers/requirements.txt Examples/requirements.txt
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r Tests/Peers/requirements.txt -r Examples/requirements.txt
	@touch $@

peer-test: build $(VENV)/.installed # independent programs against the command line tool
	AIKAGI=$(abspath $(AIKAGI)) $(VENV)/bin/python -m pytest -q -rs $(PEER_TIMEOUT) --durations 15 Tests/Peers

test-browser: build test-deps picture-deps $(VENV)/.installed ## Walk the login manual in real browsers and write report-browser/
	AIKAGI=$(abspath $(AIKAGI)) $(VENV)/bin/python -m pytest -q -rs --timeout 480 --durations 10 Tests/Manual

picture-deps: # what the pictures need besides
	@for entry in $(PICTURES); do [ -e $${entry%%:*} ] || { echo "installing: $${entry#*:}"; $(SUDO) apt-get update -qq; \
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $${entry#*:} || \
	echo "$${entry#*:} is not to be had here: the pictures go without"; }; done

fuzz: deps ## Give libFuzzer's inputs to every decoder, FUZZ_SECONDS=5 each, on all cores
	AIKAGI_FUZZ=1 $(SWIFT) build $(BUILD_FLAGS) --scratch-path $(FUZZ_BUILD) --product aikagi-fuzz
	@decoders=$$($(FUZZER) --list) && printf '%s\n' $$decoders | \
	xargs -n 1 -P "$$(nproc)" Tests/Fuzzers/fuzz-decoder $(FUZZER) $(FUZZ_SECONDS) $(FUZZ_SEED) $(FUZZ_BUILD)/found

benchmark: deps ## Measure authenticator and portal in a release build; PARTS="commands doors" for these only
	AIKAGI_BENCHMARKS=1 $(SWIFT) build -c release --scratch-path $(RELEASE_BUILD) --product aikagi
	AIKAGI_BENCHMARKS=1 $(SWIFT) build -c release --scratch-path $(RELEASE_BUILD) --product aikagi-benchmarks
	$(RELEASE_BUILD)/release/aikagi-benchmarks $(PARTS)

lint: ## Check format and module edges
	$(SWIFT) format lint --strict --recursive --parallel --configuration .swift-format Package.swift Sources Tests Fixtures Benchmarks
	python3 .ci/check-edges.py

clean: ## Remove what was built
	rm -rf .build report report-browser
