// SPDX-License-Identifier: MIT
/*
 * One convolution: what its five blocks have in their registers, whether that can work, and when
 * each of them is done.
 */
#include <stdlib.h>

#include "cbuf.h"
#include "timing.h"

static const enum unit conv_units[] = {
	UNIT_CDMA, UNIT_CSC, UNIT_CMAC_A, UNIT_CMAC_B, UNIT_CACC,
};

#define NR_UNITS (sizeof(conv_units) / sizeof(conv_units[0]))

bool conv_waiting(const struct nvdla_emu *emu)
{
	for (size_t i = 0; i < NR_UNITS; i++) {
		if (!unit_waiting(emu, conv_units[i]))
			return false;
	}
	return true;
}

void conv_take(struct nvdla_emu *emu, struct job *job)
{
	for (size_t i = 0; i < NR_UNITS; i++)
		job_take(emu, job, conv_units[i]);
}

static void decode(const struct nvdla_emu *emu, struct conv *conv)
{
	const uint32_t *r = consumer_group(emu, UNIT_CSC);
	uint32_t size = REG(r, CSC_D_DATAIN_SIZE_EXT_0);
	uint32_t kernel = REG(r, CSC_D_WEIGHT_SIZE_EXT_0);
	uint32_t stride = REG(r, CSC_D_CONV_STRIDE_EXT);
	uint32_t dilation = REG(r, CSC_D_DILATION_EXT);
	uint32_t out = REG(r, CSC_D_DATAOUT_SIZE_0);

	conv->image = bits(REG(r, CSC_D_DATAIN_FORMAT), 0, 0);
	conv->width = bits(size, 12, 0) + 1;
	conv->height = bits(size, 28, 16) + 1;
	conv->entries = REG(r, CSC_D_ENTRY_PER_SLICE) + 1;
	/* 1, 3 or 4 channels; 2 counts as 1. */
	conv->pixel_bytes = bits(REG(r, CSC_D_DATAIN_SIZE_EXT_1), 1, 0) + 1;
	if (conv->pixel_bytes == 2)
		conv->pixel_bytes = 1;
	conv->kernels = bits(REG(r, CSC_D_WEIGHT_SIZE_EXT_1), 28, 16) + 1;
	conv->channels = bits(REG(r, CSC_D_WEIGHT_SIZE_EXT_1), 12, 0) + 1;
	conv->r = bits(kernel, 20, 16) + 1;
	conv->s = conv->image ? 1 : bits(kernel, 4, 0) + 1;
	conv->x_stride = bits(stride, 2, 0) + 1;
	conv->y_stride = bits(stride, 18, 16) + 1;
	conv->x_dilation = conv->image ? 1 : bits(dilation, 4, 0) + 1;
	conv->y_dilation = conv->image ? 1 : bits(dilation, 20, 16) + 1;
	/* In an image the left padding is already in the buffer. */
	conv->pad_left = conv->image ? 0 : bits(REG(r, CSC_D_ZERO_PADDING), 4, 0);
	conv->pad_top = bits(REG(r, CSC_D_ZERO_PADDING), 20, 16);
	conv->pad_value = (int8_t)REG(r, CSC_D_ZERO_PADDING_VALUE);
	conv->out_width = bits(out, 12, 0) + 1;
	conv->out_height = bits(out, 28, 16) + 1;
	conv->truncate = REG(consumer_group(emu, UNIT_CACC), CACC_D_CLIP_CFG);
	conv->blocks = div_round_up(conv->channels, emu->config->atomic_c);
	conv->steps = conv->blocks * conv->r * conv->s;
}

static const char *check_modes(const struct nvdla_emu *emu)
{
	const uint32_t *cdma = consumer_group(emu, UNIT_CDMA);
	const uint32_t *csc = consumer_group(emu, UNIT_CSC);
	const uint32_t *cacc = consumer_group(emu, UNIT_CACC);

	if (bits(REG(cdma, CDMA_D_MISC_CFG), 0, 0) || bits(REG(csc, CSC_D_MISC_CFG), 0, 0) ||
	    bits(REG(cacc, CACC_D_MISC_CFG), 0, 0) ||
	    bits(REG(consumer_group(emu, UNIT_CMAC_A), CMAC_D_MISC_CFG), 0, 0) ||
	    bits(REG(consumer_group(emu, UNIT_CMAC_B), CMAC_D_MISC_CFG), 0, 0))
		return "convolution: no Winograd mode";
	if (REG(cdma, CDMA_D_WEIGHT_FORMAT) || REG(csc, CSC_D_WEIGHT_FORMAT))
		return "convolution: no decompression of weights";
	if (REG(csc, CSC_D_POST_Y_EXTENSION))
		return "convolution: extension along y is not modelled";
	if (bits(REG(cdma, CDMA_D_DATAIN_FORMAT), 0, 0) !=
	    bits(REG(csc, CSC_D_DATAIN_FORMAT), 0, 0))
		return "CDMA and CSC differ in the format of the input";
	return NULL;
}

