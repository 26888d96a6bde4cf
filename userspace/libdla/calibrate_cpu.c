// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>

#include "calibrate.h"
#include "cpu/cpu.h"
#include "cpu/xnn.h"
#include "error.h"
#include "layout.h"

/* Networks of one operation; sizes as in the middle of networks for small devices. */
enum { A, B, OUTPUT, TENSORS };

struct sample {
	const char *what;
	enum dla_work_kind work;
	enum dla_op_kind kind;
	struct dla_shape shape[TENSORS];
	bool constant;			/* B is */
};

static const struct sample samples[DLA_WORK_COUNT] = {
	{ "addition", DLA_WORK_ELEMENT, DLA_OP_ADD, { { 4, { 1, 32, 32, 32 } }, { 4, { 1, 32, 32, 32 } },
						      { 4, { 1, 32, 32, 32 } } } },
	{ "convolution", DLA_WORK_CONV, DLA_OP_CONV_2D, { { 4, { 1, 16, 16, 32 } }, { 4, { 32, 3, 3, 32 } },
							  { 4, { 1, 16, 16, 32 } } }, true },
	{ "depthwise convolution", DLA_WORK_DEPTHWISE, DLA_OP_DEPTHWISE_CONV_2D,
	  { { 4, { 1, 32, 32, 32 } }, { 4, { 1, 3, 3, 32 } }, { 4, { 1, 32, 32, 32 } } }, true },
	{ "matrix", DLA_WORK_DENSE, DLA_OP_FULLY_CONNECTED, { { 2, { 1, 512 } }, { 2, { 256, 512 } },
							      { 2, { 1, 256 } } }, true },
	{ "concatenation", DLA_WORK_MOVE, DLA_OP_CONCATENATION, { { 4, { 1, 32, 32, 16 } }, { 4, { 1, 32, 32, 16 } },
								  { 4, { 1, 32, 32, 32 } } } },
};

/* The least work there is: what remains is the call. */
static const struct sample nothing = {
	"call", DLA_WORK_ELEMENT, DLA_OP_ADD, { { 4, { 1, 1, 1, 8 } }, { 4, { 1, 1, 1, 8 } }, { 4, { 1, 1, 1, 8 } } }
};

struct running {
	struct dla_graph graph;
	struct dla_tensor tensor[TENSORS];
	struct dla_op op;
	void *data[TENSORS];
	struct dla_cpu_op *reference;
	struct dla_xnn_part *xnnpack;
};

static const float scale[TENSORS] = { 0.1F, 0.1F, 0.1F };
static const int32_t zero_point[TENSORS];
static const int inputs[] = { A, B, DLA_NO_TENSOR }, output = OUTPUT;

static int start(struct running *r, const struct sample *sample)
{
	bool weighted = sample->work != DLA_WORK_ELEMENT && sample->work != DLA_WORK_MOVE;

	*r = (struct running) { 0 };
	for (int t = 0; t < TENSORS; t++) {
		size_t bytes = dla_shape_elements(&sample->shape[t]);
		int8_t *data = calloc(1, bytes + DLA_XNN_SLACK);

		if (!data)
			return dla_fail_memory();
		for (size_t i = 0; i < bytes; i++)
			data[i] = (int8_t)(i * 37 % 251 - 125);
		r->data[t] = data;
		r->tensor[t] = (struct dla_tensor) {
			.name = "sample", .shape = sample->shape[t], .bytes = bytes, .producer = t == OUTPUT ? 0 : -1,
			.quant = { 1, 0, &scale[t], &zero_point[t] },
			.data = t == B && sample->constant ? data : NULL,
		};
	}
	r->op = (struct dla_op) {
		.kind = sample->kind, .input_count = weighted ? 3 : 2, .output_count = 1,
		.input = inputs, .output = &output,
	};
	if (sample->kind == DLA_OP_CONCATENATION)
		r->op.concat.axis = 3;
	else if (weighted && sample->kind != DLA_OP_FULLY_CONNECTED)
		r->op.window = (struct dla_window) { 3, 3, 1, 1, 1, 1, 1, 1, 1, 1 };
	r->graph = (struct dla_graph) {
		.name = "sample", .tensor_count = TENSORS, .op_count = 1, .tensor = r->tensor, .op = &r->op,
		.input_count = sample->constant ? 1 : 2, .input = inputs, .output_count = 1, .output = &output,
	};
	return 0;
}

