# SPDX-License-Identifier: MIT
"""How failures of the library reach Python."""
from __future__ import annotations

import os
from typing import Any, NoReturn

from ._dla import ffi, lib


class Error(OSError):
    """
    A call of the library failed: ``errno`` is one of those that ``dla.h`` lists for it, ``strerror`` a sentence.
    """


def fail() -> NoReturn:
    """Raise the error of the call that has just failed."""
    code = ffi.errno
    text = ffi.string(lib.dla_strerror()).decode(errors="replace")
    raise Error(code, text or os.strerror(code))


def pointer(result: Any) -> Any:
    """What a function returned, unless that is NULL."""
    if result == ffi.NULL:
        fail()
    return result


def check(result: int) -> int:
    """What a function returned, unless that is -1."""
    if result < 0:
        fail()
    return result


def string(chars: Any) -> str:
    """A string of the library; an empty one for NULL."""
    return "" if chars == ffi.NULL else ffi.string(chars).decode(errors="replace")
