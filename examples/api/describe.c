// SPDX-License-Identifier: MIT
/*
 * Print what a network reads and makes, where its operations run, and what memory it takes.
 *
 * Shows: dla_network_name() dla_network_input_count() dla_network_output_count() dla_network_output()
 *	dla_network_operation_count() dla_network_operation() dla_network_memory()
 * Run: describe network.tflite
 */
#include <stdio.h>

#include <dla.h>

static void print_tensor(const char *what, const struct dla_tensor_info *tensor)
{
	printf("%s \"%s\": %s", what, tensor->name, tensor->type);
	for (unsigned int i = 0; i < tensor->rank; i++)
		printf("%c%d", i ? 'x' : ' ', tensor->shape[i]);
	printf(", real = %g * (stored - %d)\n", (double)tensor->scale, tensor->zero_point);
}

static void describe(const struct dla_network *network)
{
	const struct dla_operation_info *operation;
	struct dla_memory_info memory;

	printf("%s\n", dla_network_name(network));
	for (unsigned int i = 0; i < dla_network_input_count(network); i++)
		print_tensor("input", dla_network_input(network, i));
	for (unsigned int i = 0; i < dla_network_output_count(network); i++)
		print_tensor("output", dla_network_output(network, i));
	for (unsigned int i = 0; i < dla_network_operation_count(network); i++) {
		operation = dla_network_operation(network, i);
		printf("%2u %-20s %-14s %s: %s\n", i, operation->name, operation->shape, operation->where,
		       operation->why);
	}
	dla_network_memory(network, &memory);
	printf("%zu bytes of weights, %zu and %zu for a request\n", memory.weights, memory.npu, memory.host);
}

int main(int argc, char **argv)
{
	struct dla_device *device = dla_device_open("sim:nv_small");
	struct dla_network *network = device && argc > 1 ? dla_network_load(device, argv[1], NULL) : NULL;

	if (network)
		describe(network);
	else
		fprintf(stderr, "%s\n", dla_strerror());
	dla_network_free(network);
	dla_device_close(device);
	return network ? 0 : 1;
}
