# SPDX-License-Identifier: MIT
"""A board's Debian: an arm64 root with our packages, and that root on Debian's kernel on QEMU's board.

apt and DKMS run under qemu-user, for speed. What has been made stays: Debian, with the driver that DKMS built upon
it, with the rest of the packages upon that; each is found again by what it was made of.
"""
import glob
import os
import re
import shlex
import shutil
import subprocess
import tempfile

import roots
from roots import cache
from harness import debian, kernel
import pyenv

# What our packages depend on, what DKMS builds with, and what tests and examples use.
PACKAGES = ["ca-certificates", "kmod", "udev", "dkms", "gcc", "gcc-12", "libc6-dev", "make", "python3-numpy", "python3-pil",
            "python3-cffi-backend", "libxnnpack0", "libpthreadpool0", "libcpuinfo0", "libdrm2", "libnl-genl-3-200",
            "libjansson4", "libmd0", "libstb0"]
DRIVER = ["nvdla-dkms"]
OTHERS = ["libdla0", "dla-tools", "dla-delegate", "python3-dla"]
# As the wheels of PyPI are: tflite-runtime is built for NumPy 1.
PLATFORMS = ["manylinux2014_aarch64", "manylinux_2_27_aarch64", "manylinux_2_28_aarch64", "manylinux_2_34_aarch64"]
RUNTIMES = {"tflite": ["tflite-runtime==2.14.0", "numpy==1.26.4"], "litert": ["ai-edge-litert==2.3.0", "numpy==2.4.6"]}
# What has built the driver is not started again: the image has to fit the board's memory twice.
LEFT_OUT = ["host", "lib64", "usr/lib64", "usr/lib/gcc", "usr/src/linux-*", "usr/lib/linux-kbuild*", "usr/include",
            "usr/share/locale", "boot/*", "usr/bin/*-linux-gnu-lto-dump*", "var/cache/apt/*.bin", "var/lib/apt/lists/*",
            "mnt/*"]

# This machine's programs in the place of those that would be emulated for longest: the packages' archives are read
# and the driver is compiled by them, as cross-compilers make the same of it.
NATIVE = ["dpkg-deb", "tar", *(f"aarch64-linux-gnu-{name}" for name in ("gcc-12", "ar", "ld", "nm", "objcopy", "objdump", "strip"))]
# Headers bring their kernel, whose initramfs nobody wants, and which would take twenty minutes.
ENTER = """
set -e
cd {root}
mkdir -p host usr/lib64 usr/lib/x86_64-linux-gnu usr/lib/gcc-cross usr/aarch64-linux-gnu/bin
# A link, as Debian's usr-is-merged wants it.
[ -e lib64 ] || ln -s usr/lib64 lib64
mount --rbind /dev dev
mount -t proc proc proc
mount --bind {repository} mnt
mount --bind /usr/bin host
for folder in usr/lib64 usr/lib/x86_64-linux-gnu usr/lib/gcc-cross; do mount --bind /$folder $folder; done
for name in {native}; do ln -sf /host/$name usr/sbin/$name; done
for name in as ld; do ln -sf /host/aarch64-linux-gnu-$name usr/aarch64-linux-gnu/bin/$name; done
cp /etc/resolv.conf etc/resolv.conf
status=0
chroot . /usr/bin/env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive INITRD=No sh -euc "$0" || status=$?
for name in {native}; do rm -f usr/sbin/$name; done
rm -r usr/aarch64-linux-gnu
exit $status
"""
LOCAL = ("echo 'deb [trusted=yes] file:/mnt ./' > /etc/apt/sources.list.d/local.list; "
         "apt-get update -q -o Dir::Etc::SourceList=/dev/null")
