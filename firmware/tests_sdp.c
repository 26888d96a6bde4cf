// SPDX-License-Identifier: MIT
/* SDP's parts, each on its own: stage and kind of operand, output convertor, register groups. */
#include "builder.h"

#define WIDTH	9u
#define HEIGHT	3u

struct place {
	uint32_t in, out, bytes, channels;
};

static struct drm_nvdla_sdp *add_sdp(struct builder *b, const struct place *place, uint32_t index)
{
	struct drm_nvdla_sdp *sdp = &op_add(b, DRM_NVDLA_SDP)->sdp;
	uint32_t atom = b->config->atom;

	sdp->src = surface(place->in, 0, WIDTH, HEIGHT, atom);
	sdp->dst = surface(place->out, index * place->bytes, WIDTH, HEIGHT, atom);
	sdp->width = WIDTH;
	sdp->height = HEIGHT;
	sdp->channels = (uint16_t)place->channels;
	sdp->out_scale = 1;
	return sdp;
}

static struct place begin(struct builder *b, const char *name, const char *what, uint32_t ops)
{
	struct place place = { .channels = 2 * b->config->atom };

	test_begin(b, DRM_NVDLA_SDP, name, what);
	place.bytes = WIDTH * HEIGHT * place.channels;
	place.in = slot_random(b, place.bytes);
	place.out = slot_output(b, ops * place.bytes);
	return place;
}

static struct drm_nvdla_sdp_stage *stage_of(struct drm_nvdla_sdp *sdp, int x)
{
	return x == 1 ? &sdp->x1 : &sdp->x2;
}

static void constants(struct builder *b, int x)
{
	static const struct {
		struct drm_nvdla_sdp_stage stage;
		const char *what;
	} ways[] = {
		{ { .alu = DRM_NVDLA_ALU_SUM, .alu_value = -37 }, "sum" },
		{ { .alu = DRM_NVDLA_ALU_SUM, .alu_value = 5, .alu_shift = 4 }, "sum of a shifted operand" },
		{ { .alu = DRM_NVDLA_ALU_MAX, .alu_value = -11 }, "maximum" },
		{ { .alu = DRM_NVDLA_ALU_MIN, .alu_value = 23 }, "minimum" },
		{ { .mul = DRM_NVDLA_MUL_SCALE, .mul_value = -21845, .mul_shift = 15 }, "product" },
		{ { .mul = DRM_NVDLA_MUL_PRELU, .mul_value = 77, .mul_shift = 8 }, "PReLU" },
		{ { .relu = 1 }, "ReLU" },
		{ { .alu = DRM_NVDLA_ALU_SUM, .alu_value = 9, .mul = DRM_NVDLA_MUL_SCALE, .mul_value = 300,
		    .mul_shift = 9, .relu = 1 }, "all together" },
	};
	const uint32_t count = sizeof(ways) / sizeof(ways[0]);
	struct place place = begin(b, x == 1 ? "sdp.x1.constant" : "sdp.x2.constant",
				   x == 1 ? "X1 with constant operands" : "X2 with constant operands", count);

	for (uint32_t i = 0; i < count; i++) {
		*stage_of(add_sdp(b, &place, i), x) = ways[i].stage;
		check_bytes(b, place.out, i * place.bytes, place.bytes, 1, "X%d %s", x, ways[i].what);
	}
	test_end(b);
}

