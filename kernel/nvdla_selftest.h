/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _NVDLA_SELFTEST_H_
#define _NVDLA_SELFTEST_H_

struct nvdla_device;
struct seq_file;

int nvdla_selftest_init(struct nvdla_device *ndev);
void nvdla_selftest_probe(struct nvdla_device *ndev);
int nvdla_selftest_run(struct nvdla_device *ndev);
void nvdla_selftest_show(struct nvdla_device *ndev, struct seq_file *m);
void nvdla_selftest_cancel(struct nvdla_device *ndev);
void nvdla_selftest_flush(struct nvdla_device *ndev);

#endif