# Before tests/qemu/boot's script: the root that lies in a file.
GUEST = r"""#!/bin/sh
R=/debian
mkdir $R && mount -o loop /root.img $R || exit 1
mount -t proc proc $R/proc; mount -t sysfs sys $R/sys; mount --rbind /dev $R/dev
mount -t tmpfs tmp $R/tmp; mount -t tmpfs run $R/run; chmod 1777 $R/tmp
mkdir -p $R/demo; mount --bind /demo $R/demo
# As an init makes it; DKMS reads lists through it.
ln -s /proc/self/fd /dev/fd
inside() { chroot $R /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"; }
as() { name=$1; shift; inside setpriv --reuid=$name --regid=$name --init-groups env HOME=/home/$name "$@"; }
part() { name=$1; shift; echo "== $name"; "$@"; echo status $?; }
inside /lib/systemd/systemd-udevd --daemon
nodes() { for step in "trigger --action=add" settle; do inside SYSTEMD_IGNORE_CHROOT=1 udevadm $step; done; }
"""


def in_root(root, script, repository=None):
    """Run in an arm64 root, under qemu-user; what was printed."""
    qemu = debian.unpacked("qemu-user", ["qemu-user-static:amd64"], lambda folder: os.makedirs(f"{folder}/binfmt"))
    cache.need("gcc-aarch64-linux-gnu")
    enter = ENTER.format(root=shlex.quote(root), repository=shlex.quote(repository or f"{root}/mnt"), native=" ".join(NATIVE))
    done = subprocess.run(["nice", os.path.join(cache.TOP, "tests/packages/foreign.py"), "sh", "-c", enter, script],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", env=dict(os.environ, QEMU_USER=qemu), check=False)
    if done.returncode:
        raise cache.Failure(f"status {done.returncode} of:\n{script}\n{done.stdout[-6000:]}")
    return done.stdout


def release():
    """Debian's kernel for arm64, which is what is booted."""
    return os.path.basename(kernel.headers(kernel.STOCK))[len("linux-headers-"):]


def base():
    """Debian with its kernel's headers and all that is not ours; the users "user", who is in the group render, and
    "other"."""
    linux = release()
    config = ("force-unsafe-io\npath-exclude=/usr/share/doc/*\npath-exclude=/usr/share/man/*\n"
              "path-exclude=/usr/share/locale/*\n")

    def fill(folder):
        cache.need("debootstrap")
        with cache.told("making an arm64 root of Debian, some 10 minutes"):
            cache.run(["nice", "debootstrap", "--foreign", "--arch=arm64", "--variant=minbase",
                       f"--include={','.join(PACKAGES)}", roots.RELEASE, folder, f"{roots.MIRROR}/debian"],
                      log=os.path.join(cache.root(), "debootstrap-arm64.log"))
            for name in ("etc/dpkg/dpkg.cfg.d", "mnt"):
                os.makedirs(f"{folder}/{name}", exist_ok=True)
            with open(f"{folder}/etc/dpkg/dpkg.cfg.d/small", "w", encoding="utf-8") as file:
                file.write(config)
            in_root(folder, "/debootstrap/debootstrap --second-stage || { tail -n 40 /debootstrap/debootstrap.log; false; }")
            with open(f"{folder}/etc/apt/sources.list", "w", encoding="utf-8") as file:
                file.write(roots.SOURCES)
            in_root(folder, f"""
                apt-get update -q
                apt-get install -qy --no-install-recommends linux-headers-{linux}
                useradd --create-home --groups render,video user
                useradd --create-home other
                apt-get clean""")

    return cache.entry("root-arm64", cache.digest(linux, roots.SOURCES, roots.WEEK, config, *PACKAGES), fill)


def built(*architecture):
    done = subprocess.run(["tests/packages/build", *architecture], cwd=cache.TOP, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise cache.Failure(f"no packages{' for ' + architecture[0] if architecture else ''}")
    return done.stdout.strip()


def installed(name, lower, packages, before=""):
    """A root with these packages more, from a repository of the files; what apt said is in /root/said."""
    folders = [built("arm64"), built()]
    paths = []
    for package in packages:
        path, = [path for folder in folders for path in glob.glob(f"{folder}/{package}_*.deb") if "_amd64" not in path]
        paths.append(path)

    def fill(folder):
        with tempfile.TemporaryDirectory() as repository, cache.told(f"installing {', '.join(packages)} into an arm64 root"):
            for path in paths:
                shutil.copy(path, repository)
            with open(f"{repository}/Packages", "w", encoding="utf-8") as file:
                subprocess.run(["dpkg-scanpackages", "."], cwd=repository, stdout=file, stderr=subprocess.DEVNULL, check=True)
            cache.run(["cp", "-a", "--reflink=auto", f"{lower}/.", folder])
            said = in_root(folder, f"{before}{LOCAL}; apt-get install -qy --no-install-recommends {' '.join(packages)}",
                           repository)
        with open(f"{folder}/root/said", "a", encoding="utf-8") as file:
            file.write(said)

    return cache.entry(name, cache.digest(lower, before, LOCAL, *(cache.contents(path) for path in paths)), fill)


def with_driver():
    """On its own, as it takes DKMS minutes. There is a kernel, too, for which it does not build."""
    broken = """
        mkdir -p /lib/modules/6.12.0-broken/build/include
        echo 'broken: ; $(error this kernel is broken)' > /lib/modules/6.12.0-broken/build/Makefile
        printf 'CONFIG_DRM=m\\nCONFIG_DRM_GEM_DMA_HELPER=m\\nCONFIG_DRM_SCHED=m\\n' > /lib/modules/6.12.0-broken/build/.config
        """
    return installed("root-driver-arm64", base(), DRIVER, broken)


def root():
    return installed("root-installed-arm64", with_driver(), OTHERS)


def image():
    """A file system of all that is installed and of TensorFlow Lite's runtimes, in /opt."""
    lower = root()
    wheels = {name: pyenv.wheels(f"{name}-arm64", "3.11", PLATFORMS, *requirements)
              for name, requirements in RUNTIMES.items()}

    def fill(folder):
        cache.need("e2fsprogs")
        with tempfile.TemporaryDirectory() as tree, cache.told("making a file system for the board"):
            cache.run(["cp", "-a", "--reflink=auto", f"{lower}/.", tree])
            for pattern in LEFT_OUT:
                for path in glob.glob(f"{tree}/{pattern}"):
                    (shutil.rmtree if os.path.isdir(path) and not os.path.islink(path) else os.unlink)(path)
            for name, path in wheels.items():
                cache.run(["cp", "-a", "--no-preserve=ownership", path, f"{tree}/opt/{name}"])
            used = subprocess.run(["du", "-sm", tree], stdout=subprocess.PIPE, text=True, check=True).stdout.split()[0]
            cache.run(["mkfs.ext4", "-q", "-O", "^has_journal,^metadata_csum", "-m", "0", "-d", tree, f"{folder}/root.img",
                       f"{int(used) * 21 // 20 + 64}M"])

    return os.path.join(cache.entry("image-arm64", cache.digest(lower, *wheels.values(), *LEFT_OUT), fill), "root.img")


def boot(script, files, *options, timeout=1800):
    """What the script printed by the names that it gave to part, once the board is down and its log is clean."""
    with tempfile.TemporaryDirectory(prefix="nvdla-arm64-") as folder:
        with open(f"{folder}/script", "w", encoding="utf-8") as file:
            file.write(GUEST + script)
        added = [word for name, path in files.items() for word in ("--add", f"{path}:/demo/{name}")]
        # crc32c is what ext4 asks the kernel for by another name.
        modules = [word for name in ("loop", "crc32c_generic", "ext4") for word in ("--module", name)]
        done = subprocess.run(["tests/qemu/boot", "--script", f"{folder}/script", "--add", f"{image()}:/root.img", *added,
                               *modules, "--memory", "4096", "--timeout", str(timeout), *options],
                              cwd=cache.TOP, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, errors="replace", check=False)
    assert done.returncode == 0, f"status {done.returncode}: {done.stdout}{done.stderr}"
    return dict(re.findall(r"^== (\w+)\n(.*?)(?=^== |\Z)", done.stdout, re.MULTILINE | re.DOTALL))
