// SPDX-License-Identifier: MIT
#include <math.h>
#include <stdlib.h>

#include "quantise.h"

/* The SDP's multipliers are int16. */
#define MUL_MAX 32767
#define ALU_MAX 32767

/*
 * X1's result saturates at 32 bits. An output is an int8 away from its zero point at most, so nothing
 * is lost as long as X1 saturates only where the output would lie beyond this many LSB, whatever X2
 * takes away again.
 */
#define OUTPUT_REACH 300.0

static int64_t round_shift(int64_t value, unsigned int shift)
{
	uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;

	if (shift)
		magnitude = (magnitude >> shift) + (magnitude >> (shift - 1) & 1);
	return value < 0 ? -(int64_t)magnitude : (int64_t)magnitude;
}

static int64_t saturate(int64_t value, unsigned int bits)
{
	int64_t limit = INT64_C(1) << (bits - 1);

	if (value >= limit)
		return limit - 1;
	return value < -limit ? -limit : value;
}

static double power_of_two(int exponent)
{
	return ldexp(1.0, exponent);
}

/* ------------------------------------------------------- requantisation of an accumulator */

/* The bias goes into X1's operand as far as 16 bits allow; X2 adds what remains. */
static unsigned int bias_shift(const struct dla_requant_wish *wish, unsigned int channels)
{
	int64_t largest = 0;
	unsigned int shift = 0;

	for (unsigned int k = 0; k < channels; k++)
		largest = llabs(wish[k].bias) > largest ? llabs(wish[k].bias) : largest;
	while (round_shift(largest, shift) > ALU_MAX)
		shift++;
	return shift;
}

static unsigned int output_shift(const struct dla_requant_wish *wish, unsigned int channels)
{
	double largest = 0;
	int shift;

	for (unsigned int k = 0; k < channels; k++)
		largest = fmax(largest, wish[k].multiplier);
	if (largest <= 0)
		return 37;
	/*
	 * m1 * m2 = multiplier << shift. Two bits below what two 15-bit factors reach leaves many pairs
	 * to choose from. 37 is where m2 would overflow with the largest m1 that OUTPUT_REACH allows.
	 */
	shift = (int)floor(28 - log2(largest));
	if (shift > 37)
		shift = 37;
	return shift < 0 ? 0 : (unsigned int)shift;
}

/* reach: of what X1 multiplies; rest: what X2 will add to it, both in units of the accumulator. */
static void find_multipliers(struct dla_requant_channel *c, double multiplier, int64_t reach, int64_t rest,
			     unsigned int shift)
{
	double target = multiplier * power_of_two((int)shift);
	double limit = fmax(power_of_two(31) * multiplier / (OUTPUT_REACH + (double)rest * multiplier),
			    floor((power_of_two(31) - 1) / (double)(reach > 0 ? reach : 1)));
	int largest = limit < MUL_MAX ? (int)limit : MUL_MAX;
	double best = INFINITY;

	c->m1 = 0;
	c->m2 = 0;
	/*
	 * Down to half of what is allowed: a smaller m1 makes X2's operand coarser, and a few
	 * thousand pairs are enough to meet most multipliers within 1e-7.
	 */
	for (int m1 = largest; m1 > 0 && m1 >= largest / 2 && best > 1e-9; m1--) {
		double m2 = nearbyint(target / m1);
		double error;

		if (m2 > MUL_MAX)
			break;
		error = fabs(m1 * m2 - target) / target;
		if (error < best) {
			best = error;
			c->m1 = (int16_t)m1;
			c->m2 = (int16_t)m2;
		}
	}
}

/* What X2 has to add to X1's result: the part of the bias that X1 could not, and the nudge. */
static double rest_of(const struct dla_requant *rq, unsigned int k, const struct dla_requant_wish *wish)
{
	const struct dla_requant_channel *c = &rq->channel[k];
	double rest = (double)(wish->bias - c->hi * (INT64_C(1) << rq->s)) * c->m1;

	if (c->m2)
		rest += wish->nudge * power_of_two((int)rq->shift) / c->m2;
	return rest;
}

double dla_double_rounding_nudge(double multiplier)
{
	int exponent;

	frexp(multiplier, &exponent);
	return exponent < 0 ? ldexp(0.5, exponent) : 0;
}

