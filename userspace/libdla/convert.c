// SPDX-License-Identifier: MIT
#include <stdbool.h>
#include <string.h>

#include "convert.h"

static inline void copy(int8_t *to, const int8_t *from, uint32_t bytes, uint8_t flip)
{
	for (uint32_t i = 0; i < bytes; i++)
		to[i] = (int8_t)(from[i] ^ flip);
}

/* Of a whole atom the size is a constant for the compiler, which knows what to make of that. */
static inline void copy_atom(int8_t *to, const int8_t *from, uint32_t bytes, uint8_t flip)
{
	int8_t atom[32];

	switch (bytes) {
	case 4:
		copy(atom, from, 4, flip);
		memcpy(to, atom, 4);
		break;
	case 8:
		copy(atom, from, 8, flip);
		memcpy(to, atom, 8);
		break;
	case 16:
		copy(atom, from, 16, flip);
		memcpy(to, atom, 16);
		break;
	default:
		copy(atom, from, 32, flip);
		memcpy(to, atom, 32);
	}
}

static uint32_t channels_in_plane(const struct dla_pixels *p, uint32_t first)
{
	return p->channels - first < p->atom ? p->channels - first : p->atom;
}

void dla_pack_from(const struct dla_pixels *p, size_t first, const int8_t *nhwc, int8_t *npu)
{
	for (uint32_t c = 0; c < p->channels; c += p->atom, npu += p->plane_stride) {
		const int8_t *from = nhwc + first * p->channels + c;
		uint32_t used = channels_in_plane(p, c);
		int8_t *to = npu + first * p->atom;

		for (size_t i = first; i < p->count; i++, from += p->channels, to += p->atom) {
			if (used == p->atom) {
				copy_atom(to, from, p->atom, p->flip);
				continue;
			}
			memset(to, 0, p->atom);
			copy(to, from, used, p->flip);
		}
	}
}

void dla_unpack_from(const struct dla_pixels *p, size_t first, const int8_t *npu, int8_t *nhwc)
{
	for (uint32_t c = 0; c < p->channels; c += p->atom, npu += p->plane_stride) {
		const int8_t *from = npu + first * p->atom;
		uint32_t used = channels_in_plane(p, c);
		int8_t *to = nhwc + first * p->channels + c;

		for (size_t i = first; i < p->count; i++, from += p->atom, to += p->channels) {
			if (used == p->atom)
				copy_atom(to, from, p->atom, p->flip);
			else
				copy(to, from, used, p->flip);
		}
	}
}

static void pack(const struct dla_pixels *pixels, const int8_t *nhwc, int8_t *npu)
{
	dla_pack_from(pixels, 0, nhwc, npu);
}

static void unpack(const struct dla_pixels *pixels, const int8_t *npu, int8_t *nhwc)
{
	dla_unpack_from(pixels, 0, npu, nhwc);
}

static const struct dla_convert plain = { "plain", pack, unpack };

#if defined(__x86_64__)
static const struct dla_convert other = { "avx2", dla_pack_avx2, dla_unpack_avx2 };

static bool have_other(void)
{
	return __builtin_cpu_supports("avx2");
}
#elif defined(__aarch64__)
static const struct dla_convert other = { "neon", dla_pack_neon, dla_unpack_neon };

static bool have_other(void)
{
	return true;
}
#else
#define other plain

static bool have_other(void)
{
	return false;
}
#endif

const struct dla_convert *dla_convert_find(const char *name)
{
	if (have_other() && (!name || !strcmp(name, other.name)))
		return &other;
	return !name || !strcmp(name, plain.name) ? &plain : NULL;
}
