# SPDX-License-Identifier: MIT
"""Libraries of arm64: headers and link names to build with, and what the guest runs with."""
import glob
import os

from . import debian

PACKAGES = ["busybox-static", "libc6", "libcmocka0", "libcmocka-dev", "libgcc-s1", "libdrm2", "libdrm-dev", "libjansson4",
            "libjansson-dev", "libnl-3-200", "libnl-3-dev", "libnl-genl-3-200", "libnl-genl-3-dev", "libstb0",
            "libstb-dev", "libxnnpack0", "libxnnpack-dev", "libpthreadpool0",
            "libpthreadpool-dev", "libcpuinfo0", "zlib1g", "zlib1g-dev"]


def relative_links(folder):
    """Links from /usr/lib to /lib are absolute, and would lead to this machine's libraries."""
    for path in glob.glob(os.path.join(folder, "usr/lib/aarch64-linux-gnu/*.so*")):
        target = os.readlink(path) if os.path.islink(path) else ""
        if os.path.isabs(target):
            os.unlink(path)
            os.symlink(os.path.relpath(folder + target, os.path.dirname(path)), path)


def folder():
    return debian.unpacked("sysroot", [f"{name}:arm64" for name in PACKAGES], relative_links)


def busybox():
    return os.path.join(folder(), "bin/busybox")
