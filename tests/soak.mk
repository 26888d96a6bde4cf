# SPDX-License-Identifier: MIT
# The long versions of what `make test` scales down.
.PHONY: soak
soak: test test-debug $(BUILD)/fuzz-registers
	$(BUILD)/san/fuzz-tflite_mutate --count 200000 --seed 2
	FUZZ_SECONDS=600 BUILD=$(BUILD) tests/fuzz/registers.test
	$(BUILD)/san/fuzz-programs_mutate --count 1000000 --seed 2
	$(BUILD)/validator-mutants --count 20000 --seed 2
	$(BUILD)/system-fashion_accuracy 10000
	@BUILD=$(BUILD) tests/run --timeout 7200 tests/soak/*.test
	@BUILD=$(BUILD) CROSS_TESTS=all tests/run --timeout 7200 tests/system/cross.test
