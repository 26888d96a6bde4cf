# SPDX-License-Identifier: MIT
"""
Cameras by way of V4L2, with nothing but ioctls: frames are mapped, and handed out as dma-bufs::

    with Camera("/dev/video0") as camera:
        format = camera.choose(("RGB3", "YUYV"), 640, 480)
        camera.start(4)
        frame = camera.next()           # one of camera.frames, until camera.give_back(frame)
"""
import ctypes
import errno
import fcntl
import mmap
import os
from typing import NamedTuple

CAPTURE, MMAP, FIELD_NONE = 1, 1, 1
CAP_CAPTURE, CAP_STREAMING, CAP_DEVICE_CAPS = 0x1, 0x4000000, 0x80000000
FLAG_ERROR = 0x40

U32, U8 = ctypes.c_uint32, ctypes.c_uint8


def struct(name, *fields, base=ctypes.Structure):
    return type(name, (base,), {"_fields_": fields})


# As in linux/videodev2.h; a test compares sizes and offsets.
Capability = struct("v4l2_capability", ("driver", ctypes.c_char * 16), ("card", ctypes.c_char * 32),
                    ("bus_info", ctypes.c_char * 32), ("version", U32), ("capabilities", U32), ("device_caps", U32),
                    ("reserved", U32 * 3))
PixFormat = struct("v4l2_pix_format", *((name, U32) for name in (
    "width", "height", "pixelformat", "field", "bytesperline", "sizeimage", "colorspace", "priv", "flags", "ycbcr_enc",
    "quantization", "xfer_func")))
# A pointer of one of the other kinds aligns it.
FormatUnion = struct("fmt", ("pix", PixFormat), ("raw_data", U8 * 200), ("pointer", ctypes.c_void_p), base=ctypes.Union)
Format = struct("v4l2_format", ("type", U32), ("fmt", FormatUnion))
RequestBuffers = struct("v4l2_requestbuffers", ("count", U32), ("type", U32), ("memory", U32), ("capabilities", U32),
                        ("flags", U8), ("reserved", U8 * 3))
Timecode = struct("v4l2_timecode", ("type", U32), ("flags", U32), ("frames", U8), ("seconds", U8), ("minutes", U8),
                  ("hours", U8), ("userbits", U8 * 4))
Timeval = struct("timeval", ("tv_sec", ctypes.c_long), ("tv_usec", ctypes.c_long))
BufferUnion = struct("m", ("offset", U32), ("userptr", ctypes.c_ulong), ("planes", ctypes.c_void_p), ("fd", ctypes.c_int32),
                     base=ctypes.Union)
Buffer = struct("v4l2_buffer", ("index", U32), ("type", U32), ("bytesused", U32), ("flags", U32), ("field", U32),
                ("timestamp", Timeval), ("timecode", Timecode), ("sequence", U32), ("memory", U32), ("m", BufferUnion),
                ("length", U32), ("reserved2", U32), ("request_fd", ctypes.c_int32))
ExportBuffer = struct("v4l2_exportbuffer", ("type", U32), ("index", U32), ("plane", U32), ("flags", U32),
                      ("fd", ctypes.c_int32), ("reserved", U32 * 11))


def request(direction, number, kind):
    """Number of an ioctl, as the kernel's _IOC() has it on ARM, RISC-V and x86."""
    return direction << 30 | ctypes.sizeof(kind) << 16 | ord("V") << 8 | number


QUERYCAP = request(2, 0, Capability)
S_FMT = request(3, 5, Format)
REQBUFS = request(3, 8, RequestBuffers)
QUERYBUF = request(3, 9, Buffer)
QBUF = request(3, 15, Buffer)
EXPBUF = request(3, 16, ExportBuffer)
DQBUF = request(3, 17, Buffer)
STREAMON = request(1, 18, ctypes.c_int32)
STREAMOFF = request(1, 19, ctypes.c_int32)


