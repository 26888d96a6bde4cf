# SPDX-License-Identifier: MIT
"""
Links an installed libdla when pkg-config knows one; otherwise builds it in the tree that this folder is
part of, and the wheel carries it. DLA_PYTHON_BUNDLE=1 or 0 decides instead.
"""
import os
import shutil
import subprocess
import sys

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(TREE, "build")))
LIBRARIES = ("libdla.so.0", "libnvdla-emu.so.0")

sys.path.insert(0, HERE)
import ffi_build  # pylint: disable=wrong-import-position


def pkg_config(*args):
    """What pkg-config prints of dla; None when there is none."""
    try:
        result = subprocess.run(["pkg-config", *args, "dla"], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return result.stdout.strip() if result.returncode == 0 else None


def wants_bundle():
    choice = os.environ.get("DLA_PYTHON_BUNDLE")
    return choice != "0" if choice else pkg_config("--exists") is None


def make_libraries():
    if not os.path.exists(os.path.join(TREE, "Makefile")):
        sys.exit("libdla is not installed (pkg-config finds no 'dla'), and this is not its source tree: "
                 "install libdla-dev, or run pip on userspace/python of a checkout")
    subprocess.run(["make", "-C", TREE, f"BUILD={BUILD}", f"-j{os.cpu_count()}",
                    *(os.path.join(BUILD, name) for name in LIBRARIES)], check=True)


class BuildWithLibraries(build_py):
    """Puts the libraries beside the modules, where the extension's RUNPATH finds them."""

    def run(self):
        super().run()
        if BUNDLE:
            for name in LIBRARIES:
                shutil.copy(os.path.join(BUILD, name), os.path.join(self.build_lib, "dla", name))


def extension():
    if BUNDLE:
        make_libraries()
        return ffi_build.builder(os.path.join(TREE, "userspace", "libdla", "include"),
                                 extra_link_args=[os.path.join(BUILD, "libdla.so.0"), "-Wl,-rpath,$ORIGIN"])
    include = pkg_config("--variable=includedir")
    libraries = pkg_config("--variable=libdir")
    return ffi_build.builder(include, libraries=["dla"], library_dirs=[libraries])


BUNDLE = wants_bundle()
setup(version="0.1.0", cmdclass={"build_py": BuildWithLibraries}, ext_modules=[extension().distutils_extension()])
