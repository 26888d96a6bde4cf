# SPDX-License-Identifier: MIT
"""Python environments with packages from PyPI, made once and kept in the cache."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "qemu"))
from harness import cache  # pylint: disable=wrong-import-position


def wheels(name, version, platforms, *requirements):
    """A folder of these packages, for PYTHONPATH, as Python of that version on another machine wants them."""
    options = ["--python-version", version, "--only-binary=:all:", *(f"--platform={platform}" for platform in platforms)]

    def fill(folder):
        with cache.told(f"fetching {', '.join(requirements)} for {platforms[0]}"):
            cache.run([python("pip"), "-m", "pip", "-q", "install", "--target", folder, *options, *requirements])

    return cache.entry(f"wheels-{name}", cache.digest(*options, *requirements), fill)


def movable(folder):
    """Let pip's scripts find their interpreter beside them, wherever that is."""
    bin_folder = os.path.join(folder, "bin")
    ours = f"#!{bin_folder}/python".encode()
    for name in os.listdir(bin_folder):
        path = os.path.join(bin_folder, name)
        if os.path.islink(path):
            continue
        with open(path, "rb") as file:
            first, rest = file.readline(), file.read()
        if first.startswith(ours):
            # For the shell the second line is a command, for Python a string.
            with open(path, "wb") as file:
                file.write(b"#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/python \"$0\" \"$@\"\n' '''\n"
                           + rest)


def python(name, *requirements):
    """The interpreter of an environment that has these packages; what is missing and cannot be had is an error."""
    def fill(folder):
        cache.need("python3-venv")
        cache.run(["/usr/bin/python3", "-m", "venv", folder])
        with cache.told(f"fetching {', '.join(requirements)}"):
            if requirements:
                cache.run([os.path.join(folder, "bin", "python"), "-m", "pip", "-q", "install", *requirements])
        # It is moved when it is complete.
        movable(folder)

    # Wheels depend on the interpreter's version.
    version = subprocess.run(["/usr/bin/python3", "--version"], capture_output=True, text=True, check=True).stdout
    folder = cache.entry(f"python-{name}", cache.digest(version, *requirements), fill)
    return os.path.join(folder, "bin", "python")
