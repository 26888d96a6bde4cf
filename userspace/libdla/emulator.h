/* SPDX-License-Identifier: MIT */
#ifndef DLA_EMULATOR_H
#define DLA_EMULATOR_H

#include "dla.h"
#include "nvdla_emu.h"

/*
 * The emulator is a library that is loaded when somebody asks for it. NULL with the reason recorded
 * (dla_strerror()) when it is not there or not of this version; stays loaded otherwise. Exported
 * for the tools beside this library, not a part of its interface.
 */
DLA_API const struct nvdla_emu_api *dla_emulator_load(void);

#endif
