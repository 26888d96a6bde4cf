# SPDX-License-Identifier: MIT
"""Debian's libraries of another architecture: headers and link names to build with, and what programs run with."""
import glob
import os

from . import cache, debian

# The names of the compiler and of the folders of libraries.
TRIPLETS = {"arm64": "aarch64-linux-gnu", "armhf": "arm-linux-gnueabihf", "riscv64": "riscv64-linux-gnu"}
# Debian 12 has no riscv64. Its XNNPACK is the one that libdla is written for: arm64 is tested with it, the
# others without.
RELEASES = {"armhf": "trixie", "riscv64": "trixie"}
PACKAGES = ["libc6", "libc6-dev", "libcmocka0", "libcmocka-dev", "libgcc-s1", "libdrm2", "libdrm-dev",
            "libjansson4", "libjansson-dev", "libmd0", "libmd-dev", "libnl-3-200", "libnl-3-dev", "libnl-genl-3-200",
            "libnl-genl-3-dev", "libstb-dev", "zlib1g", "zlib1g-dev"]
OWN_PACKAGES = ["linux-libc-dev", "libstb0", "libxnnpack0", "libxnnpack-dev", "libpthreadpool0", "libpthreadpool-dev",
                "libcpuinfo0"]
OTHER_PACKAGES = ["linux-libc-dev:all", "libstb0t64"]


def mend_links(folder):
    """Links from /usr/lib to /lib are absolute, and would lead to this machine's libraries; and packages of later
    releases rely on /lib being a link."""
    if not os.path.exists(os.path.join(folder, "lib")):
        os.symlink("usr/lib", os.path.join(folder, "lib"))
    for path in glob.glob(os.path.join(folder, "usr/lib/*-linux-gnu*/*.so*")):
        target = os.readlink(path) if os.path.islink(path) else ""
        if os.path.isabs(target):
            os.unlink(path)
            os.symlink(os.path.relpath(folder + target, os.path.dirname(path)), path)


def folder(architecture="arm64"):
    if architecture not in TRIPLETS:
        raise cache.Failure(f"no such architecture: {architecture}; there are {', '.join(TRIPLETS)}")
    release = RELEASES.get(architecture)
    packages = PACKAGES + (OTHER_PACKAGES if release else OWN_PACKAGES)
    if architecture == "arm64":
        packages = packages + ["busybox-static"]
    return debian.unpacked(f"sysroot-{architecture}",
                           [name if ":" in name else f"{name}:{architecture}" for name in packages], mend_links, release)


def busybox():
    return os.path.join(folder(), "bin/busybox")
