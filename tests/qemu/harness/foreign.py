# SPDX-License-Identifier: MIT
"""Kernel headers of other releases of Debian, for all architectures that the module is built for.

They are prepared for this machine's compilers, which are older than those that their kernel was built
with, and for its C library, which their tools do not run with.
"""
import glob
import os
import re

from . import cache, debian

# Debian's name, the kernel's, its flavour, the prefix of the compiler.
ARCHITECTURES = {
    "amd64": ("x86", "amd64", ""),
    "arm64": ("arm64", "arm64", "aarch64-linux-gnu-"),
    "armhf": ("arm", "armmp", "arm-linux-gnueabihf-"),
    "riscv64": ("riscv", "riscv64", "riscv64-linux-gnu-"),
}
COMPILERS = ["gcc", "gcc-aarch64-linux-gnu", "gcc-arm-linux-gnueabihf", "gcc-riscv64-linux-gnu", "make"]
LIBRARIES = ["libc6", "libelf1t64", "zlib1g", "libzstd1"]


def release_of(release):
    """The newest kernel that the release has for all architectures, as its own version."""
    common = None
    for architecture, (_, flavour, _) in ARCHITECTURES.items():
        found = {re.sub(rf"^linux-headers-(.*)-{flavour}$", r"\1", name) for name in
                 debian.names(rf"linux-headers-\d[\w.+~]*-{flavour}", architecture, release)}
        common = found if common is None else common & found
    if not common:
        raise cache.Failure(f"{release} has no kernel headers for all of {', '.join(ARCHITECTURES)}")
    return max(common, key=lambda name: [int(number) for number in re.findall(r"\d+", name)])


def _run_with_own_library(folder, bits):
    """Each program of the package becomes a script that starts it with the library it wants."""
    library = os.path.join(folder, "usr/lib/x86_64-linux-gnu")
    for path in glob.glob(f"{folder}/usr/lib/linux-kbuild-*/**", recursive=True):
        if not os.path.isfile(path) or os.path.islink(path) or not os.access(path, os.X_OK):
            continue
        with open(path, "rb") as file:
            if file.read(4) != b"\x7fELF":
                continue
        os.rename(path, f"{path}.elf")
        # Debian's chooser between these does not know all of the options.
        program = f"$0.real-lsb-{bits}.elf" if path.endswith("/modpost") else "$0.elf"
        with open(path, "w") as file:
            # Where the folder is in the end is not known yet.
            file.write("#!/bin/sh\n"
                       f"library=$(dirname \"$0\")/{os.path.relpath(library, os.path.dirname(path))}\n"
                       "exec \"$library/ld-linux-x86-64.so.2\" --argv0 \"$0\" --library-path \"$library\" "
                       f"\"{program}\" \"$@\"\n")
        os.chmod(path, 0o755)


def _adjust(folder):
    # Options of the kernel's configuration that older compilers and assemblers do not know.
    too_new = re.compile(rb"^.*CONFIG_(CC_HAS_COUNTED_BY\w*|CC_HAS_MIN_FUNCTION_ALIGNMENT|CC_HAS_ASSUME"
                         rb"|(TOOLCHAIN_HAS|RISCV_ISA)_(ZABHA|ZACAS|ZBC|ZBKB|ZAWRS))\b.*\n", re.MULTILINE)
    tree, = (path for path in glob.glob(f"{folder}/usr/src/linux-headers-*") if not path.endswith("-common"))
    common, = glob.glob(f"{folder}/usr/src/linux-headers-*-common")
    with open(f"{tree}/Makefile", "w") as file:
        file.write("override KBUILD_OUTPUT := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))\n"
                   f"include $(KBUILD_OUTPUT)../{os.path.basename(common)}/Makefile\n")
    # With it there, building a module would need pahole.
    if os.path.exists(f"{tree}/vmlinux"):
        os.unlink(f"{tree}/vmlinux")
    for path in (f"{tree}/include/config/auto.conf", f"{tree}/include/generated/autoconf.h"):
        data = too_new.sub(b"", cache.contents(path))
        with open(path, "wb") as file:
            file.write(data)
    _run_with_own_library(folder, 32 if tree.endswith("-armmp") else 64)


def headers(release, architecture):
    """KDIR and the variables for make that go with it, and the kernel's version."""
    cache.need(*COMPILERS)
    version = release_of(release)
    linux, flavour, prefix = ARCHITECTURES[architecture]
    folder = debian.unpacked(f"headers-{release}-{architecture}",
                             [f"linux-headers-{version}-{flavour}:{architecture}",
                              f"linux-headers-{version}-common:all", f"linux-kbuild-{version}:amd64",
                              *(f"{name}:amd64" for name in LIBRARIES)], _adjust, release)
    return (f"{folder}/usr/src/linux-headers-{version}-{flavour}",
            [f"ARCH={linux}", f"CROSS_COMPILE={prefix}", f"CC={prefix}gcc"], version)
