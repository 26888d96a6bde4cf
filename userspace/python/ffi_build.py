# SPDX-License-Identifier: MIT
"""The binding to libdla, made from its headers themselves: the compiler checks every layout and prototype."""
import os
import re

from cffi import FFI

HEADERS = ("dla.h", "dla_head.h")

# Called by the library in threads of its own; dla/request.py and dla/head.py have their bodies.
CALLBACKS = """
extern "Python" void python_progress(void *ctx, unsigned int done, unsigned int total);
extern "Python" void python_event(void *ctx, const struct dla_event *event);
extern "Python" int python_epoch(void *ctx, unsigned int epoch, unsigned int epochs, float loss);
"""


def declarations(header):
    """What cffi reads: the header without its preprocessor lines and the C++ around it."""
    with open(header, encoding="utf-8") as file:
        text = file.read()
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    text = re.sub(r"#ifdef __cplusplus.*?#endif", "", text, flags=re.S)
    text = re.sub(r"^\s*#.*$", "", text, flags=re.M)
    return text.replace("DLA_API ", "")


def builder(include_dir, **kwargs):
    """An ffi object that compiles dla._dla; @kwargs are those of a setuptools Extension."""
    ffi = FFI()
    ffi.cdef("".join(declarations(os.path.join(include_dir, name)) for name in HEADERS) + CALLBACKS)
    ffi.set_source("dla._dla", "".join(f"#include <{name}>\n" for name in HEADERS), include_dirs=[include_dir], **kwargs)
    return ffi
