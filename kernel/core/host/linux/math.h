/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#ifndef _NVDLA_HOST_LINUX_MATH_H_
#define _NVDLA_HOST_LINUX_MATH_H_

#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define round_up(x, power)	((((x) - 1) | ((__typeof__(x))((power) - 1))) + 1)

#endif