struct dla_requant *dla_requant_new(const struct dla_requant_wish *wish, unsigned int channels,
				    bool relu, int32_t zero_point)
{
	struct dla_requant *rq = calloc(1, sizeof(*rq) + channels * sizeof(rq->channel[0]));
	double largest = 0;

	if (!rq)
		return NULL;
	rq->channels = channels;
	rq->relu = relu;
	rq->zero_point = zero_point;
	rq->s = bias_shift(wish, channels);
	rq->shift = output_shift(wish, channels);

	for (unsigned int k = 0; k < channels; k++) {
		struct dla_requant_channel *c = &rq->channel[k];
		int64_t hi = round_shift(wish[k].bias, rq->s), added = hi * (INT64_C(1) << rq->s);

		find_multipliers(c, wish[k].multiplier, wish[k].reach + llabs(added),
				 llabs(wish[k].bias - added), rq->shift);
		c->hi = (int16_t)hi;
		largest = fmax(largest, fabs(rest_of(rq, k, &wish[k])));
	}
	while (nearbyint(largest / power_of_two((int)rq->s2)) > ALU_MAX)
		rq->s2++;

	for (unsigned int k = 0; k < channels; k++) {
		struct dla_requant_channel *c = &rq->channel[k];
		double unit = c->m2 / power_of_two((int)rq->shift);	/* LSB per unit of X1's result */
		double rest = rest_of(rq, k, &wish[k]);
		/* Beyond the int8 range both the exact value and this one saturate. */
		double range = fmin((double)(wish[k].reach + llabs(wish[k].bias)) * wish[k].multiplier, 256);
		double exact = wish[k].multiplier;
		double error;

		c->r = (int16_t)nearbyint(rest / power_of_two((int)rq->s2));
		error = fabs(rest - c->r * power_of_two((int)rq->s2)) * unit;
		if (exact > 0)
			error += range * fabs(c->m1 * unit - exact) / exact;
		rq->error = fmax(rq->error, error);
	}
	return rq;
}

/*
 * n * 128 is the largest sum. The factor may exceed 1/n, so that halves are rounded away from zero
 * as TFLite does, but not by so much that a sum below a half gets there.
 */
bool dla_requant_is_average(const struct dla_requant *rq, unsigned int n)
{
	for (unsigned int k = 0; k < rq->channels; k++) {
		int64_t one = INT64_C(1) << rq->shift;
		int64_t excess = (int64_t)rq->channel[k].m1 * rq->channel[k].m2 * n - one;

		if (excess < 0 || excess > one / (512 * (int64_t)n))
			return false;
	}
	return true;
}

int8_t dla_requant_eval(const struct dla_requant *rq, unsigned int channel, int32_t acc)
{
	const struct dla_requant_channel *c = &rq->channel[channel];
	int64_t v, t;

	v = acc + saturate(c->hi * (INT64_C(1) << rq->s), 32);
	v = saturate(v * c->m1, 32);
	t = v + saturate(c->r * (INT64_C(1) << rq->s2), 32);
	t = saturate(round_shift(t * c->m2, rq->shift), 32);
	if (rq->relu && t < 0)
		t = 0;
	return (int8_t)saturate(saturate(t + rq->zero_point, 17), 8);
}

/* --------------------------------------------------------------------------------- ADD */

/* scale / 2^shift = factor, scale in 2^14..2^15. */
static void find_converter(double factor, int16_t *scale, unsigned int *shift)
{
	int exponent;

	frexp(factor, &exponent);
	exponent = 15 - exponent;
	if (nearbyint(factor * power_of_two(exponent)) > MUL_MAX)
		exponent--;
	exponent = exponent < 0 ? 0 : exponent > 63 ? 63 : exponent;
	*shift = (unsigned int)exponent;
	*scale = (int16_t)fmin(nearbyint(factor * power_of_two(exponent)), MUL_MAX);
}

