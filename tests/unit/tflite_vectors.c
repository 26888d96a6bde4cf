// SPDX-License-Identifier: MIT
/*
 * The reference kernels against TensorFlow Lite's: networks of one operation and what it answered, to
 * the bit. tests/vectors/generate.py makes the file and says what is in it; DLA_VECTORS names another
 * one, for more of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "../reference.h"
#include "../vectors.h"
#include "dla.h"
#include "tflite.h"

/* By kind. */
struct tally {
	unsigned int vectors, unequal, refused;
	size_t elements;
};

static struct tally tally[DLA_OP_KIND_COUNT];
static unsigned int unread;

/* Elements of an output that differ. */
static size_t compare(const struct dla_tensor *tensor, const uint8_t *got, const uint8_t *want)
{
	size_t size = dla_type_size(tensor->type), unequal = 0;

	for (size_t i = 0; i < tensor->bytes; i += size)
		unequal += memcmp(got + i, want + i, size) != 0;
	return unequal;
}

static void run_vector(const struct vector *v, const struct dla_graph *graph)
{
	const enum dla_op_kind kind = graph->op[0].kind;
	void **data = network_storage(graph);
	size_t unequal = 0;

	assert_int_equal(v->count, 1 + graph->input_count + graph->output_count);
	for (unsigned int i = 0; i < graph->input_count; i++) {
		assert_int_equal(v->blob[1 + i].bytes, graph->tensor[graph->input[i]].bytes);
		memcpy(data[graph->input[i]], v->blob[1 + i].data, v->blob[1 + i].bytes);
	}
	assert_int_equal(network_run(graph, data), 0);
	for (unsigned int i = 0; i < graph->output_count; i++) {
		const struct dla_tensor *tensor = &graph->tensor[graph->output[i]];
		const struct blob *want = &v->blob[1 + graph->input_count + i];
		size_t differ;

		assert_int_equal(want->bytes, tensor->bytes);
		differ = compare(tensor, data[graph->output[i]], want->data);
		if (differ && tally[kind].unequal < 3)
			print_message("# %s (%s), output %u: %zu of %zu elements differ\n", (char *)v->name.data,
				      dla_type_name(tensor->type), i, differ, dla_shape_elements(&tensor->shape));
		unequal += differ;
		tally[kind].elements += dla_shape_elements(&tensor->shape);
	}
	tally[kind].vectors++;
	tally[kind].unequal += unequal != 0;
	network_storage_free(graph, data);
}

static void read_all(const char *path)
{
	gzFile file = gzopen(path, "rb");
	struct vector v = { 0 };

	if (!file)
		fail_msg("%s cannot be read", path);
	for (; read_vector(file, &v); free_vector(&v)) {
		struct dla_graph *graph;

		if (dla_tflite_read(v.blob[0].data, v.blob[0].bytes, (char *)v.name.data, &graph)) {
			if (unread++ < 20)
				print_message("# %s\n", dla_strerror());
			continue;
		}
		run_vector(&v, graph);
		dla_graph_free(graph);
	}
	gzclose(file);
}

static void equal_to_the_bit(void **state)
{
	const char *path = getenv("DLA_VECTORS");
	unsigned int unequal = 0;

	(void)state;
	read_all(path ? path : VECTORS);
	for (int kind = 0; kind < DLA_OP_KIND_COUNT; kind++) {
		print_message("# %s: %u vectors, %zu elements, %u vectors differ\n", dla_op_kind_name(kind),
			      tally[kind].vectors, tally[kind].elements, tally[kind].unequal);
		unequal += tally[kind].unequal;
	}
	assert_int_equal(unread, 0);
	assert_int_equal(unequal, 0);
}

/* Every kind of operation is among them. */
static void every_kind(void **state)
{
	(void)state;
	if (getenv("DLA_VECTORS"))
		skip();
	for (int kind = 0; kind < DLA_OP_KIND_COUNT; kind++)
		if (!tally[kind].vectors)
			fail_msg("no vector of %s", dla_op_kind_name(kind));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_to_the_bit),
		cmocka_unit_test(every_kind),
	};

	return cmocka_run_group_tests_name("tflite_vectors", tests, NULL, NULL);
}
