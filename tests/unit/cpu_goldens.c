// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <jansson.h>

#include "../reference.h"

/*
 * Published outputs of published networks, through the reader and the reference kernels, exactly.
 */

static const char *vector_string(const json_t *vector, const char *key)
{
	const char *value = json_string_value(json_object_get(vector, key));

	return value ? value : "";
}

/* "all-zero int8" and "all -128 int8" name constant inputs, others a file. */
static bool fill_input(const json_t *vector, const struct dla_tensor *tensor, uint8_t *data)
{
	const char *input = vector_string(vector, "input");
	uint8_t flip = (uint8_t)json_integer_value(json_object_get(vector, "input_xor"));
	size_t bytes = 0;
	uint8_t *file;

	if (!strncmp(input, "all", 3)) {
		memset(data, !strncmp(input + 4, "zero", 4) ? 0 : (int)strtol(input + 4, NULL, 10),
		       tensor->bytes);
	} else {
		file = read_model_file(input, &bytes);
		if (!file)
			return false;
		assert_int_equal(bytes, tensor->bytes);
		memcpy(data, file, bytes);
		free(file);
	}
	for (size_t i = 0; i < tensor->bytes; i++)
		data[i] ^= flip;
	return true;
}

static void check_output(const json_t *vector, const struct dla_tensor *tensor, const int8_t *data)
{
	const json_t *output = json_object_get(vector, "output");
	const json_t *difference = json_object_get(vector, "out1_minus_out0");

	assert_int_equal(tensor->type, DLA_INT8);
	if (difference) {
		assert_int_equal(tensor->bytes, 2);
		assert_int_equal(data[1] - data[0], json_integer_value(difference));
		return;
	}
	assert_int_equal(tensor->bytes, json_array_size(output));
	for (size_t i = 0; i < tensor->bytes; i++)
		assert_int_equal(data[i], json_integer_value(json_array_get(output, i)));
}

static void golden(void **state)
{
	const json_t *vector = *state;
	const char *name = vector_string(vector, "model");
	char *path = model_path(name);
	struct dla_graph *graph = read_network(path);
	bool have_input;
	void **data;

	free(path);
	if (!graph)
		skip();
	data = network_storage(graph);
	have_input = fill_input(vector, &graph->tensor[graph->input[0]], data[graph->input[0]]);
	if (have_input) {
		assert_int_equal(network_run(graph, data), 0);
		check_output(vector, &graph->tensor[graph->output[0]], data[graph->output[0]]);
	}
	network_storage_free(graph, data);
	dla_graph_free(graph);
	if (!have_input)
		skip();
}

static void absent(void **state)
{
	(void)state;
	skip();
}

int main(void)
{
	const struct CMUnitTest none[] = { { "goldens.json", absent, NULL, NULL, NULL } };
	char *path = model_path("goldens.json");
	json_t *goldens = json_load_file(path, 0, NULL);
	size_t count = json_array_size(goldens);
	struct CMUnitTest *tests;
	int failed;

	free(path);
	if (!count)
		return cmocka_run_group_tests_name("goldens", none, NULL, NULL);
	tests = calloc(count, sizeof(*tests));
	for (size_t i = 0; i < count; i++) {
		json_t *vector = json_array_get(goldens, i);
		char *name;

		if (asprintf(&name, "%s %s", vector_string(vector, "model"),
			     vector_string(vector, "input")) < 0)
			abort();
		tests[i] = (struct CMUnitTest){ name, golden, NULL, NULL, vector };
	}
	failed = _cmocka_run_group_tests("goldens", tests, count, NULL, NULL);
	for (size_t i = 0; i < count; i++)
		free((char *)tests[i].name);
	free(tests);
	json_decref(goldens);
	return failed;
}
