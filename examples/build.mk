# SPDX-License-Identifier: MIT
fashion := examples/fashion-mnist
fashion-obj := $(BUILD)/obj/$(fashion)/classify.o

$(BUILD)/classify: $(fashion-obj) $(BUILD)/libdla.so.0
	$(call quiet,LD)$(CC) $(CFLAGS) $(fashion-obj) -o $@ -L$(BUILD) -l:libdla.so.0 -Wl,-rpath,'$$ORIGIN' -lstb

all: $(BUILD)/classify

demo: all
	@$(BUILD)/classify --device sim:nv_small $(fashion)/fashion_resnet_int8.tflite $(fashion)/labels.txt \
		$(sort $(wildcard $(fashion)/images/*.png))

# The same through Linux, on an emulated board.
.PHONY: demo-qemu
demo-qemu: | need
	@BUILD=$(BUILD) tests/qemu/demo

# The kernel interface without the library.
$(BUILD)/relu: $(BUILD)/obj/examples/uapi/relu.o
	$(call quiet,LD)$(CC) $(CFLAGS) $^ -o $@

all: $(BUILD)/relu
