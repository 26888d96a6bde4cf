# SPDX-License-Identifier: MIT
"""What a process told the kernel, with strace: the sockets it asked for, and whether bytes of its input went out."""
import os
import re
import subprocess
import tempfile

# Ways out of a process: what makes a connection, and what hands bytes to the kernel.
SOCKETS = {"socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "sendto", "sendmsg", "sendmmsg"}
UNREADABLE = {"sendfile", "splice", "vmsplice", "tee", "copy_file_range", "process_vm_writev", "io_uring_setup",
              "io_uring_enter", "io_submit"}
WRITES = {"write", "pwrite64", "writev", "pwritev", "pwritev2", "sendto", "sendmsg", "sendmmsg"}
PIECE = 8

CALL = re.compile(r"^\d+ +(?:<\.\.\. )?(\w+)(?:\(| resumed>)")
TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
SHARED = re.compile(r"mmap\(.*PROT_WRITE.*MAP_SHARED(?!.*MAP_ANONYMOUS).*, \d+<(.*)>, ")


def trace(command, secret, wrap=()):
    """
    Run a command, by way of @wrap, which is not traced; what left it. @secret is its input: any PIECE bytes of it in a
    written buffer are a leak.

    A file that is mapped shared and writable could take bytes without a call: "mapped" names those.
    """
    pieces = {secret[i:i + PIECE] for i in range(len(secret) - PIECE + 1)}
    found = {"calls": 0, "sockets": {}, "unreadable": {}, "writes": 0, "written_bytes": 0, "leaks": 0, "mapped": []}
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "trace")
        # All calls, so that none is missed that this file forgot; -s: whole buffers, -y: names of files.
        done = subprocess.run([*wrap, "strace", "-f", "-qq", "-y", "-xx", "-s", "1000000", "-o", log, *command], check=False,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
        with open(log, encoding="ascii") as lines:
            for line in lines:
                read(line, pieces, found)
    found["mapped"] = sorted(set(found["mapped"]))
    return found


def read(line, pieces, found):
    """Count a line of strace's."""
    call = CALL.match(line)
    if not call:
        return
    name = call.group(1)
    found["calls"] += 1
    for group, names in (("sockets", SOCKETS), ("unreadable", UNREADABLE)):
        if name in names:
            found[group][name] = found[group].get(name, 0) + 1
    if name in WRITES:
        found["writes"] += 1
        # With -y, names of files are in <>, and not quoted: what is quoted is a buffer.
        for text, cut in TEXT.findall(line):
            if cut:
                raise RuntimeError("a written buffer is longer than strace shows")
            data = bytes.fromhex(text.replace("\\x", ""))
            found["written_bytes"] += len(data)
            found["leaks"] += any(data[i:i + PIECE] in pieces for i in range(len(data) - PIECE + 1))
    mapped = SHARED.search(line)
    if mapped:
        found["mapped"].append(bytes.fromhex(mapped.group(1).replace("\\x", "")).decode(errors="replace")
                               if "\\x" in mapped.group(1) else mapped.group(1))
