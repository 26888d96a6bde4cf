/* SPDX-License-Identifier: MIT */
#ifndef DLA_H
#define DLA_H

/*
 * libdla - int8 TensorFlow Lite networks on an NVDLA.
 *
 * Unless a function says otherwise it returns 0 or a pointer on success, and -1 or NULL with errno
 * set on failure; dla_strerror() then has a sentence for a person. Objects are opaque; one object
 * may be used by one thread at a time.
 */

#ifdef __cplusplus
extern "C" {
#endif

#define DLA_API __attribute__((visibility("default")))

/* Why the last failing call of this thread failed. Valid until the next failure in this thread. */
DLA_API const char *dla_strerror(void);

#ifdef __cplusplus
}
#endif

#endif
