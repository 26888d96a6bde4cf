/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
#ifndef _NVDLA_HOST_LINUX_OVERFLOW_H_
#define _NVDLA_HOST_LINUX_OVERFLOW_H_

#define check_add_overflow(a, b, d)	__builtin_add_overflow(a, b, d)
#define check_sub_overflow(a, b, d)	__builtin_sub_overflow(a, b, d)
#define check_mul_overflow(a, b, d)	__builtin_mul_overflow(a, b, d)

#endif