static void stop(struct running *r)
{
	dla_cpu_op_free(r->reference);
	dla_xnn_free(r->xnnpack);
	for (int t = 0; t < TENSORS; t++)
		free(r->data[t]);
}

static int run_reference(void *ctx)
{
	struct running *r = ctx;

	dla_cpu_run(r->reference, r->data);
	return 0;
}

static int run_xnnpack(void *ctx)
{
	struct running *r = ctx;

	return dla_xnn_run(r->xnnpack, r->data);
}

/* Units of work and nanoseconds; -ENOTSUP where XNNPACK is meant and has not the operation. */
static int sample_time(const struct dla_meter *meter, const struct sample *sample, bool xnnpack, double *units, double *ns)
{
	static const bool wanted[TENSORS] = { [OUTPUT] = true };
	struct running r;
	int err = start(&r, sample);

	if (!err && !xnnpack) {
		err = dla_cpu_prepare(&r.graph, 0, &r.reference);
		if (!err)
			err = dla_meter(meter, sample->what, run_reference, &r, ns);
	} else if (!err && dla_xnn_has(&r.graph, 0)) {
		err = dla_xnn_prepare(&r.graph, 0, 0, wanted, NULL, &r.xnnpack);
		if (!err)
			err = dla_meter(meter, sample->what, run_xnnpack, &r, ns);
	} else if (!err) {
		err = -ENOTSUP;
	}
	*units = err ? 0 : dla_profile_units(&r.graph, 0);
	stop(&r);
	return err;
}

struct conversion {
	struct dla_feature feature;
	int8_t *nhwc, *npu;
};

static int convert(void *ctx)
{
	struct conversion *c = ctx;

	dla_feature_pack(&c->feature, c->nhwc, c->npu);
	dla_feature_unpack(&c->feature, c->npu, c->nhwc);
	return 0;
}

/* Nanoseconds to the NPU's layout and back. */
static int conversion_time(const struct dla_meter *meter, const struct dla_shape *shape, double *ns)
{
	struct conversion c;
	int err;

	(void)dla_feature_of(shape, 8, &c.feature);
	c.nhwc = calloc(1, dla_shape_elements(shape));
	c.npu = calloc(1, c.feature.bytes);
	err = c.nhwc && c.npu ? dla_meter(meter, "conversion", convert, &c, ns) : dla_fail_memory();
	free(c.nhwc);
	free(c.npu);
	return err;
}

/* Work that took no more than the call did is as if it had taken that. */
static double rate(double units, double ns, double call_ns)
{
	return units / (ns > 2 * call_ns ? ns - call_ns : ns / 2);
}

int dla_calibrate_cpu(const struct dla_meter *meter, struct dla_profile *profile)
{
	static const struct dla_shape least = { 4, { 1, 1, 1, 8 } }, usual = { 4, { 1, 32, 32, 32 } };
	double units, ns, call_ns;
	int err = sample_time(meter, &nothing, true, &units, &call_ns);

	if (err == -ENOTSUP)
		err = sample_time(meter, &nothing, false, &units, &call_ns);
	for (int i = 0; i < DLA_WORK_COUNT && !err; i++) {
		double *reference = &profile->rate[DLA_KERNELS_REFERENCE][samples[i].work];
		double *xnnpack = &profile->rate[DLA_KERNELS_XNNPACK][samples[i].work];

		err = sample_time(meter, &samples[i], false, &units, &ns);
		if (err)
			return err;
		*reference = rate(units, ns, call_ns);
		/* Where XNNPACK has not the operation, the reference kernels run it. */
		err = sample_time(meter, &samples[i], true, &units, &ns);
		*xnnpack = err ? *reference : rate(units, ns, call_ns);
		if (err == -ENOTSUP)
			err = 0;
	}
	if (!err)
		err = conversion_time(meter, &least, &ns);
	if (err)
		return err;
	profile->call_ns = call_ns;
	profile->convert_ns = ns / 2;
	err = conversion_time(meter, &usual, &ns);
	if (!err)
		profile->convert = rate(2.0 * (double)dla_shape_elements(&usual), ns, 2 * profile->convert_ns);
	return err;
}
