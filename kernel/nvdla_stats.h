/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NVDLA_STATS_H_
#define _NVDLA_STATS_H_

struct drm_file;
struct drm_printer;

void nvdla_show_fdinfo(struct drm_printer *p, struct drm_file *file);

#endif
