/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_EMU_CDP_LUT_H
#define NVDLA_EMU_CDP_LUT_H

#include <stdbool.h>
#include <stdint.h>

/* CDP's two look-up tables and the window through which they are written and read. */
struct cdp_lut;

struct cdp_lut *cdp_lut_new(void);
void cdp_lut_free(struct cdp_lut *lut);
void cdp_lut_reset(struct cdp_lut *lut);

bool cdp_lut_owns(uint32_t reg);
uint32_t cdp_lut_read(struct cdp_lut *lut, uint32_t reg);
void cdp_lut_write(struct cdp_lut *lut, uint32_t reg, uint32_t value);

#endif
