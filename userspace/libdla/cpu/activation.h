/* SPDX-License-Identifier: MIT */
#ifndef DLA_CPU_ACTIVATION_H
#define DLA_CPU_ACTIVATION_H

#include "kernel.h"

/* What an operation of one 8-bit input, element by element, makes of each stored value. */
void dla_cpu_activation_table(const struct dla_cpu_op *op, uint8_t table[256]);

#endif
