// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "cdp_lut.h"
struct cdp_lut { int x; };
struct cdp_lut *cdp_lut_new(void) { return calloc(1, sizeof(struct cdp_lut)); }
void cdp_lut_free(struct cdp_lut *lut) { free(lut); }
void cdp_lut_reset(struct cdp_lut *lut) { (void)lut; }
bool cdp_lut_owns(uint32_t reg) { (void)reg; return false; }
uint32_t cdp_lut_read(struct cdp_lut *lut, uint32_t reg) { (void)lut; (void)reg; return 0; }
void cdp_lut_write(struct cdp_lut *lut, uint32_t reg, uint32_t value) { (void)lut; (void)reg; (void)value; }
