/* SPDX-License-Identifier: MIT */
#ifndef DLA_REPORT_H
#define DLA_REPORT_H

#include "dla.h"

/* What `dla run` prints of a finished run: a table for people, or the JSON object of its contract. */
void report_operations(const struct dla_network *network);
void report_npu(const struct dla_device *device, const struct dla_network *network);
void report_output(const struct dla_tensor_info *info, const void *data, unsigned int top, char **label,
		   unsigned int labels);
int report_json(const struct dla_device *device, const struct dla_network *network,
		const struct dla_request *request);

#endif
