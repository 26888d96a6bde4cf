// SPDX-License-Identifier: MIT
#include <dlfcn.h>
#include <errno.h>

#include "emulator.h"
#include "error.h"

/* Found beside libdla through its RUNPATH, or wherever the system keeps libraries. */
#define LIBRARY "libnvdla-emu.so.0"
#define SYMBOL "nvdla_emu_api"

const struct nvdla_emu_api *dla_emulator_load(void)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	const struct nvdla_emu_api *api;

	if (!library) {
		dla_fail(ENOENT, "the NVDLA emulator cannot be loaded: %s", dlerror());
		return NULL;
	}
	api = dlsym(library, SYMBOL);
	if (!api) {
		dla_fail(ENOEXEC, "%s is not the NVDLA emulator: it has no %s", LIBRARY, SYMBOL);
		dlclose(library);
		return NULL;
	}
	if (api->version != NVDLA_EMU_API_VERSION) {
		dla_fail(ENOEXEC, "%s has interface version %u, this program needs %u", LIBRARY,
			 api->version, NVDLA_EMU_API_VERSION);
		dlclose(library);
		return NULL;
	}
	return api;
}
