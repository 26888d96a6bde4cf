# SPDX-License-Identifier: MIT
"""What runs networks."""
from __future__ import annotations

import os
from types import TracebackType
from typing import Any, List, NamedTuple, Optional, Tuple, Type, Union

from ._dla import ffi, lib
from .errors import check, pointer, string
from .head import Head
from .network import Network
from .owner import Owner

Path = Union[str, "os.PathLike[str]"]


class DeviceInfo(NamedTuple):
    """What a device is; zeros where there is no NPU."""

    config: str
    """Hardware configuration, such as ``nv_small``."""
    atom: int
    """Bytes of a memory atom."""
    macs: int
    """Multiply-accumulates a cycle."""
    cbuf_bytes: int
    """Size of the convolution buffer."""
    dma_bits: int
    """Address bits."""
    coherent: bool
    """It sees the CPU's caches."""
    resettable: bool
    """It has a reset line, so that a hang costs one run."""
    wedged: bool
    """It has hung and cannot be reset."""
    timeout_ms: int
    """How long it may make no progress."""


class Stats(NamedTuple):
    """What the NPU has done since its device was opened; from ``cycles`` on zero but on an emulated device."""

    operations: int
    macs: int
    cycles: int
    mac_cycles: int
    read_bytes: int
    write_bytes: int
    register_writes: int
    interrupts: int
    late_ns: int


def devices() -> List[str]:
    """Paths of the device nodes of this machine; empty when there is none."""
    found: List[str] = []
    path = ffi.new("char[]", 4096)
    while lib.dla_device_node(len(found), path, len(path)) == 0:
        found.append(string(path))
    return found


