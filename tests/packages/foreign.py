#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Run a command where arm64's programs run: foreign.py COMMAND...

In a user namespace, which has a binfmt_misc of its own since Linux 6.7: the rest of the machine does not see
what is registered there. Needs root, and the folder of Debian's qemu-user-static in QEMU_USER.
"""
import ctypes
import os
import sys

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID = 0x20000, 0x10000000, 0x20000000
# ELF, 64 bits, little-endian, an executable or a library, AArch64; any operating system.
MAGIC = r"\x7fELF\x02\x01\x01" + r"\x00" * 9 + r"\x02\x00\xb7\x00"
MASK = r"\xff" * 7 + r"\x00" + r"\xff" * 8 + r"\xfe\xff\xff\xff"


def register(command):
    """Never returns: becomes the command."""
    folder = os.environ["QEMU_USER"]
    libc = ctypes.CDLL(None, use_errno=True)
    where = f"{folder}/binfmt"
    if libc.mount(b"binfmt_misc", where.encode(), b"binfmt_misc", 0, None):
        sys.exit(f"foreign.py: no binfmt_misc in a user namespace: {os.strerror(ctypes.get_errno())}")
    with open(f"{where}/register", "w", encoding="ascii") as file:
        file.write(f":arm64:M::{MAGIC}:{MASK}:{folder}/usr/bin/qemu-aarch64-static:F")
    os.execvp(command[0], command)


def main(command):
    libc = ctypes.CDLL(None, use_errno=True)
    unshared, mapped = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        if libc.unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID):
            sys.exit(f"foreign.py: no user namespace: {os.strerror(ctypes.get_errno())}")
        os.write(unshared[1], b"1")
        os.read(mapped[0], 1)
        os.setgid(0)
        os.setuid(0)
        # The first process of the new process namespace, whose end ends them all.
        first = os.fork()
        if first == 0:
            register(command)
        os._exit(os.waitstatus_to_exitcode(os.waitpid(first, 0)[1]) & 0xff)
    os.close(unshared[1])
    if os.read(unshared[0], 1):
        for name in ("uid_map", "gid_map"):
            with open(f"/proc/{child}/{name}", "w", encoding="ascii") as file:
                file.write("0 0 4294967295")
        os.write(mapped[1], b"1")
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) & 0xff)


if __name__ == "__main__":
    main(sys.argv[1:])
