# SPDX-License-Identifier: MIT
#
# make            library, tools and emulator for this machine, in build/
# make demo       classify the committed pictures on the emulated NPU, in process
# make cross      the same for another machine, ARCH=arm64, armhf or riscv64, in build/ARCH/
# make arm64      that with what the guest of the tests in QEMU runs
# make check      host tests, minutes
# make test       everything; ends in "N passed, N failed, N skipped"
# make soak       the full numbers, long
# make firmware   self-test images for the driver, in build/firmware; make install-firmware DESTDIR=...
# make install    prefix=/usr/local libdir= DESTDIR=: tool, library, headers, manual pages; make uninstall
# make modules    nvdla.ko, KDIR=... for a kernel other than the running one
# make docs       the manual, in build/docs/html
# make clean
#
# Every component lists its sources in its own build.mk; objects are built twice: optimised for the
# products, and with sanitizers for the tests.

BUILD ?= build
CC ?= cc
CFLAGS ?= -O2 -g
# Where libraries have theirs.
HEADERS ?= /usr/include
# Options that the code relies on, whatever CFLAGS the user gives. A fused multiplication and addition,
# which some processors have, rounds once where TensorFlow Lite's kernels round twice.
cflags := -std=gnu11 -Wall -Wextra -Werror -Wno-missing-field-initializers -fPIC -fvisibility=hidden \
	  -fno-strict-aliasing -ffp-contract=off -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64 -pthread
includes := -Ikernel/core/host -Ikernel/core -Iuapi -Iuserspace/emulator -Iuserspace/libdla/include \
	    -Iuserspace/libdla -Iuserspace/tools -Ikernel/tests -I$(HEADERS)/libdrm -I$(HEADERS)/libnl3
san-flags := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
tsan-flags := -O1 -g -fsanitize=thread -fno-omit-frame-pointer

# The old kind of path, because AddressSanitizer's dlopen() does not look at the caller's new one.
san-rpath := -Wl,--disable-new-dtags,-rpath,'$$ORIGIN'

docs-packages := python3-sphinx python3-myst-parser python3-yaml graphviz
build-packages = gcc libc6-dev zlib1g-dev libjansson-dev libstb-dev libdrm-dev libmd-dev libnl-genl-3-dev $(if $(XNNPACK),libxnnpack-dev libpthreadpool-dev)
test-packages = $(build-packages) libcmocka-dev python3 xz-utils dataset-fashion-mnist python3-yaml python3-jsonschema

# One short line a command; V=1 shows them whole.
V ?= 0
ifeq ($(V),0)
quiet = @printf '  %-6s %s\n' '$(1)' '$@';
endif

KDIR ?= /lib/modules/$(shell uname -r)/build

.PHONY: all demo modules check test soak clean need need-test
.SECONDARY:
all:

need:
	@scripts/need $(build-packages)
need-test:
	@scripts/need $(test-packages)

include kernel/core/build.mk
include userspace/emulator/build.mk
include userspace/libdla/build.mk
include userspace/tools/build.mk
include userspace/delegate/build.mk
include examples/build.mk
include firmware/build.mk
include packaging/build.mk
include tests/generate/build.mk
include tests/build.mk
include tests/kselftest/build.mk
include tests/soak.mk
include tests/qemu/build.mk

$(BUILD)/obj/%.o: %.c | need
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(cflags) $(CFLAGS) $(includes) -MMD -MP -c $< -o $@

$(BUILD)/san/%.o: %.c | need
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(cflags) $(san-flags) $(includes) -MMD -MP -c $< -o $@

$(BUILD)/tsan/%.o: %.c | need
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(cflags) $(tsan-flags) $(includes) -MMD -MP -c $< -o $@

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

# Warnings are errors, and so are references to nothing. The tool says what operations there are.
DOCS ?= $(BUILD)/docs/html
.PHONY: docs
docs: $(BUILD)/dla
	@scripts/need $(docs-packages)
	@sphinx-build -q -b html -E -n -W --keep-going -D dla_tool=$(abspath $<) -d $(dir $(DOCS))doctrees Documentation $(DOCS)
	@echo "$(DOCS)/index.html"

clean:
	rm -rf $(BUILD) userspace/python/build userspace/python/*.egg-info
	rm -f $(addprefix nvdla,.ko .o .mod .mod.c .mod.o _has.h) Module.symvers modules.order .*.cmd
	rm -f $(addprefix kernel/,*.o .*.cmd core/*.o core/.*.cmd)

# Needs clang-tidy; the options are in .clang-tidy.
lint-src := $(core-src) $(emulator-src) $(libdla-src) $(tools-src) $(delegate-src) $(wildcard examples/*/*.c)
.PHONY: lint
lint: | need
	@scripts/need clang-tidy
	@printf '%s\n' $(lint-src) | xargs -P2 -n4 sh -c 'clang-tidy --quiet "$$@" -- -std=gnu11 -D_GNU_SOURCE $(includes)' --
