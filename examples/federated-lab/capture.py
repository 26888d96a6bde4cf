#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What leaves the devices: capture.py FILE.pcap keeps every frame until it is told to end; the rest here reads such a file."""
import ctypes
import re
import signal
import socket
import struct
import sys

import numpy as np

ALL = 0x0003
SOL_PACKET, PACKET_STATISTICS = 263, 6
FRAME = 1 << 17
# Shorter ones are found by chance; those of few different bytes, such as black margins, everywhere.
PIECE, DIFFERENT = 8, 5


def keep(path):
    """Frames that come in at the bridge's ports, once each; nothing may be missing."""
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL))
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 26)
    link.settimeout(0.2)
    going = [True]
    signal.signal(signal.SIGTERM, lambda *_: going.clear())
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, FRAME, 1))
        file.flush()
        print("ready", flush=True)
        while going:
            try:
                frame, (name, _, kind, *_) = link.recvfrom(FRAME)
            except TimeoutError:
                continue
            if name.startswith("port") and kind != socket.PACKET_OUTGOING:
                file.write(struct.pack("<IIII", 0, 0, len(frame), len(frame)) + frame)
    _, dropped = struct.unpack("II", link.getsockopt(SOL_PACKET, PACKET_STATISTICS, 2 * ctypes.sizeof(ctypes.c_uint)))
    if dropped:
        sys.exit(f"capture.py: {dropped} frames were lost")


def frames(path):
    """All of a file."""
    with open(path, "rb") as file:
        data = memoryview(file.read())
    at = 24
    while at < len(data):
        _, _, length, _ = struct.unpack_from("<IIII", data, at)
        yield data[at + 16:at + 16 + length]
        at += 16 + length


def streams(path):
    """({(source, its port): what was said}, bytes of other frames than TCP's); by TCP's numbers, a gap is an error."""
    segments, starts, other = {}, {}, 0
    for frame in frames(path):
        ip = frame[14:]
        if frame[12:14] != b"\x08\x00" or ip[9] != socket.IPPROTO_TCP:
            other += len(frame)
            continue
        tcp = ip[4 * (ip[0] & 15):struct.unpack_from(">H", ip, 2)[0]]
        key = socket.inet_ntoa(bytes(ip[12:16])), struct.unpack_from(">H", tcp, 0)[0]
        sequence, = struct.unpack_from(">I", tcp, 4)
        if tcp[13] & 2:
            starts[key] = sequence + 1
        payload = bytes(tcp[4 * (tcp[12] >> 4):])
        if payload:
            segments.setdefault(key, []).append((sequence, payload))
    return {key: joined(starts[key], parts) for key, parts in segments.items()}, other


def joined(start, parts):
    """One direction of a connection."""
    out = bytearray()
    for at, payload in sorted(((sequence - start) & 0xffffffff, payload) for sequence, payload in parts):
        if at > len(out):
            raise ValueError(f"the capture misses {at - len(out)} bytes")
        out[at:] = payload if at + len(payload) >= len(out) else out[at:]
    return bytes(out)


def pieces(rows):
    """All PIECE bytes of rows of bytes that are worth looking for, as numbers."""
    rows = np.ascontiguousarray(rows)
    windows = np.lib.stride_tricks.sliding_window_view(rows, PIECE, axis=-1).reshape(-1, PIECE)
    ordered = np.sort(windows, axis=1)
    worth = 1 + np.count_nonzero(np.diff(ordered, axis=1), axis=1) >= DIFFERENT
    return np.unique(np.ascontiguousarray(windows[worth]).view(np.uint64))


def found(rows, said):
    """How many different pieces of rows (each of them as bytes) are in any of the streams."""
    wanted = pieces(rows)
    spoken = [pieces(np.frombuffer(each, np.uint8)[np.newaxis]) for each in said if len(each) >= PIECE]
    return int(np.isin(wanted, np.concatenate(spoken)).sum()) if spoken else 0


def requests(said):
    """HTTP requests of a stream in the clear: (path, bytes, body) each."""
    at = 0
    while at < len(said):
        end = said.index(b"\r\n\r\n", at) + 4
        head = said[at:end]
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        until = end + (int(length[1]) if length else 0)
        yield head.split(b" ", 2)[1].decode(), until - at, said[end:until]
        at = until


if __name__ == "__main__":
    keep(sys.argv[1])
