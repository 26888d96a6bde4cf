/* SPDX-License-Identifier: MIT */
#ifndef DLA_CALIBRATE_H
#define DLA_CALIBRATE_H

#include "device.h"
#include "meter.h"
#include "profile.h"

/*
 * What of a profile can be measured, in place of what is there; or an error, -EAGAIN when the machine is too
 * busy for that.
 */
int dla_calibrate_cpu(const struct dla_meter *meter, struct dla_profile *profile);
int dla_calibrate_npu(const struct dla_meter *meter, struct dla_device *device, struct dla_profile *profile);

#endif