class Picture(NamedTuple):
    """What frames look like."""

    fourcc: str
    width: int
    height: int
    stride: int
    size: int


class Frame(NamedTuple):
    """Memory of a frame: mapped, and as a dma-buf, -1 where the driver exports none."""

    index: int
    memory: mmap.mmap
    fd: int


class Camera:
    """A device that captures. @ioctl is there for tests, which have no camera."""

    def __init__(self, path, ioctl=fcntl.ioctl):
        self.frames, self.format, self._ioctl = [], None, ioctl
        self._streams = False
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            found = Capability()
            self._call(QUERYCAP, found)
            can = found.device_caps if found.capabilities & CAP_DEVICE_CAPS else found.capabilities
            if not can & CAP_CAPTURE or not can & CAP_STREAMING:
                raise OSError(errno.ENODEV, "it does not capture single-planar streams", path)
        except OSError:
            self.close()
            raise
        self.name = found.card.decode(errors="replace")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _call(self, number, what):
        """Signals end a wait only if their handler raises; Python repeats the call itself for os functions alone."""
        while True:
            try:
                return self._ioctl(self._fd, number, what)
            except InterruptedError:
                pass

    def choose(self, fourccs, width, height):
        """Have frames in the first of these formats that it has, at the size nearest to what is asked for."""
        for fourcc in fourccs:
            wanted = Format(type=CAPTURE)
            pix = wanted.fmt.pix
            pix.width, pix.height, pix.field = width, height, FIELD_NONE
            pix.pixelformat = int.from_bytes(fourcc.encode(), "little")
            self._call(S_FMT, wanted)
            # A driver answers with what it does instead.
            if pix.pixelformat == int.from_bytes(fourcc.encode(), "little"):
                self.format = Picture(fourcc, pix.width, pix.height, pix.bytesperline, pix.sizeimage)
                return self.format
        raise OSError(errno.EINVAL, f"{self.name} has none of the formats {', '.join(fourccs)}")

    def start(self, count):
        """Begin to capture, with about @count buffers."""
        wanted = RequestBuffers(count=count, type=CAPTURE, memory=MMAP)
        self._call(REQBUFS, wanted)
        for index in range(wanted.count):
            buffer = Buffer(index=index, type=CAPTURE, memory=MMAP)
            self._call(QUERYBUF, buffer)
            memory = mmap.mmap(self._fd, buffer.length, mmap.MAP_SHARED, mmap.PROT_READ, offset=buffer.m.offset)
            export = ExportBuffer(type=CAPTURE, index=index, flags=os.O_RDWR | os.O_CLOEXEC)
            try:
                self._call(EXPBUF, export)
            except OSError as error:
                if error.errno not in (errno.ENOTTY, errno.EINVAL):
                    raise
                export.fd = -1
            self.frames.append(Frame(index, memory, export.fd))
        for frame in self.frames:
            self.give_back(frame)
        self._call(STREAMON, ctypes.c_int32(CAPTURE))
        self._streams = True

    def next(self):
        """Wait for a frame. It is the caller's until it is given back; damaged ones are left out."""
        while True:
            buffer = Buffer(type=CAPTURE, memory=MMAP)
            self._call(DQBUF, buffer)
            if not buffer.flags & FLAG_ERROR:
                return self.frames[buffer.index]
            self.give_back(self.frames[buffer.index])

    def give_back(self, frame):
        """It may be written again."""
        self._call(QBUF, Buffer(index=frame.index, type=CAPTURE, memory=MMAP))

    def close(self):
        """Stop. Descriptors of frames are closed; whoever bound them keeps their memory."""
        if self._fd < 0:
            return
        if self._streams:
            self._call(STREAMOFF, ctypes.c_int32(CAPTURE))
        for frame in self.frames:
            # The mapping goes with the last array that looks into it.
            if frame.fd >= 0:
                os.close(frame.fd)
        self.frames = []
        os.close(self._fd)
        self._fd = -1
