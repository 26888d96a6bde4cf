# SPDX-License-Identifier: MIT
#
# make firmware			$(BUILD)/firmware/nvdla/CONFIG-selftest.bin, for what the driver knows
# make install-firmware		where the kernel looks for them; DESTDIR=... for a package
selftest-configs := $(shell sed -n 's/^\t\t\.name = "\(.*\)",$$/\1/p' kernel/core/config.c)
selftest-images := $(selftest-configs:%=$(BUILD)/firmware/nvdla/%-selftest.bin)
selftest-src := $(wildcard firmware/*.c) kernel/nvdla_selftest_image.c
selftest-obj := $(selftest-src:%.c=$(BUILD)/obj/%.o)
# For the unit test, which has a main() of its own.
selftest-san := $(patsubst %.c,$(BUILD)/san/%.o,$(filter-out firmware/selftest.c,$(selftest-src)))
firmware-dir ?= /lib/firmware

$(selftest-obj) $(selftest-san) $(addsuffix /tests/unit/selftest_image.o,$(BUILD)/san $(BUILD)/obj): includes += -Ikernel -Ifirmware

$(BUILD)/san/unit-selftest_image: $(selftest-san)
$(BUILD)/unit-selftest_image: $(filter-out %/firmware/selftest.o,$(selftest-obj))

$(BUILD)/firmware/selftest: $(selftest-obj) $(core-obj) $(emulator-obj)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(CFLAGS) $^ -o $@ -lz -pthread

$(BUILD)/firmware/nvdla/%-selftest.bin: $(BUILD)/firmware/selftest
	@mkdir -p $(@D)
	$(call quiet,GEN)$< $* $@

.PHONY: firmware install-firmware
firmware: $(selftest-images)

install-firmware: firmware
	install -d $(DESTDIR)$(firmware-dir)/nvdla
	install -m 644 $(selftest-images) $(DESTDIR)$(firmware-dir)/nvdla