void dla_add_init(struct dla_add *add, double scale_0, int32_t zero_0, double scale_1, int32_t zero_1,
		  double scale_out, int32_t zero_out)
{
	double scale_a, scale_b, ratio, factor, converted, offset, in_a, sum;
	int32_t zero_b;

	/* With a's scale the smaller one, X1's multiplier stays below 2^p and nothing saturates. */
	add->swap = scale_0 > scale_1;
	scale_a = add->swap ? scale_1 : scale_0;
	scale_b = add->swap ? scale_0 : scale_1;
	add->zero_a = (int16_t)(add->swap ? zero_1 : zero_0);
	zero_b = add->swap ? zero_0 : zero_1;
	ratio = scale_a / scale_b;

	/* m / 2^shift = ratio * 2^p, m as large as 15 bits allow; the shift cannot be negative. */
	add->p = 16;
	while (ratio * power_of_two((int)add->p) > MUL_MAX)
		add->p--;
	add->shift = 0;
	while (add->shift < 63 && ratio * power_of_two((int)(add->p + add->shift + 1)) <= MUL_MAX)
		add->shift++;
	add->m = (int16_t)nearbyint(ratio * power_of_two((int)(add->p + add->shift)));

	factor = scale_b / scale_out / power_of_two((int)add->p);
	find_converter(factor, &add->scale, &add->out_shift);
	converted = add->scale / power_of_two((int)add->out_shift);
	offset = zero_b * power_of_two((int)add->p) -
		 zero_out / (add->scale ? converted : factor);
	add->offset = (int32_t)fmax(fmin(nearbyint(offset), INT32_MAX), INT32_MIN);

	/*
	 * In units of b: what the largest a loses to m and to its rounding, and what the largest sum
	 * whose output does not saturate loses to scale. Then what the offset loses, which is much
	 * where an output's LSB is so many of the operands' that 32 bits do not hold its zero point.
	 */
	in_a = 255 * fabs(add->m / power_of_two((int)(add->p + add->shift)) - ratio) +
	       0.5 / power_of_two((int)add->p);
	sum = fmin(255 * (1 + ratio), 512 * scale_out / scale_b);
	add->error = in_a * scale_b / scale_out +
		     sum * fabs(converted - factor) * power_of_two((int)add->p) +
		     fabs(offset - add->offset) * factor;
}

int8_t dla_add_eval(const struct dla_add *add, int8_t a, int8_t b)
{
	int64_t v, t;

	v = saturate(round_shift(((int64_t)a - add->zero_a) * add->m, add->shift), 32);
	t = saturate(v + saturate(b * (INT64_C(1) << add->p), 32), 32);
	t = round_shift((t - add->offset) * add->scale, add->out_shift);
	return (int8_t)saturate(saturate(t, 17), 8);
}

/* --------------------------------------------------------------- a convolution with an ADD */

/* X1's ALU operand is an int16 shifted left and must fit in 32 bits. */
#define BIAS_SHIFT_MAX 16

/* What one channel is to compute, in units of X1's product: acc * slope + bias, for acc in first..last. */
struct line {
	double slope, bias;
	double first, last;
};

/*
 * Only accumulators matter whose output does not saturate, whatever the residual: beyond them X1 is
 * monotonic, and so the output saturates too.
 */
static struct line line_of(const struct dla_requant_wish *wish, const struct dla_residual *residual,
			   double unit)
{
	double below = (residual->low - 2 - residual->zero_out) / residual->ratio - (INT8_MAX - residual->zero);
	double above = (residual->high + 2 - residual->zero_out) / residual->ratio - (INT8_MIN - residual->zero);
	double reach = (double)wish->reach, bias = (double)wish->bias;

	if (residual->inner_relu)
		below = fmax(below, 0);
	return (struct line) {
		.slope = wish->multiplier * unit,
		/* X2's ReLU cuts at zero, so the residual's zero point has to be taken away before. */
		.bias = (bias * wish->multiplier - (residual->relu ? residual->zero : 0)) * unit,
		.first = fmax(fmin(below / wish->multiplier - bias, reach), -reach),
		.last = fmax(fmin(above / wish->multiplier - bias, reach), -reach),
	};
}

/* Given m1, the best hi, and how far from the line the two are at most. */
static double fit_bias(struct dla_conv_add_channel *c, const struct line *line, double m1, unsigned int s)
{
	double tilt = m1 - line->slope, unit = m1 * power_of_two((int)s);
	double hi = m1 > 0 ? nearbyint((line->bias - tilt * (line->first + line->last) / 2) / unit) : 0;
	double rest;

	hi = fmax(fmin(hi, ALU_MAX), -ALU_MAX);
	rest = hi * unit - line->bias;
	c->hi = (int16_t)hi;
	c->m1 = (int16_t)m1;
	return fmax(fabs(tilt * line->first + rest), fabs(tilt * line->last + rest));
}

static double fit_channel(struct dla_conv_add_channel *best, const struct line *line, unsigned int s)
{
	/* The last makes room for a bias that would not fit beside the others. */
	const double m1[] = {
		floor(line->slope), ceil(line->slope),
		ceil(fabs(line->bias) / (ALU_MAX * power_of_two((int)s))),
	};
	double least = INFINITY;

	for (size_t i = 0; i < sizeof(m1) / sizeof(m1[0]); i++) {
		struct dla_conv_add_channel c;
		double error;

		if (m1[i] > MUL_MAX)
			continue;
		error = fit_bias(&c, line, m1[i], s);
		if (error < least) {
			least = error;
			*best = c;
		}
	}
	return least;
}

