// SPDX-License-Identifier: MIT
/* What Debian's libstb has: elsewhere stb is what its authors made, headers only. */
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_RESIZE_IMPLEMENTATION
#include <stb/stb_image.h>
#include <stb/stb_image_resize.h>
