# SPDX-License-Identifier: MIT
"""Clean Debian roots: one is made and kept; each use of it sees it as new, and what it writes lies elsewhere."""
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "qemu"))
from harness import cache  # pylint: disable=wrong-import-position

RELEASE = "bookworm"
MIRROR = "http://deb.debian.org"
SOURCES = f"""\
deb {MIRROR}/debian {RELEASE} main
deb {MIRROR}/debian {RELEASE}-updates main
deb {MIRROR}/debian-security {RELEASE}-security main
"""
# Roots are made anew when Debian may have moved on.
WEEK = str(int(time.time()) // (7 * 24 * 3600))

# {folder}: for overlayfs; {repository}: what the root sees as /repository. In a mount namespace, which takes
# all mounts with it.
ENTER = """
set -e
mount -t overlay overlay -o lowerdir={lower},upperdir={folder}/upper,workdir={folder}/work {folder}/root
mount -t proc proc {folder}/root/proc
mount -t tmpfs tmpfs {folder}/root/tmp
mkdir -p {folder}/root/repository
mount --bind {repository} {folder}/root/repository
cp /etc/resolv.conf {folder}/root/etc/resolv.conf
exec chroot {folder}/root /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
    DEBIAN_FRONTEND=noninteractive sh -euc "$0"
"""


class Root:
    """A new view of a kept root."""

    def __init__(self, lower, repository):
        self.lower = lower
        self.repository = repository
        self.temporary = tempfile.TemporaryDirectory(prefix="nvdla-root-")
        self.folder = self.temporary.name
        for name in ("upper", "work", "root"):
            os.mkdir(os.path.join(self.folder, name))

    def run(self, script, timeout=1800):
        """The exit status and what was printed."""
        enter = ENTER.format(lower=shlex.quote(self.lower), folder=shlex.quote(self.folder),
                             repository=shlex.quote(self.repository))
        done = subprocess.run(["nice", "unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", enter, script],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", timeout=timeout, check=False)
        return done.returncode, done.stdout

    def works(self, script, **options):
        status, text = self.run(script, **options)
        if status:
            raise cache.Failure(f"status {status} of:\n{script}\n{text[-6000:]}")
        return text


def may():
    """Why roots cannot be made here, or None."""
    return None if os.geteuid() == 0 else "only root may make a Debian root"


def base():
    """Debian's smallest."""
    def fill(folder):
        cache.need("debootstrap")
        with cache.told(f"making a root of Debian {RELEASE}"):
            cache.run(["nice", "debootstrap", "--variant=minbase", "--include=ca-certificates", RELEASE, folder,
                       f"{MIRROR}/debian"], log=os.path.join(cache.root(), "debootstrap.log"))
        with open(os.path.join(folder, "etc/apt/sources.list"), "w", encoding="utf-8") as file:
            file.write(SOURCES)
        # What is lost with the power is made again.
        with open(os.path.join(folder, "etc/dpkg/dpkg.cfg.d/unsafe-io"), "w", encoding="utf-8") as file:
            file.write("force-unsafe-io\n")
        cache.run(["chroot", folder, "apt-get", "update", "-q"], env=dict(os.environ, LC_ALL="C.UTF-8"))

    return cache.entry("root-base", cache.digest(SOURCES, WEEK), fill)


def with_packages(name, packages, architecture=None):
    """The smallest and these packages, which may be of an architecture more."""
    lower = base()

    def fill(folder):
        with cache.told(f"installing {len(packages)} packages into the root for {name}"):
            cache.run(["cp", "-a", "--reflink=auto", f"{lower}/.", folder])
            foreign = f"dpkg --add-architecture {architecture} && " if architecture else ""
            shutil.copy("/etc/resolv.conf", os.path.join(folder, "etc/resolv.conf"))
            cache.run(["nice", "chroot", folder, "/usr/bin/env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8", "sh", "-c",
                       f"{foreign}apt-get update -q && apt-get install -qy --no-install-recommends {' '.join(packages)} && "
                       "apt-get clean"], log=os.path.join(cache.root(), f"root-{name}.log"))

    return cache.entry(f"root-{name}", cache.digest(lower, architecture or "", *packages), fill)


def build_depends():
    """What debian/control lists, without its restrictions."""
    with open(os.path.join(cache.TOP, "debian/control"), encoding="utf-8") as file:
        listed = re.search(r"^Build-Depends:(.*?)^\S", file.read(), re.MULTILINE | re.DOTALL)[1]
    return [re.match(r"[^\s(\[<]+", item.strip())[0] for item in listed.split(",") if item.strip()]