class Device:
    """
    What runs networks.

    :param name: ``"auto"``, the first device node, or the CPU where there is none; ``"npu"``, the first device
        node; ``"cpu"``; ``"sim:nv_small"``, the emulated NPU in this process, ``"sim:nv_small@100MHz"`` one that
        takes the time a device of this clock takes; or the path of a device node.

    The device is closed when nothing uses it any more: neither this object nor a network, a request or one of
    its arrays. Leaving a ``with`` block or :meth:`close` lets go of it from this object.
    """

    def __init__(self, name: str = "auto") -> None:
        owner = Owner(pointer(lib.dla_device_open(name.encode())), lib.dla_device_close)
        # One attribute, so that who has read it while another thread closes the device has all of it.
        self._held: Optional[Tuple[Owner, Any]] = (owner, owner.handle())

    def __enter__(self) -> Device:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], value: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<dla.Device {self.name!r}>" if self._held else "<dla.Device, closed>"

    def _open(self) -> Any:
        return self._open_owner()[1]

    def _open_owner(self) -> Tuple[Owner, Any]:
        held = self._held
        if held is None:
            raise ValueError("the device is closed")
        return held

    def close(self) -> None:
        """Let go of the device; using it afterwards is a ValueError. Networks that were loaded stay usable."""
        self._held = None

    @property
    def name(self) -> str:
        """Which device was opened: ``"cpu"``, ``"sim:nv_small"``, ..."""
        return string(lib.dla_device_name(self._open()))

    @property
    def info(self) -> DeviceInfo:
        """What it is."""
        raw = ffi.new("struct dla_device_info *")
        lib.dla_device_info(self._open(), raw)
        return DeviceInfo(string(raw.config), raw.atom, raw.macs, raw.cbuf_bytes, raw.dma_bits,
                          bool(raw.coherent), bool(raw.resettable), bool(raw.wedged), raw.timeout_ms)

    @property
    def stats(self) -> Stats:
        """What its NPU has done."""
        raw = ffi.new("struct dla_npu_stats *")
        lib.dla_device_stats(self._open(), raw)
        return Stats(*(getattr(raw, name) for name in Stats._fields))

    def record(self, folder: Optional[Path]) -> None:
        """
        Write down all that an emulated NPU is told and shown from now on, before the first request has run.

        :param folder: made when missing; ``None`` ends the recording and completes it.
        """
        check(lib.dla_device_record(self._open(), ffi.NULL if folder is None else os.fsencode(folder)))

    def load(self, model: Union[Path, bytes], *, place: str = "auto", cpu_profile: Optional[Path] = None,
             cpu: str = "auto", cpu_threads: int = 1, exact: bool = False, keep_tensors: bool = False) -> Network:
        """
        Read a ``.tflite`` file and compile it for this device, or read what :meth:`compile` wrote.

        :param model: the file's path, or as ``bytes`` what it has.
        :param place: where operations go: ``"auto"``, so that a run takes least time; ``"npu"``, whatever can go
            there; ``"cpu"``, none.
        :param cpu_profile: for ``"auto"``, how fast the CPU is: ``"slow-in-order"``, ``"fast-in-order"``,
            ``"out-of-order"``, or a file of :meth:`calibrate`.
        :param cpu: ``"auto"``, XNNPACK where it has the operation; ``"reference"``, kernels that are slow and to
            the bit TensorFlow Lite's.
        :param cpu_threads: how many share the work of one of XNNPACK's operations; a gain where a run has the CPUs to
            itself.
        :param exact: round wherever TensorFlow Lite rounds; costs the fusion of convolutions and ADDs.
        :param keep_tensors: give every tensor memory of its own; for debugging.
        """
        how = options(place, cpu_profile, cpu, exact, keep_tensors)
        how.cpu_threads = cpu_threads
        owner, device = self._open_owner()
        if isinstance(model, bytes):
            return Network(owner, pointer(lib.dla_network_load_memory(device, model, len(model), b"memory", how)))
        return Network(owner, pointer(lib.dla_network_load(device, os.fsencode(model), how)))

    def head(self, model: Path, *, place: str = "auto", cpu_profile: Optional[Path] = None, cpu: str = "auto",
             cpu_threads: int = 1, exact: bool = False) -> Head:
        """
        The last layer of a network, which learns on this device; what is in front of it is compiled for the device.

        :param model: a ``.tflite`` file with a fully connected layer as the last that has weights. The others are those
            of :meth:`load`.
        """
        how = options(place, cpu_profile, cpu, exact, False)
        how.cpu_threads = cpu_threads
        owner, device = self._open_owner()
        return Head(owner, pointer(lib.dla_head_new(device, os.fsencode(model), how)))

    def compile(self, model: Union[Path, bytes], save_as: Path, *, place: str = "auto",
                cpu_profile: Optional[Path] = None, cpu: str = "auto", exact: bool = False) -> None:
        """Compile a ``.tflite`` file, or its ``bytes``, for devices of this configuration and write it to a file."""
        how = options(place, cpu_profile, cpu, exact, False)
        if isinstance(model, bytes):
            check(lib.dla_network_compile_memory(self._open(), model, len(model), b"memory", how, os.fsencode(save_as)))
        else:
            check(lib.dla_network_compile(self._open(), os.fsencode(model), how, os.fsencode(save_as)))

    def calibrate(self, save_as: Optional[Path] = None) -> None:
        """
        Measure what ``place="auto"`` has to know of this machine and of this NPU, in some seconds.

        :param save_as: for ``cpu_profile``; ``None``: where all networks of this user are placed by it.
        """
        check(lib.dla_calibrate(self._open(), ffi.NULL if save_as is None else os.fsencode(save_as)))


def choice(kind: str, value: str) -> int:
    """The number of an option's value, from the names in dla.h."""
    number = getattr(lib, f"DLA_{kind}_{value.upper()}", None) if value.islower() else None
    if not isinstance(number, int):
        start = f"DLA_{kind}_"
        known = sorted(name[len(start):].lower() for name in dir(lib) if name.startswith(start))
        raise ValueError(f"{kind.lower()} is {value!r}; it may be {', '.join(known)}")
    return number


def options(place: str, cpu_profile: Optional[Path], cpu: str, exact: bool, keep_tensors: bool) -> Any:
    """struct dla_options, all zero where nothing was asked for."""
    raw = ffi.new("struct dla_options *")
    raw.place = choice("PLACE", place)
    if cpu_profile is not None:
        text = ffi.new("char[]", os.fsencode(cpu_profile))
        raw.cpu_profile = text
        # The text has to live as long as what points at it.
        raw = ffi.gc(raw, lambda _, _text=text: None)
    raw.cpu = choice("CPU", cpu)
    raw.exact = exact
    raw.keep_tensors = keep_tensors
    return raw
