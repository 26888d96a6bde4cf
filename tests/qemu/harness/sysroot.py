# SPDX-License-Identifier: MIT
"""Libraries of arm64: headers and link names to build with, and what the guest runs with."""
import os

from . import debian

PACKAGES = ["busybox-static", "libc6", "libgcc-s1", "libdrm2", "libdrm-dev", "libjansson4", "libjansson-dev", "libstb0",
            "libstb-dev", "zlib1g", "zlib1g-dev"]


def folder():
    return debian.unpacked("sysroot", [f"{name}:arm64" for name in PACKAGES])


def busybox():
    return os.path.join(folder(), "bin/busybox")
