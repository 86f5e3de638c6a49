# The front door: builds every configured architecture, or ARCH=... alone. scripts/build.mk has the
# rules for one. See README.md.

configured := $(patsubst build/%/config.mak,%,$(wildcard build/*/config.mak))
ARCH ?= $(configured)

.DELETE_ON_ERROR:
.PHONY: all check check-runner standalone install lint format docs coverage clean distclean help

ifeq ($(strip $(ARCH)),)
all:
	@echo "Makefile: nothing is configured; run ./configure first" >&2; exit 2
else
all: $(addprefix build-,$(ARCH))
	@ln -sf build/$(firstword $(ARCH))/compile_commands.json compile_commands.json
endif

.PHONY: $(addprefix build-,$(ARCH))
$(addprefix build-,$(ARCH)): build-%:
	@test -f build/$*/config.mak || \
		{ echo "Makefile: $* is not configured; run ./configure --arch=$*" >&2; exit 2; }
	@+$(MAKE) --no-print-directory -f scripts/build.mk ARCH=$*

# The runner's own tests, then every case of every configured architecture; RELEASES='10.0 11.1' for these of QEMU, too.
check: all
	@scripts/check.sh

check-runner:
	@bats scripts/tests

# One executable file for each test; see scripts/standalone.sh.
standalone: all
	@scripts/standalone.sh $(ARCH)

# The runner and what is built, to $(PREFIX)/share/assay, and a command `assay` that runs it.
PREFIX ?= /usr/local
installed := $(DESTDIR)$(PREFIX)/share/assay
install: all
	@case "$(PREFIX)" in /*) ;; *) echo "Makefile: PREFIX is a path from the root on, not '$(PREFIX)'" >&2; exit 2;; esac
	@rm -rf "$(installed)/build" "$(installed)/scripts" "$(installed)/docs"
	@mkdir -p "$(installed)" "$(DESTDIR)$(PREFIX)/bin"
	@git describe --always --dirty --exclude='*' --abbrev=12 >"$(installed)/commit" 2>/dev/null || rm -f "$(installed)/commit"
	@cp -r run_tests.sh unittests.cfg README.md LICENSE docs "$(installed)"
	@mkdir -p "$(installed)/scripts" && cp -r scripts/runner scripts/vmm scripts/lab "$(installed)/scripts"
	@for a in $(ARCH); do mkdir -p "$(installed)/build/$$a" && \
		cp build/$$a/config.mak build/$$a/*.elf build/$$a/*.list $$(ls build/$$a/*.bin 2>/dev/null) "$(installed)/build/$$a"; done
	@for a in $(ARCH); do for d in vmm lab; do if test -d build/$$a/$$d; then cp -r build/$$a/$$d "$(installed)/build/$$a"; fi; done; done
	@printf '#!/bin/sh\nexec "%s/share/assay/run_tests.sh" "$$@"\n' "$(PREFIX)" >"$(DESTDIR)$(PREFIX)/bin/assay"
	@chmod +x "$(DESTDIR)$(PREFIX)/bin/assay"
	@echo "installed: $(DESTDIR)$(PREFIX)/bin/assay"

lint:
	@scripts/lint.sh

format:
	@clang-format -i $$(git ls-files '*.c' '*.h')

# What is written by scripts: docs/known-deviations.md, from known.cfg.
docs:
	@scripts/known-deviations.sh

# docs/coverage.html: the manuals' sections, and the cases of the images that are built which stand on them.
coverage: all
	@scripts/coverage.sh

clean:
	rm -rf $(addprefix build/,$(addsuffix /obj,$(ARCH)) $(addsuffix /vmm,$(ARCH)) $(addsuffix /lab,$(ARCH))) $(foreach a,$(ARCH),build/$(a)/*.elf build/$(a)/*.bin build/$(a)/*.list)

distclean:
	rm -rf build logs logs.old logs-* compile_commands.json tests

help:
	@echo "make                builds what ./configure has set up; ARCH=i386 only that"
	@echo "make check          the project's tests: the runner's own, then every case"
	@echo "make standalone     one executable file for each test, in build/<arch>/standalone/"
	@echo "make install        to PREFIX (/usr/local), below DESTDIR: a command 'assay'"
	@echo "make lint           clang-format, shellcheck, cppcheck"
	@echo "make format         rewrites C sources in the project's style"
	@echo "make docs           writes docs/known-deviations.md from scripts/vmm/*/known.cfg"
	@echo "make coverage       writes docs/coverage.html: which cases stand on which section of which manual"
	@echo "make clean          removes what make built; distclean, what configure wrote too"
