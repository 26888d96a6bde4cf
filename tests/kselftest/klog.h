/* SPDX-License-Identifier: MIT */
#ifndef NVDLA_TEST_KLOG_H
#define NVDLA_TEST_KLOG_H

#include <stdbool.h>

/* The kernel's log: open before what is to be read happens. -1 where it may not be read. */
int klog_open(void);
/* Whether it has said @text since then, or since it was last asked. */
bool klog_said(int klog, const char *text);
/* Print what it has said since then that it says of mistakes only (file "splats"); whether it did. */
bool klog_trouble(int klog);

#endif
