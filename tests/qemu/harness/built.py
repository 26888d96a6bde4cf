# SPDX-License-Identifier: MIT
"""Kernels for arm64 that find mistakes, built from Debian's linux-source beside its stock one.

tests/qemu/kernel has the configurations: base.config and one more for each kernel. The sources stand
in the cache once. What is built from them keeps what boots and what builds modules, no more; a build
that was interrupted goes on where it stopped.
"""
import glob
import os
import subprocess
import time

from . import cache

SOURCE = "linux-source-6.12"
PACKAGES = [SOURCE, "gcc", "libc6-dev", "gcc-aarch64-linux-gnu", "make", "flex", "bison", "bc", "perl", "xz-utils"]
CONFIGS = os.path.join(cache.TOP, "tests/qemu/kernel")
NAMES = sorted(os.path.basename(path)[:-len(".config")] for path in glob.glob(f"{CONFIGS}/*.config")
               if not path.endswith("/base.config"))

MAKE = ["nice", "make", "ARCH=arm64", "CROSS_COMPILE=aarch64-linux-gnu-", "KBUILD_BUILD_TIMESTAMP=1970-01-01"]
OURS = "drivers/accel/nvdla"

# KCSAN watches modules only: the kernel's own races are not what is looked for.
VARIABLES = {"kcsan": ["KCSAN_SANITIZE=n"]}

# Half of the tree, for which a small kernel has no use; every Kconfig file stays.
NOT_NEEDED = [f"{SOURCE}/{folder}/*.[chS]" for folder in (
    "arch/[!a]*", "arch/arc", "arch/alpha", "drivers/net/ethernet", "drivers/net/wireless", "drivers/infiniband",
    "drivers/scsi", "drivers/staging",
    "drivers/gpu/drm/amd", "drivers/gpu/drm/i915", "drivers/gpu/drm/nouveau", "drivers/gpu/drm/radeon",
    "drivers/gpu/drm/xe", "drivers/media/usb", "drivers/media/pci", "sound", "tools/perf", "tools/testing")]
NOT_NEEDED += [f"{SOURCE}/Documentation/*.rst"]


def _output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def _source():
    """The folder of the sources, and the key of its contents."""
    kconfig = cache.contents(f"{CONFIGS}/Kconfig")
    key = cache.digest(_output("dpkg-query", "-W", "-f", "${Version}", SOURCE), kconfig, *NOT_NEEDED)

    def unpack(folder):
        with cache.told(f"unpacking {SOURCE}"):
            cache.run(["nice", "tar", "-xf", f"/usr/src/{SOURCE}.tar.xz", "-C", folder, "--strip-components=1",
                       *(f"--exclude={pattern}" for pattern in NOT_NEEDED)])
        os.mkdir(f"{folder}/{OURS}")
        with open(f"{folder}/{OURS}/Kconfig", "wb") as file:
            file.write(kconfig)
        with open(f"{folder}/drivers/Kconfig", "a") as file:
            file.write(f'\nsource "{OURS}/Kconfig"\n')

    return cache.entry("kernel-source", key, unpack), key


def source():
    """The sources, for those who want to look something up in them."""
    cache.need(*PACKAGES)
    return _source()[0]


def _configure(name, source, folder):
    config = f"{folder}/wanted.config"
    with open(config, "wb") as file:
        for part in ("base", name):
            file.write(cache.contents(f"{CONFIGS}/{part}.config"))
    cache.run([*MAKE, "-C", source, f"O={folder}", f"KCONFIG_ALLCONFIG={config}", "allnoconfig"])
    made, wanted = (cache.contents(path).decode().splitlines() for path in (f"{folder}/.config", config))
    lost = [line for line in wanted if line.startswith("CONFIG_") and line not in made]
    if lost:
        raise cache.Failure(f"this kernel cannot have {', '.join(lost)}")


def _compile(name, source, folder):
    start = time.monotonic()
    with cache.told(f"building the {name} kernel: some 10 minutes on two processors"):
        cache.run([*MAKE, "-C", source, f"O={folder}", f"-j{os.cpu_count()}", *VARIABLES.get(name, []), "Image",
                   "modules"], log=f"{folder}/build.log")
    cache.say(f"the {name} kernel took {time.monotonic() - start:.0f} s")
    # Building a module needs none of these. One of the links here leads to the sources: not that way.
    for parent, _, files in os.walk(folder):
        for file in files:
            if file.endswith((".o", ".a")) or file == "vmlinux" or file.startswith(".tmp_vmlinux"):
                os.unlink(os.path.join(parent, file))


def folder(name):
    """The kernel's build folder, which is a KDIR for modules, too."""
    if name not in NAMES:
        raise cache.Failure(f"there is no kernel {name}; there are stock, {', '.join(NAMES)}")
    cache.need(*PACKAGES)
    source, source_key = _source()
    key = cache.digest(source_key, _output("aarch64-linux-gnu-gcc", "--version"), *VARIABLES.get(name, []),
                       *(cache.contents(f"{CONFIGS}/{part}.config") for part in ("base", name)))
    kernel = f"kernel-{name}"
    built = cache.entry(kernel, key, lambda path: _configure(name, source, path))
    done = f"{built}/built"
    if not os.path.exists(done):
        with cache.lock(f"{kernel}-{key}"):
            if not os.path.exists(done):
                _compile(name, source, built)
                with open(done, "w"):
                    pass
    return built