/* The largest error of any channel, in units of X1's product. */
static double fit_channels(struct dla_conv_add *add, const struct line *line, unsigned int s)
{
	double error = 0;

	for (unsigned int k = 0; k < add->channels; k++)
		error = fmax(error, fit_channel(&add->channel[k], &line[k], s));
	return error;
}

/* The error of offset and converter at an output y, and of the rounding behind X1. */
static double converter_error(const struct dla_conv_add *add, const struct dla_residual *residual, double y)
{
	double factor = residual->ratio / power_of_two((int)add->p);
	double t = (y - residual->zero_out) / factor +
		   (residual->relu ? 0 : residual->zero * power_of_two((int)add->p));

	if (fabs(t) >= power_of_two(31))
		return INFINITY;
	return fabs((t - add->offset) * add->scale / power_of_two((int)add->out_shift) - y) + factor / 2;
}

/* Choose p, X1's shift and the converter; returns how many units of X1's product the residual's LSB has. */
static double find_scales(struct dla_conv_add *add, const struct dla_requant_wish *wish,
			  const struct dla_residual *residual)
{
	double largest = 0, reach = 512 / residual->ratio + 512, factor, offset;

	for (unsigned int k = 0; k < add->channels; k++)
		largest = fmax(largest, wish[k].multiplier);
	/* Neither may m1 exceed 16 bits, nor what does not saturate in the end 32. */
	add->p = 16;
	while (add->p > 0 && (largest * power_of_two((int)add->p) > MUL_MAX ||
			      reach * power_of_two((int)add->p) >= power_of_two(31)))
		add->p--;
	while (add->shift < 63 && largest * power_of_two((int)(add->p + add->shift + 1)) <= MUL_MAX)
		add->shift++;

	factor = residual->ratio / power_of_two((int)add->p);
	find_converter(factor, &add->scale, &add->out_shift);
	offset = (residual->relu ? 0 : residual->zero * power_of_two((int)add->p));
	if (add->scale)
		offset -= residual->zero_out * power_of_two((int)add->out_shift) / add->scale;
	add->offset = (int32_t)fmax(fmin(nearbyint(offset), INT32_MAX), INT32_MIN);
	return power_of_two((int)(add->p + add->shift));
}

struct dla_conv_add *dla_conv_add_new(const struct dla_requant_wish *wish, unsigned int channels,
				      const struct dla_residual *residual)
{
	struct dla_conv_add *add = calloc(1, sizeof(*add) + channels * sizeof(add->channel[0]));
	struct line *line = calloc(channels, sizeof(*line));
	double unit, least = INFINITY;

	if (!add || !line) {
		free(add);
		free(line);
		return NULL;
	}
	add->channels = channels;
	add->inner_relu = residual->inner_relu;
	add->relu = residual->relu;
	unit = find_scales(add, wish, residual);
	for (unsigned int k = 0; k < channels; k++)
		line[k] = line_of(&wish[k], residual, unit);
	for (unsigned int s = 0; s <= BIAS_SHIFT_MAX; s++) {
		double error = fit_channels(add, line, s);

		if (error < least) {
			least = error;
			add->s = s;
		}
	}
	/* A slope too steep for 16 bits leaves no candidate, and an infinite error. */
	least = fit_channels(add, line, add->s);
	add->error = least / unit * residual->ratio +
		     fmax(converter_error(add, residual, residual->low - 2),
			  converter_error(add, residual, residual->high + 2));
	free(line);
	return add;
}

int8_t dla_conv_add_eval(const struct dla_conv_add *add, unsigned int channel, int32_t acc, int8_t residual)
{
	const struct dla_conv_add_channel *c = &add->channel[channel];
	int64_t v, t;

	v = acc + saturate(c->hi * (INT64_C(1) << add->s), 32);
	v = saturate(round_shift(v * c->m1, add->shift), 32);
	if (add->inner_relu && v < 0)
		v = 0;
	t = saturate(v + saturate(residual * (INT64_C(1) << add->p), 32), 32);
	if (add->relu && t < 0)
		t = 0;
	t = round_shift((t - add->offset) * add->scale, add->out_shift);
	return (int8_t)saturate(saturate(t, 17), 8);
}

