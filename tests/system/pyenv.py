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


def python(name, *requirements):
    """The interpreter of an environment that has these packages; what is missing and cannot be had is an error."""
    def fill(folder):
        cache.need("python3-venv")
        # It is moved when it is complete; nothing that is run from it minds, but pip's own script would.
        cache.run(["/usr/bin/python3", "-m", "venv", folder])
        with cache.told(f"fetching {', '.join(requirements)}"):
            if requirements:
                cache.run([os.path.join(folder, "bin", "python"), "-m", "pip", "-q", "install", *requirements])

    # Wheels depend on the interpreter's version.
    version = subprocess.run(["/usr/bin/python3", "--version"], capture_output=True, text=True, check=True).stdout
    folder = cache.entry(f"python-{name}", cache.digest(version, *requirements), fill)
    return os.path.join(folder, "bin", "python")
