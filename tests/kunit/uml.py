# SPDX-License-Identifier: MIT
"""A User Mode Linux kernel of Debian's linux-source with the engine core and its KUnit suites in it.

The source tree stands in the cache under a name that says what it was made of, all but our own files:
these are copied into it when they have changed, so that make compiles only them again.
"""
import contextlib
import inspect
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.realpath(__file__))
sys.path.insert(0, os.path.join(HERE, "../qemu"))
from harness import cache  # noqa: E402  pylint: disable=wrong-import-position
from harness.cache import told  # noqa: E402  pylint: disable=wrong-import-position

SOURCE = "linux-source-6.12"
PACKAGES = [SOURCE, "gcc", "libc6-dev", "make", "flex", "bison", "bc", "perl", "xz-utils", "sparse"]
DRIVER = "drivers/accel/nvdla"
CONFIG = os.path.join(HERE, "kunit.config")

MAKE = ["nice", "make", "ARCH=um", "KBUILD_BUILD_TIMESTAMP=1970-01-01"]
# For the whole kernel; only in our folder are warnings errors.
WARN = "W=1"

# Appended to files of the tree.
ADDED = {
    "drivers/Kconfig": f'\nsource "{DRIVER}/Kconfig"\n',
    "drivers/Makefile": "\nobj-y += accel/nvdla/\n",
}

# Half of the tree, for which a small kernel has no use; every Kconfig file stays.
NOT_NEEDED = [f"{SOURCE}/{folder}/*.[chS]" for folder in (
    "arch/[!ux]*", "drivers/infiniband", "drivers/media", "drivers/net", "drivers/scsi",
    "drivers/staging", "drivers/usb", "drivers/gpu/drm/amd", "drivers/gpu/drm/i915", "drivers/gpu/drm/nouveau",
    "drivers/gpu/drm/radeon", "drivers/gpu/drm/xe", "drivers/gpu/drm/msm", "sound", "tools/perf", "tools/testing")]
NOT_NEEDED += [f"{SOURCE}/{name}" for name in ("*.dts", "*.dtsi", "Documentation/*.rst")]


def configure(tree):
    cache.run([*MAKE, f"KCONFIG_ALLCONFIG={CONFIG}", "allnoconfig"], cwd=tree)
    made, wanted = (cache.contents(path).decode().splitlines() for path in (f"{tree}/.config", CONFIG))
    lost = [line for line in wanted if line.startswith("CONFIG_") and line not in made]
    if lost:
        raise cache.Failure(f"this kernel cannot have {', '.join(lost)}")
    # Makes the folders of generated headers. While one is missing, W=1 turns every trial of a compiler
    # option into a failure, and the kernel would be built without KASAN.
    cache.run([*MAKE, "prepare"], cwd=tree)


def unpack(folder):
    """A configured source tree that knows our driver, in folder/linux."""
    tree = f"{folder}/linux"
    with told(f"unpacking {SOURCE}"):
        cache.run(["nice", "tar", "-xf", f"/usr/src/{SOURCE}.tar.xz", "-C", folder,
                   *(f"--exclude={pattern}" for pattern in NOT_NEEDED)])
    os.rename(f"{folder}/{SOURCE}", tree)
    for path, text in ADDED.items():
        with open(f"{tree}/{path}", "a", encoding="utf-8") as file:
            file.write(text)
    update(tree)
    configure(tree)


def our_files():
    """Where our files are, by where they go in the kernel's tree."""
    binding = "npu/nvidia,nvdla.yaml"
    files = {"include/uapi/drm/nvdla_accel.h": "uapi/drm/nvdla_accel.h",
             "include/uapi/linux/nvdla_genl.h": "uapi/linux/nvdla_genl.h",
             f"{DRIVER}/nvdla_probe": "kernel/nvdla_probe",
             f"Documentation/devicetree/bindings/{binding}": f"dt-bindings/{binding}"}
    for name in ("Kconfig", "Makefile"):
        files[f"{DRIVER}/{name}"] = f"tests/kunit/tree/{name}"
    for folder in ("", "core/", "tests/"):
        for name in os.listdir(f"{cache.TOP}/kernel/{folder}"):
            if name.endswith((".c", ".h")):
                files[f"{DRIVER}/{folder}{name}"] = f"kernel/{folder}{name}"
    return files


def update(tree):
    """Make our files in the tree what they are here; those that are the same keep their time."""
    files = our_files()
    for folder, _, names in os.walk(f"{tree}/{DRIVER}"):
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), tree)
            if name.endswith((".c", ".h")) and path not in files:
                os.unlink(f"{tree}/{path}")
    for path, ours in files.items():
        new = cache.contents(f"{cache.TOP}/{ours}")
        if not os.path.exists(f"{tree}/{path}") or cache.contents(f"{tree}/{path}") != new:
            os.makedirs(os.path.dirname(f"{tree}/{path}"), exist_ok=True)
            with open(f"{tree}/{path}", "wb") as file:
                file.write(new)


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


@contextlib.contextmanager
def source_tree():
    """The tree with our files in it, for one process at a time."""
    cache.need(*PACKAGES)
    key = cache.digest(output("dpkg-query", "-W", "-f", "${Version}", SOURCE), output("gcc", "--version"),
                       cache.contents(CONFIG), *NOT_NEEDED, *ADDED, *ADDED.values(),
                       inspect.getsource(unpack), inspect.getsource(configure))
    tree = os.path.join(cache.entry("kunit", key, unpack), "linux")
    with cache.lock(f"kunit-{key}"):
        update(tree)
        yield tree


def build(tree):
    """The kernel, tree/linux. An interrupted build goes on where it stopped."""
    with told("building a User Mode Linux kernel"):
        cache.run([*MAKE, WARN, f"-j{os.cpu_count()}", "linux"], cwd=tree)
    flags = cache.contents(f"{tree}/{DRIVER}/core/.validate.o.cmd")
    missing = [name for name in (b"kernel-address", b"bounds", b"shift") if b"-fsanitize=" + name not in flags]
    if missing:
        raise cache.Failure(f"the core was compiled without -fsanitize={b','.join(missing).decode()}")


def check_with_sparse(tree):
    """Sparse over our files, all of them each time."""
    cache.run([*MAKE, WARN, "C=2", "CF=-Wsparse-error", f"{DRIVER}/"], cwd=tree)


def boot(tree):
    """Run the suites; the lines that the kernel printed."""
    # With the clock that a test moves by waiting: nothing else takes any time.
    command = [f"{tree}/linux", "mem=256M", "time-travel=inf-cpu", "kunit.filter_glob=nvdla*", "kunit_shutdown=halt"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", timeout=600, check=False)
    return done.stdout.splitlines()