/* ------------------------------------------------------------------------------- pooling */

bool dla_average_init(unsigned int n, uint32_t *recip_width, uint32_t *recip_height)
{
	/* Eight times -128 is -1024, one more than the eleven bits between the multipliers should hold. */
	if (n == 0 || n > 7)
		return false;
	/*
	 * The sum passes the first multiplication unchanged. 2^16 / n rounded up: its excess, below
	 * 2^-16 of at most 1024, never reaches the next multiple of 1/n, and a tie stays a tie.
	 */
	*recip_width = 65536;
	*recip_height = (65536 + n - 1) / n;
	return true;
}

bool dla_average_init_near(unsigned int n, uint32_t *recip_width, uint32_t *recip_height)
{
	if (n < 8 || n > 64)
		return false;
	/* An eighth of what 8/n is: the sum of n times -128 becomes -1024 at most. */
	*recip_width = 65536 * 8 / n;
	*recip_height = 65536 / 8;
	return true;
}

int8_t dla_average_eval(int32_t sum, uint32_t recip_width, uint32_t recip_height)
{
	int64_t first = round_shift((int64_t)sum * recip_width, 16);

	/* Eleven bits lie between the multipliers; more is lost without notice. */
	first = (int64_t)((uint64_t)first << 53) >> 53;
	return (int8_t)saturate(round_shift(first * recip_height, 16), 8);
}

/* ---------------------------------------------------------------------------- activation */

static int32_t quantised_bound(double real, double scale, int32_t zero_point)
{
	double q = zero_point + round(real / scale);

	return (int32_t)fmax(fmin(q, INT8_MAX), INT8_MIN);
}

void dla_activation_range(enum dla_activation activation, double scale, int32_t zero_point,
			  int32_t *low, int32_t *high)
{
	*low = INT8_MIN;
	*high = INT8_MAX;
	if (activation == DLA_ACT_RELU || activation == DLA_ACT_RELU6)
		*low = quantised_bound(0, scale, zero_point);
	if (activation == DLA_ACT_RELU6)
		*high = quantised_bound(6, scale, zero_point);
	if (activation == DLA_ACT_RELU_N1_TO_1) {
		*low = quantised_bound(-1, scale, zero_point);
		*high = quantised_bound(1, scale, zero_point);
	}
}

/* ------------------------------------------------------------------ element by element */

/* An output's scale leaves zero points and sums within 32 bits up to here. */
#define ELEMENT_SHIFT_MAX 22

void dla_sub_init(struct dla_add *sub, double scale_0, int32_t zero_0, double scale_1, int32_t zero_1,
		  double scale_out, int32_t zero_out)
{
	double zero_b;

	dla_add_init(sub, scale_0, zero_0, scale_1, zero_1, scale_out, zero_out);
	sub->m = (int16_t)-sub->m;
	/* Where b is what is subtracted, both signs are the other way round, and so is all but its zero point. */
	if (sub->swap)
		return;
	zero_b = zero_1 * power_of_two((int)sub->p);
	sub->offset = (int32_t)fmax(fmin(2 * zero_b - sub->offset, INT32_MAX), INT32_MIN);
	sub->scale = (int16_t)-sub->scale;
}

/* The largest shift, up to a limit, by which a factor still is an int16. */
static unsigned int factor_shift(double largest, unsigned int limit)
{
	unsigned int shift = 0;

	while (shift < limit && nearbyint(largest * power_of_two((int)shift + 1)) <= MUL_MAX)
		shift++;
	return shift;
}

static int16_t to_int16(double value)
{
	return (int16_t)fmax(fmin(nearbyint(value), MUL_MAX), -MUL_MAX);
}

struct dla_affine *dla_affine_new(const struct dla_affine_wish *wish, unsigned int channels, int32_t zero,
				  int32_t zero_out, bool relu)
{
	struct dla_affine *affine = malloc(sizeof(*affine) + channels * sizeof(affine->channel[0]));
	double factor = 0, reach, addend = 0, unit;

	if (!affine)
		return NULL;
	for (unsigned int c = 0; c < channels; c++)
		factor = fmax(factor, fabs(wish[c].factor));
	/* What is added beyond that only saturates further. */
	reach = OUTPUT_REACH + 255 * factor;
	for (unsigned int c = 0; c < channels; c++)
		addend = fmax(addend, fmin(fabs(wish[c].addend), reach));

	*affine = (struct dla_affine) {
		.channels = channels, .zero = (int16_t)zero, .relu = relu,
		.shift = factor_shift(factor, ELEMENT_SHIFT_MAX),
	};
	unit = power_of_two((int)affine->shift);
	affine->offset = -zero_out * (1 << affine->shift);
	while (nearbyint(addend * unit / power_of_two((int)affine->p)) > ALU_MAX)
		affine->p++;
	for (unsigned int c = 0; c < channels; c++) {
		struct dla_affine_channel *out = &affine->channel[c];
		double limited = fmax(fmin(wish[c].addend, reach), -reach);

		out->m = to_int16(wish[c].factor * unit);
		out->k = to_int16(limited * unit / power_of_two((int)affine->p));
		affine->error = fmax(affine->error,
				     255 * fabs(out->m / unit - wish[c].factor) +
				     fabs(out->k * power_of_two((int)affine->p) / unit - limited));
	}
	return affine;
}