/* What CDMA loads, CSC reads and CACC counts has to be the same. */
static const char *check_sizes(const struct nvdla_emu *emu, const struct conv *conv)
{
	const uint32_t *cdma = consumer_group(emu, UNIT_CDMA);
	const uint32_t *csc = consumer_group(emu, UNIT_CSC);
	const uint32_t *cacc = consumer_group(emu, UNIT_CACC);
	uint32_t out = REG(cacc, CACC_D_DATAOUT_SIZE_0);
	uint64_t positions = (uint64_t)conv->out_width * conv->out_height;
	uint64_t bytes = (uint64_t)conv->r * conv->s * conv->channels;

	if (REG(cdma, CDMA_D_BANK) != REG(csc, CSC_D_BANK))
		return "CDMA and CSC differ in the banks of the convolution buffer";
	if (REG(cdma, CDMA_D_ENTRY_PER_SLICE) != REG(csc, CSC_D_ENTRY_PER_SLICE))
		return "CDMA and CSC differ in the entries of a line";
	if (!conv->image && bits(REG(cdma, CDMA_D_DATAIN_SIZE_0), 12, 0) + 1 != conv->width)
		return "CDMA and CSC differ in the width of the input";
	if (REG(cdma, CDMA_D_WEIGHT_SIZE_0) + 1 != bytes ||
	    REG(cdma, CDMA_D_WEIGHT_SIZE_1) + 1 != conv->kernels)
		return "CDMA and CSC differ in the size of the weights";
	if (REG(cdma, CDMA_D_WEIGHT_BYTES) < bytes * conv->kernels)
		return "CDMA: fewer bytes of weights than the kernels have";
	if (!conv->image && REG(csc, CSC_D_ATOMICS) + 1 != positions)
		return "CSC: atomics differ from the output's width times height";
	if ((uint64_t)(bits(out, 12, 0) + 1) * (bits(out, 28, 16) + 1) != positions)
		return "CACC and CSC differ in the size of the output";
	if (REG(cacc, CACC_D_DATAOUT_SIZE_1) / emu->config->atomic_k !=
	    (conv->kernels - 1) / emu->config->atomic_k)
		return "CACC and CSC differ in the number of kernels";
	return NULL;
}

static uint64_t macs(const struct conv *conv)
{
	return (uint64_t)conv->out_width * conv->out_height * conv->kernels * conv->r * conv->s *
	       conv->channels;
}

/* Does every access stay within the line, and the line within its entries? */
static bool line_fits(const struct nvdla_emu *emu, const struct conv *conv)
{
	uint64_t last = (uint64_t)(conv->out_width - 1) * conv->x_stride * conv->pixel_bytes;

	if (conv->image)
		return last + conv->channels <=
		       (uint64_t)conv->entries * emu->config->cbuf_entry_bytes;
	return cbuf_line_entries(emu->config, conv->width,
				 div_round_up(conv->channels, emu->config->atom)) <= conv->entries;
}

const char *conv_start(struct nvdla_emu *emu, struct conv *conv, uint64_t plane,
		       unsigned int surfaces)
{
	const char *reason;

	decode(emu, conv);
	reason = check_modes(emu);
	if (!reason)
		reason = check_sizes(emu, conv);
	if (reason)
		return reason;
	if (!line_fits(emu, conv))
		return "convolution: the input's line does not fit its entries";
	if ((uint64_t)conv->out_width * conv->out_height != plane ||
	    div_round_up(conv->kernels, emu->config->atomic_k) != surfaces)
		return "CACC and SDP differ in the size of the output";
	/* The product of the sizes fits 64 bits: 21 + 13 + 18 + 13 bits at most. */
	if (macs(conv) > job_max_work(emu))
		return "convolution too large for the emulator";
	reason = cdma_load(emu, conv);
	if (reason)
		return reason;
	conv->mac = mac_new(emu, conv);
	return conv->mac ? NULL : "out of memory";
}

uint64_t conv_complete(struct nvdla_emu *emu, struct job *job, const struct conv *conv)
{
	const struct timing_conv timing = {
		.image = conv->image,
		.out_width = conv->out_width,
		.out_height = conv->out_height,
		.kernels = conv->kernels,
		.data_bytes = conv->data_fetched,
		.weight_bytes = conv->weights_fetched,
		.group_bytes = (uint64_t)conv->r * conv->s * conv->channels *
			       emu->config->atomic_k,
		.weight_room = conv->weight_room,
		.steps = conv->steps,
	};
	uint64_t flush = (uint64_t)emu->config->cbuf_flush_cycles * 4;
	uint64_t delay = emu->now < flush ? (flush - emu->now + 3) / 4 : 0;
	struct timing_conv_result at = timing_conv(emu->config, &timing);
	uint64_t loaded = at.data_done > at.weights_done ? at.data_done : at.weights_done;

	/* CDMA waits for the buffer to be zeroed after reset. */
	job_event(emu, job, delay + at.data_done,
		  (struct event){ .done = UNIT_NONE, .irq = IRQ_CDMA_DAT, .irq_unit = UNIT_CDMA });
	job_event(emu, job, delay + at.weights_done,
		  (struct event){ .done = UNIT_NONE, .irq = IRQ_CDMA_WT, .irq_unit = UNIT_CDMA });
	job_event(emu, job, delay + loaded, (struct event){ .done = UNIT_CDMA, .irq = IRQ_NONE });
	job_event(emu, job, delay + at.computed, (struct event){ .done = UNIT_CSC, .irq = IRQ_NONE });
	job_event(emu, job, delay + at.computed,
		  (struct event){ .done = UNIT_CMAC_A, .irq = IRQ_NONE });
	job_event(emu, job, delay + at.computed,
		  (struct event){ .done = UNIT_CMAC_B, .irq = IRQ_NONE });
	job_event(emu, job, delay + at.delivered,
		  (struct event){ .done = UNIT_CACC, .irq = IRQ_CACC, .irq_unit = UNIT_CACC });
	job->engines |= 1u << NVDLA_EMU_CONV;
	emu->stats.macs += macs(conv);
	cdma_finish(emu, conv);
	return delay + at.written;
}

void conv_release(struct conv *conv)
{
	mac_free(conv->mac);
}
