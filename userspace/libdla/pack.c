// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "pack.h"

#define WEIGHT_ALIGN 128

int dla_constants_add(struct dla_constants *constants, size_t bytes, size_t align, size_t *at)
{
	size_t start = (constants->bytes + align - 1) & ~(align - 1);

	if (start + bytes > constants->room) {
		size_t room = (start + bytes) * 2;
		uint8_t *data = realloc(constants->data, room);

		if (!data)
			return dla_fail(ENOMEM, "out of memory for %zu bytes of weights", room);
		memset(data + constants->bytes, 0, room - constants->bytes);
		constants->data = data;
		constants->room = room;
	}
	constants->bytes = start + bytes;
	*at = start;
	return 0;
}

size_t dla_weights_bytes(const struct dla_kernels *k)
{
	size_t bytes = (size_t)k->kernels * k->height * k->width * k->channels;

	return (bytes + WEIGHT_ALIGN - 1) / WEIGHT_ALIGN * WEIGHT_ALIGN;
}

static uint32_t at_most(uint32_t value, uint32_t limit)
{
	return value < limit ? value : limit;
}

void dla_weights_pack(const struct dla_kernels *k, uint32_t atomic_k, uint32_t atomic_c, uint8_t *out)
{
	size_t taps = (size_t)k->height * k->width;

	for (uint32_t group = 0; group < k->kernels; group += atomic_k) {
		uint32_t group_size = at_most(k->kernels - group, atomic_k);

		for (uint32_t block = 0; block < k->channels; block += atomic_c) {
			uint32_t block_size = at_most(k->channels - block, atomic_c);

			for (size_t tap = 0; tap < taps; tap++) {
				for (uint32_t i = 0; i < group_size; i++) {
					size_t from = ((group + i) * taps + tap) * k->channels + block;

					memcpy(out, k->data + from, block_size);
					out += block_size;
				}
			}
		}
	}
}

size_t dla_operands_bytes(uint32_t channels, uint32_t atom)
{
	return (size_t)(channels + atom - 1) / atom * atom * 2 * sizeof(int16_t);
}

static uint8_t *put_int16(uint8_t *out, int16_t value)
{
	*out++ = (uint8_t)value;
	*out++ = (uint8_t)((uint16_t)value >> 8);
	return out;
}

void dla_operands_pack(const struct dla_requant *rq, uint32_t first, uint32_t channels,
		       uint8_t *x1, uint8_t *x2)
{
	for (uint32_t k = first; k < first + channels; k++) {
		const struct dla_requant_channel *c = &rq->channel[k];

		x1 = put_int16(put_int16(x1, c->hi), c->m1);
		x2 = put_int16(put_int16(x2, c->r), c->m2);
	}
}

void dla_add_operands_pack(const struct dla_conv_add *add, uint32_t first, uint32_t channels, uint8_t *x1)
{
	for (uint32_t k = first; k < first + channels; k++)
		x1 = put_int16(put_int16(x1, add->channel[k].hi), add->channel[k].m1);
}