int8_t dla_affine_eval(const struct dla_affine *affine, unsigned int channel, int8_t x)
{
	const struct dla_affine_channel *c = &affine->channel[channel];
	int64_t t = saturate(((int64_t)x - affine->zero) * c->m, 32);

	t = saturate(t + saturate(c->k * (INT64_C(1) << affine->p), 32), 32);
	if (affine->relu && t < 0)
		t = 0;
	return (int8_t)saturate(saturate(round_shift(t - affine->offset, affine->shift), 17), 8);
}

struct dla_slope *dla_slope_new(double factor, const double *slope, unsigned int channels, int32_t zero,
				int32_t zero_out)
{
	struct dla_slope *s = malloc(sizeof(*s) + channels * sizeof(s->slope[0]));
	double steepest = 0, unit;

	if (!s)
		return NULL;
	for (unsigned int c = 0; c < channels; c++)
		steepest = fmax(steepest, fabs(slope[c]));
	*s = (struct dla_slope) {
		.channels = channels, .zero = (int16_t)zero,
		.shift = factor_shift(factor, ELEMENT_SHIFT_MAX),
		.slope_shift = factor_shift(steepest, 30),
	};
	unit = power_of_two((int)s->shift);
	s->m = to_int16(factor * unit);
	s->offset = -zero_out * (1 << s->shift);
	s->error = 255 * fabs(s->m / unit - factor) * fmax(1, steepest) + 0.5 / unit;
	for (unsigned int c = 0; c < channels; c++) {
		double lost;

		s->slope[c] = to_int16(slope[c] * power_of_two((int)s->slope_shift));
		lost = fabs(s->slope[c] / power_of_two((int)s->slope_shift) - slope[c]);
		s->error = fmax(s->error, 255 * (fabs(s->m / unit - factor) * steepest + factor * lost) + 0.5 / unit);
	}
	return s;
}

int8_t dla_slope_eval(const struct dla_slope *s, unsigned int channel, int8_t x)
{
	int64_t v = saturate(((int64_t)x - s->zero) * s->m, 32);

	if (v < 0)
		v = saturate(round_shift(v * s->slope[channel], s->slope_shift), 32);
	return (int8_t)saturate(saturate(round_shift(v - s->offset, s->shift), 17), 8);
}

bool dla_product_init(struct dla_product *product, double factor, int32_t zero_x, int32_t zero_y, int32_t zero_out)
{
	double converted, offset, largest;

	/* Only a power of two can be added to y by shifting x. */
	if (zero_y > 0 || (-zero_y & (-zero_y - 1)))
		return false;
	*product = (struct dla_product) { .zero = (int16_t)zero_x, .again = zero_y < 0 };
	if (product->again)
		product->k = (unsigned int)__builtin_ctz((unsigned int)-zero_y);
	find_converter(factor, &product->scale, &product->shift);
	converted = product->scale / power_of_two((int)product->shift);
	offset = -(double)zero_y * zero_x - (product->scale ? zero_out / converted : 0);
	product->offset = (int32_t)fmax(fmin(nearbyint(offset), INT32_MAX), INT32_MIN);
	largest = fmin(255 * 255, 512 / factor);
	product->error = largest * fabs(converted - factor) + fabs(offset - product->offset) * factor;
	return true;
}

int8_t dla_product_eval(const struct dla_product *product, int8_t x, int8_t y)
{
	int64_t t = saturate(((int64_t)x - product->zero) * y, 32);

	if (product->again)
		t = saturate(t + x * (INT64_C(1) << product->k), 32);
	t = round_shift((t - product->offset) * product->scale, product->shift);
	return (int8_t)saturate(saturate(t, 17), 8);
}
