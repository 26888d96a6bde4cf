// SPDX-License-Identifier: MIT
#include <pthread.h>
#include <stdlib.h>

#include "calibrate.h"
#include "deps.h"
#include "lower.h"
#include "weights.h"

/*
 * Layers that have next to nothing to do: what they take is their registers and interrupts, and what one of
 * them takes more than that is the way to the NPU and back.
 */
#define MANY	64

struct trip {
	struct dla_device *device;
	struct dla_buffer *arena;
	struct dla_program *program;
	pthread_mutex_t lock;
	pthread_cond_t over;
	bool done;
};

static void progress(struct dla_job *job, unsigned int layers)
{
	(void)job;
	(void)layers;
}

struct trip_job {
	struct dla_job base;
	struct trip *trip;
};

static void done(struct dla_job *job)
{
	struct trip *trip = ((struct trip_job *)job)->trip;

	pthread_mutex_lock(&trip->lock);
	trip->done = true;
	pthread_cond_signal(&trip->over);
	pthread_mutex_unlock(&trip->lock);
}

static int go(void *ctx)
{
	struct trip *trip = ctx;
	const struct dla_binding binding[DLA_SLOTS] = {
		[DLA_SLOT_ARENA] = { trip->arena, 0, trip->arena->size },
	};
	struct trip_job job = {
		.base = {
			.program = trip->program, .binding = binding, .bindings = DLA_SLOTS, .progress = progress,
			.done = done,
		},
		.trip = trip,
	};

	trip->done = false;
	trip->device->ops->submit(trip->device, &job.base);
	pthread_mutex_lock(&trip->lock);
	while (!trip->done)
		pthread_cond_wait(&trip->over, &trip->lock);
	pthread_mutex_unlock(&trip->lock);
	return dla_error_raise(&job.base.error);
}

static int make_program(struct trip *trip, const struct dla_feature *feature, unsigned int layers)
{
	struct dla_emit emit = { 0 };
	int err = 0;

	for (unsigned int i = 0; i < layers && !err; i++)
		err = dla_emit_copy(&emit, feature, (size_t)i * feature->surface_stride,
				    (size_t)(i + 1) * feature->surface_stride);
	if (!err)
		err = dla_deps_find(&trip->device->info, emit.op, emit.count);
	if (!err)
		err = trip->device->ops->program_new(trip->device, emit.op, emit.count, NULL, 0, &trip->program);
	free(emit.op);
	return err;
}

/* Nanoseconds of a program of so many layers. */
static int trip_time(const struct dla_meter *meter, struct trip *trip, const struct dla_feature *feature,
		     unsigned int layers, double *ns)
{
	int err = make_program(trip, feature, layers);

	if (err)
		return err;
	err = dla_meter(meter, "the NPU", go, trip, ns);
	trip->device->ops->program_free(trip->device, trip->program);
	return err;
}

int dla_calibrate_npu(const struct dla_meter *meter, struct dla_device *device, struct dla_profile *profile)
{
	struct dla_shape shape = { 4, { 1, 1, 1, (int32_t)device->info.atom } };
	struct trip trip = { .device = device, .lock = PTHREAD_MUTEX_INITIALIZER, .over = PTHREAD_COND_INITIALIZER };
	struct dla_feature feature;
	double one, many;
	int err;

	(void)dla_feature_of(&shape, device->info.atom, &feature);
	err = device->ops->buffer_new(device, (size_t)(MANY + 1) * feature.surface_stride, DLA_BUFFER_TENSORS,
				      &trip.arena);
	if (err)
		return err;
	err = trip_time(meter, &trip, &feature, 1, &one);
	if (!err)
		err = trip_time(meter, &trip, &feature, MANY, &many);
	device->ops->buffer_free(trip.arena);
	if (err)
		return err;
	profile->layer_ns = many > one ? (many - one) / (MANY - 1) : 0;
	profile->submit_ns = one - profile->layer_ns;
	return 0;
}
