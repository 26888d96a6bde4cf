/* SPDX-License-Identifier: MIT */
#ifndef DELEGATE_SHA256_H
#define DELEGATE_SHA256_H

#include <stddef.h>
#include <stdint.h>

/* FIPS 180-4 */
struct sha256 {
	uint32_t state[8];
	uint64_t bytes;
	uint8_t block[64];
};

void sha256_begin(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t bytes);
void sha256_end(struct sha256 *s, char hex[65]);

#endif