/* ALU, multiplier and both, of one byte and of two; per channel, or per element. */
static void from_memory(struct builder *b, int x, enum drm_nvdla_operand kind, const char *name,
			const char *what)
{
	static const char *const users[] = { "sum", "product", "sum and product" };
	struct place place = begin(b, name, what, 6);
	uint32_t number = kind == DRM_NVDLA_OPERAND_CHANNEL ? place.channels : place.bytes;

	for (uint32_t i = 0; i < 6; i++) {
		uint32_t bytes = 1 + i / 3, user = i % 3, operands = user == 2 ? 2 : 1;
		struct drm_nvdla_sdp_stage *stage = stage_of(add_sdp(b, &place, i), x);
		int reach = bytes == 1 ? 127 : 6000;
		uint32_t slot = slot_numbers(b, number * operands, bytes, -reach, reach);

		stage->operand_bytes = (uint8_t)bytes;
		stage->operand.addr.slot = slot;
		if (kind == DRM_NVDLA_OPERAND_ELEMENT)
			stage->operand = surface(slot, 0, WIDTH, HEIGHT, b->config->atom * operands * bytes);
		if (user != 1) {
			stage->alu = DRM_NVDLA_ALU_SUM;
			stage->alu_operand = kind;
		}
		if (user != 0) {
			stage->mul = DRM_NVDLA_MUL_SCALE;
			stage->mul_operand = kind;
		}
		stage->mul_shift = (uint8_t)((user != 0 ? 7 : 1) + (bytes == 1 ? 0 : 6));
		check_bytes(b, place.out, i * place.bytes, place.bytes, 1, "X%d %s of %u byte%s", x,
			    users[user], bytes, bytes == 1 ? "" : "s");
	}
	test_end(b);
}

static void convertor(struct builder *b)
{
	static const struct {
		int32_t offset;
		int16_t scale;
		uint8_t shift;
		const char *what;
	} ways[] = {
		{ 100, 1, 0, "offset" },
		{ -100000, 333, 18, "large offset" },
		{ 0, 21845, 15, "scale" },
		{ 3, -32768, 16, "negative scale" },
		{ 0, 1, 3, "shift, rounding" },
		{ 0, 3, 0, "saturation" },
	};
	const uint32_t count = sizeof(ways) / sizeof(ways[0]);
	struct place place = begin(b, "sdp.output", "SDP's output convertor", count);

	for (uint32_t i = 0; i < count; i++) {
		struct drm_nvdla_sdp *sdp = add_sdp(b, &place, i);

		sdp->out_offset = ways[i].offset;
		sdp->out_scale = ways[i].scale;
		sdp->out_shift = ways[i].shift;
		check_bytes(b, place.out, i * place.bytes, place.bytes, 1, "%s", ways[i].what);
	}
	test_end(b);
}

/* Operations that have nothing in common, so that registers of the wrong group show. */
static void groups(struct builder *b)
{
	struct place place = begin(b, "sdp.groups", "SDP's two register groups in turn", 6);

	for (uint32_t i = 0; i < 6; i++) {
		struct drm_nvdla_sdp *sdp = add_sdp(b, &place, i);

		if (i & 1) {
			sdp->width = 4;
			sdp->height = 2;
			sdp->channels = (uint16_t)b->config->atom;
			sdp->x2.mul = DRM_NVDLA_MUL_SCALE;
			sdp->x2.mul_value = (int16_t)(200 + i);
			sdp->x2.mul_shift = 8;
		} else {
			sdp->x1.alu = DRM_NVDLA_ALU_SUM;
			sdp->x1.alu_value = (int16_t)(i * 7 + 1);
			sdp->out_shift = 1;
		}
		check_bytes(b, place.out, i * place.bytes, place.bytes, 1, "operation %u, %s", i,
			    i & 1 ? "the other group" : "one group");
	}
	test_end(b);
}

void tests_sdp(struct builder *b)
{
	constants(b, 1);
	from_memory(b, 1, DRM_NVDLA_OPERAND_CHANNEL, "sdp.x1.channel", "X1 with operands per channel");
	from_memory(b, 1, DRM_NVDLA_OPERAND_ELEMENT, "sdp.x1.element", "X1 with operands per element");
	constants(b, 2);
	from_memory(b, 2, DRM_NVDLA_OPERAND_CHANNEL, "sdp.x2.channel", "X2 with operands per channel");
	from_memory(b, 2, DRM_NVDLA_OPERAND_ELEMENT, "sdp.x2.element", "X2 with operands per element");
	convertor(b);
	groups(b);
}
