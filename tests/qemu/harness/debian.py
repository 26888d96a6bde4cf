# SPDX-License-Identifier: MIT
"""Packages of Debian, for arm64 too and with their sources, without installing any of them.

apt runs with package lists of its own, so that neither another architecture nor deb-src has to be
turned on for the whole machine, and nobody has to be root.
"""
import functools
import glob
import inspect
import os
import re
import shutil
import subprocess
import time

from . import cache

LISTS_AGE = 24 * 3600
# This machine's and the guest's; of other releases, all that the module is built for.
ARCHITECTURES = ["amd64", "arm64", "armhf", "riscv64"]


def _release():
    with open("/etc/os-release") as file:
        found = re.search(r"^VERSION_CODENAME=(\w+)", file.read(), re.MULTILINE)
    return found.group(1) if found else "bookworm"


def _sources(codename):
    """This machine's own sources of Debian itself, as text for .list and .sources files."""
    lines, stanzas = [], []
    for path in ["/etc/apt/sources.list"] + sorted(glob.glob("/etc/apt/sources.list.d/*.list")):
        if not os.path.exists(path):
            continue
        with open(path) as file:
            for line in file:
                if re.match(rf"deb\s.*\s{codename}[-/\w]*\s.*\bmain\b", line):
                    lines += [line, re.sub(r"^deb\b", "deb-src", line)]
    for path in sorted(glob.glob("/etc/apt/sources.list.d/*.sources")):
        with open(path) as file:
            for stanza in re.split(r"\n\s*\n", file.read()):
                if re.search(rf"^Suites:.*\b{codename}", stanza, re.MULTILINE) and \
                   re.search(r"^Components:.*\bmain\b", stanza, re.MULTILINE):
                    stanzas.append(re.sub(r"(?m)^Types:.*$", "Types: deb deb-src", stanza).strip("\n"))
    return "".join(lines), "\n\n".join(stanzas) + "\n"


def _sources_of(release):
    """Another release, from where this machine has its own."""
    own = _release()
    lines, stanzas = _sources(own)
    found = re.search(rf"^deb\s+(?:\[.*?\]\s+)?(\S+)\s+{own}\s", lines, re.MULTILINE)
    for stanza in [] if found else stanzas.split("\n\n"):
        if re.search(rf"^Suites:(.*\s)?{own}(\s|$)", stanza, re.MULTILINE):
            found = re.search(r"^URIs:\s*(\S+)", stanza, re.MULTILINE)
    return (f"deb {found.group(1)} {release} main\n", "") if found else ("", "")


def _configure(base, release):
    """An apt configuration of our own, read after the machine's."""
    for sub in ("lists/partial", "archives/partial", "sources"):
        os.makedirs(os.path.join(base, sub), exist_ok=True)
    one_line, stanzas = _sources_of(release) if release else _sources(_release())
    architectures = " ".join(f'"{name}";' for name in (ARCHITECTURES if release else ARCHITECTURES[:2]))
    if not one_line and not stanzas.strip():
        raise cache.Failure("no source of Debian packages is configured on this machine")
    for name, text in (("sources/debian.list", one_line), ("sources/debian.sources", stanzas), ("apt.conf", f"""\
Dir::State "{base}";
Dir::State::lists "{base}/lists";
Dir::State::status "/var/lib/dpkg/status";
Dir::Cache "{base}";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "srcpkgcache.bin";
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts "{base}/sources";
APT::Architectures {{ {architectures} }};
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
""")):
        with open(os.path.join(base, name), "w") as file:
            file.write(text)


@functools.cache
def _ready(release=None):
    """Package lists not older than a day, of this machine's release or another; returns their folder."""
    name = f"apt-{release}" if release else "apt"
    base = os.path.join(cache.root(), name)
    stamp = os.path.join(base, "updated")
    with cache.lock(name):
        if not os.path.exists(stamp) or time.time() - os.path.getmtime(stamp) > LISTS_AGE:
            cache.say("reading Debian's package lists")
            _configure(base, release)
            try:
                cache.run(["apt-get", "-c", os.path.join(base, "apt.conf"), "update", "-q"])
            except cache.Failure:
                # Lists of yesterday are better than none.
                if not os.path.exists(stamp):
                    raise
            shutil.rmtree(os.path.join(base, "answers"), ignore_errors=True)
            os.makedirs(os.path.join(base, "answers"))
            with open(stamp, "w"):
                pass
    return base


def _apt(tool, *arguments, release=None):
    return [tool, "-c", os.path.join(_ready(release), "apt.conf"), *arguments]


def _ask(tool, *arguments, release=None):
    """What apt answers from its lists, remembered until the lists are read again: apt takes seconds."""
    command = _apt(tool, *arguments, release=release)
    memory = os.path.join(_ready(release), "answers", cache.digest(*command))
    if os.path.exists(memory):
        return cache.contents(memory).decode()
    done = subprocess.run(command, env=dict(os.environ, LC_ALL="C"), stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise cache.Failure(f"{' '.join(command)}: {done.stderr.strip()}")
    with open(f"{memory}.{os.getpid()}", "w") as file:
        file.write(done.stdout)
    os.rename(file.name, memory)
    return done.stdout


def names(pattern, architecture, release=None):
    """Packages of the architecture whose whole name matches the pattern."""
    listed = [name for name in _ask("apt-cache", "pkgnames", release=release).split() if re.fullmatch(pattern, name)]
    if not listed:
        return []
    policy = _ask("apt-cache", "policy", *(f"{name}:{architecture}" for name in sorted(listed)),
                  release=release)
    return re.findall(rf"^([^\s:]+)(?::{architecture})?:\n  Installed: .*\n  Candidate: (?!\(none\))", policy, re.MULTILINE)


def source_version(package):
    """The newest version there is."""
    versions = re.findall(r"^Version: (\S+)", _ask("apt-cache", "showsrc", "--only-source", package), re.MULTILINE)
    newer = functools.cmp_to_key(
        lambda a, b: 1 if subprocess.run(["dpkg", "--compare-versions", a, "gt", b]).returncode == 0 else -1)
    return max(versions, key=newer)


def source(package, version, folder):
    """Unpack a source package, Debian's patches applied, as folder/source."""
    cache.need("dpkg-dev", "xz-utils")
    cache.run(_apt("apt-get", "source", "-q", "--download-only", f"{package}={version}"), cwd=folder)
    description, = glob.glob(os.path.join(folder, "*.dsc"))
    cache.run(["dpkg-source", "--no-check", "-x", description, os.path.join(folder, "source")])
    for path in glob.glob(os.path.join(folder, f"{package}_*")):
        os.unlink(path)


def unpacked(name, packages, adjust=None, release=None):
    """A folder of the cache with these packages (NAME:ARCHITECTURE) unpacked into it.

    adjust(folder) is run once, after unpacking.
    """
    files = _ask("apt-get", "download", "-q", "--print-uris", *packages, release=release)

    def fill(folder):
        cache.say(f"downloading {len(packages)} Debian packages for {name}")
        archive = os.path.join(folder, "archive")
        os.makedirs(archive)
        cache.run(_apt("apt-get", "download", "-q", *packages, release=release), cwd=archive)
        for path in glob.glob(os.path.join(archive, "*.deb")):
            cache.run(["dpkg", "-x", path, folder])
            os.unlink(path)
        os.rmdir(archive)
        if adjust:
            adjust(folder)

    versions = sorted(line.split()[1] for line in files.splitlines())
    return cache.entry(name, cache.digest(*versions, inspect.getsource(adjust) if adjust else ""), fill)
