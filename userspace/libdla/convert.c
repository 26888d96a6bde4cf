// SPDX-License-Identifier: MIT
#include <stdbool.h>
#include <string.h>

#include "convert.h"

/* ------------------------------------------------------------------------------------ plain C */

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

static void pack_plane(const struct dla_pixels *p, size_t count, uint32_t channels, const int8_t *from, int8_t *to)
{
	for (; count; count--, from += p->channels, to += p->atom) {
		if (channels == p->atom) {
			copy_atom(to, from, p->atom, p->flip);
			continue;
		}
		memset(to, 0, p->atom);
		copy(to, from, channels, p->flip);
	}
}

static void unpack_plane(const struct dla_pixels *p, size_t count, uint32_t channels, const int8_t *from, int8_t *to)
{
	for (; count; count--, from += p->atom, to += p->channels) {
		if (channels == p->atom)
			copy_atom(to, from, p->atom, p->flip);
		else
			copy(to, from, channels, p->flip);
	}
}

static const struct dla_convert plain = { "plain", .planes = 1, .pack = pack_plane, .unpack = unpack_plane };

/* ------------------------------------------------------------------------ any set of instructions */

/* How many pixels have so many bytes of others behind them: all but the last ones. */
static size_t pixels_before(const struct dla_pixels *p, size_t bytes)
{
	size_t last = (bytes + p->channels - 1) / p->channels;

	return p->count > last ? p->count - last : 0;
}

/*
 * Pixels that are converted plane by plane before the next ones are: what lies in the network's order is
 * touched once for each few planes, so it should be in the nearest cache then; but in a plane they should
 * be some cache lines on end, and end with one, for what fetches ahead to keep up.
 */
static size_t pixels_at_once(const struct dla_pixels *p)
{
	const size_t fit = 12288 / p->channels, lines = 64, least = 16;

	return fit < least ? least : fit < lines ? fit / least * least : fit / lines * lines;
}

static uint32_t channels_at_once(const struct dla_convert *convert, const struct dla_pixels *p)
{
	return p->atom == 8 ? 8 * convert->planes : p->atom;
}

static void pack_pixels(const struct dla_convert *convert, const struct dla_pixels *p, size_t first, size_t count,
			const int8_t *nhwc, int8_t *npu)
{
	const uint32_t step = channels_at_once(convert, p);

	nhwc += first * p->channels;
	npu += first * p->atom;
	for (uint32_t c = 0; c < p->channels; c += step) {
		uint32_t left = p->channels - c;

		convert->pack(p, count, left < step ? left : step, nhwc + c, npu + c / p->atom * p->plane_stride);
	}
}

/* The last channels come first: what they write into the next pixel is written over then. */
static void unpack_pixels(const struct dla_convert *convert, const struct dla_pixels *p, size_t first, size_t count,
			  const int8_t *npu, int8_t *nhwc)
{
	const uint32_t step = channels_at_once(convert, p);

	npu += first * p->atom;
	nhwc += first * p->channels;
	for (uint32_t left = p->channels, now; left; left -= now) {
		uint32_t c = (left - 1) / step * step;

		now = left - c;
		convert->unpack(p, count, now, npu + c / p->atom * p->plane_stride, nhwc + c);
	}
}

/* Pixels that kernels for few channels cannot convert in place, which are fewer than these, and theirs. */
#define REST_MAX (DLA_CONVERT_REACH + DLA_PIXELS_FEW)
#define REST_BYTES (REST_MAX * 16 + DLA_CONVERT_REACH)

static size_t round_up(size_t pixels)
{
	return (pixels + DLA_PIXELS_FEW - 1) / DLA_PIXELS_FEW * DLA_PIXELS_FEW;
}

/* Pixels of so many bytes each, read and written, by a kernel for few channels. */
static void convert_few(void (*kernel)(const struct dla_pixels *pixels, size_t count, const int8_t *from, int8_t *to),
			const struct dla_pixels *p, const int8_t *from, size_t from_bytes, int8_t *to, size_t to_bytes)
{
	size_t count = pixels_before(p, DLA_CONVERT_REACH) / DLA_PIXELS_FEW * DLA_PIXELS_FEW;
	size_t rest = p->count - count, used = rest * from_bytes;
	int8_t last[REST_BYTES], converted[REST_BYTES];

	kernel(p, count, from, to);
	memcpy(last, from + count * from_bytes, used);
	memset(last + used, 0, round_up(rest) * from_bytes + DLA_CONVERT_REACH - used);
	kernel(p, round_up(rest), last, converted);
	memcpy(to + count * to_bytes, converted, rest * to_bytes);
}

static bool are_few(const struct dla_pixels *p)
{
	return p->channels <= p->atom && p->atom <= 16;
}

/* So many of many pixels are for kernels, which need bytes behind them; the last ones are for plain C. */
static size_t pixels_for(const struct dla_pixels *p)
{
	return pixels_before(p, -p->channels % DLA_CONVERT_REACH) / DLA_PIXELS_MANY * DLA_PIXELS_MANY;
}

typedef void many_fn(const struct dla_convert *convert, const struct dla_pixels *pixels, size_t first, size_t count,
		     const int8_t *from, int8_t *to);

static void convert_many(const struct dla_convert *convert, many_fn *many, const struct dla_pixels *p, const int8_t *from,
			 int8_t *to)
{
	const size_t count = pixels_for(p), step = pixels_at_once(p);

	for (size_t first = 0; first < count; first += step)
		many(convert, p, first, count - first < step ? count - first : step, from, to);
	many(&plain, p, count, p->count - count, from, to);
}

void dla_convert_pack(const struct dla_convert *convert, const struct dla_pixels *p, const int8_t *nhwc, int8_t *npu)
{
	if (!p->channels)
		return;
	if (convert->pack_few && are_few(p))
		convert_few(convert->pack_few, p, nhwc, p->channels, npu, p->atom);
	else
		convert_many(convert, pack_pixels, p, nhwc, npu);
}

void dla_convert_unpack(const struct dla_convert *convert, const struct dla_pixels *p, const int8_t *npu, int8_t *nhwc)
{
	if (!p->channels)
		return;
	if (convert->unpack_few && are_few(p))
		convert_few(convert->unpack_few, p, npu, p->atom, nhwc, p->channels);
	else
		convert_many(convert, unpack_pixels, p, npu, nhwc);
}

#if defined(__x86_64__)
#define other dla_convert_avx2

static bool have_other(void)
{
	return __builtin_cpu_supports("avx2");
}
#elif defined(__aarch64__)
#define other dla_convert_neon

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
