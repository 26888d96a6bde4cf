# SPDX-License-Identifier: MIT
"""A kernel for arm64, Debian's stock one or one of ours: what boots, its modules, what builds modules for it."""
import glob
import lzma
import os
import re

from . import built, cache, debian

STOCK = "stock"
NAMES = [STOCK, *built.NAMES]

SERIES = r"6\.12"


def _release():
    """The newest kernel of the series that has headers, as its own name: 6.12.9+deb12-arm64."""
    # No dash before the architecture: that would be a flavour like -rt or -cloud.
    version = rf"{SERIES}\.[\w.+~]+-arm64"
    images = {name[len("linux-image-"):] for name in debian.names(f"linux-image-{version}", "arm64")}
    headers_of = {name[len("linux-headers-"):] for name in debian.names(f"linux-headers-{version}", "arm64")}
    if not images & headers_of:
        raise cache.Failure("Debian's lists have no linux-image-6.12 with headers for arm64; "
                            "is bookworm-security among the sources of this machine?")
    return max(images & headers_of, key=lambda name: [int(number) for number in re.findall(r"\d+", name)])


class Kernel:
    def __init__(self, name, image, modules):
        self.name = name
        self.image = image
        self.path = {}
        for path in glob.glob(os.path.join(modules, "**/*.ko*"), recursive=True):
            self.path[os.path.basename(path).split(".")[0].replace("-", "_")] = path
        with open(os.path.join(modules, "modules.builtin")) as file:
            self.builtin = {os.path.basename(line.strip())[:-len(".ko")].replace("-", "_") for line in file}

    def module(self, name):
        """The module's file, uncompressed."""
        path = self.path[name]
        if path.endswith(".xz"):
            return lzma.decompress(cache.contents(path))
        return cache.contents(path)

    def with_dependencies(self, names):
        """Pairs of name and file, in the order in which they have to be loaded."""
        loaded = {}

        def add(name):
            name = name.replace("-", "_")
            if name in loaded or name in self.builtin:
                return
            if name not in self.path:
                raise cache.Failure(f"the kernel {self.name} has no module {name}")
            data = self.module(name)
            for dependency in depends(data):
                add(dependency)
            loaded[name] = data

        for name in names:
            add(name)
        return list(loaded.items())


def depends(module):
    """Names in the "depends" line of a module's information section."""
    found = re.search(rb"\0depends=([^\0]*)\0", module)
    return [name for name in found.group(1).decode().split(",") if name] if found else []


def _stock_headers():
    name = _release()
    version = name[:-len("-arm64")]

    def adjust(folder):
        # The package expects to stand in /usr.
        tree = os.path.join(folder, "usr/src", f"linux-headers-{name}")
        with open(os.path.join(tree, "Makefile"), "w") as file:
            file.write("include $(dir $(abspath $(lastword $(MAKEFILE_LIST))))../"
                       f"linux-headers-{version}-common/Makefile\n")
        # With it there, building a module would need pahole.
        vmlinux = os.path.join(tree, "vmlinux")
        if os.path.exists(vmlinux):
            os.unlink(vmlinux)

    folder = debian.unpacked("kernel-headers", [f"linux-headers-{name}:arm64", f"linux-headers-{version}-common:all",
                                                f"linux-kbuild-{version}:amd64"], adjust)
    return os.path.join(folder, "usr/src", f"linux-headers-{name}")


def load(name):
    """The kernel of that name."""
    if name != STOCK:
        folder = built.folder(name)
        return Kernel(name, os.path.join(folder, "arch/arm64/boot/Image"), folder)
    release = _release()
    folder = debian.unpacked("kernel", [f"linux-image-{release}:arm64"])
    return Kernel(name, os.path.join(folder, "boot", f"vmlinuz-{release}"),
                  os.path.join(folder, "lib/modules", release))


def headers(name):
    """A KDIR for `make modules` with the cross compiler."""
    return _stock_headers() if name == STOCK else built.folder(name)
