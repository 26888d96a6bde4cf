/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_NPU_RUN_H
#define TESTS_UNIT_NPU_RUN_H

#include <stddef.h>

#include "device.h"
#include "dla.h"

/*
 * A network with all that the NPU can do on an emulated one. For cmocka, which is to be included before.
 */
struct npu_run {
	struct dla_device *device;
	struct dla_network *network;
	struct dla_npu_stats stats;

	/* Told of each program's layers; NULL: nobody. */
	void (*layers)(struct npu_run *run, const struct drm_nvdla_op *op, unsigned int count);
	struct dla_device_ops ops;
	const struct dla_device_ops *own;
};

static inline int npu_run_program_new(struct dla_device *device, const struct drm_nvdla_op *op, unsigned int count,
				      const struct drm_nvdla_lut *lut, unsigned int lut_count,
				      struct dla_program **program)
{
	struct npu_run *run = (struct npu_run *)((char *)device->ops - offsetof(struct npu_run, ops));

	if (run->layers)
		run->layers(run, op, count);
	return run->own->program_new(device, op, count, lut, lut_count, program);
}

static inline void npu_run_open(struct npu_run *run)
{
	run->device = dla_device_open("sim:nv_small");
	assert_non_null(run->device);
	run->own = run->device->ops;
	run->ops = *run->own;
	run->ops.program_new = npu_run_program_new;
	run->device->ops = &run->ops;
}

/* Once. The network stays until the end. */
static inline void npu_run(struct npu_run *run, const char *path)
{
	const struct dla_options options = { .place = DLA_PLACE_NPU };
	struct dla_request *request;

	run->network = dla_network_load(run->device, path, &options);
	assert_non_null(run->network);
	request = dla_request_new(run->network);
	assert_non_null(request);
	assert_int_equal(dla_request_run(request), 0);
	dla_device_stats(run->device, &run->stats);
	dla_request_free(request);
}

static inline void npu_run_close(struct npu_run *run)
{
	dla_network_free(run->network);
	dla_device_close(run->device);
}

#endif
