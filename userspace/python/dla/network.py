# SPDX-License-Identifier: MIT
"""A network, compiled for a device."""
from __future__ import annotations

from typing import Any, List, NamedTuple, Optional, Tuple, Union

import numpy as np
import numpy.typing as npt

from ._dla import ffi, lib
from .errors import check, pointer, string
from .owner import Owner
from .request import Request, layout_number


class TensorInfo(NamedTuple):
    """An input or output: real value = scale * (stored - zero_point); scale is 0 when it is not quantised."""

    name: str
    dtype: np.dtype[Any]
    shape: Tuple[int, ...]
    scale: float
    zero_point: int

    def quantise(self, values: npt.ArrayLike) -> npt.NDArray[Any]:
        """Real values as this tensor stores them: rounded to nearest, ties to even, what is too large clamped."""
        if not self.scale:
            return np.asarray(values, self.dtype)
        limits = np.iinfo(self.dtype)
        stored = np.rint(np.asarray(values, np.float64) / self.scale) + self.zero_point
        return np.asarray(np.clip(stored, limits.min, limits.max), self.dtype)

    def dequantise(self, stored: npt.ArrayLike) -> npt.NDArray[Any]:
        """Real values of what this tensor stores."""
        if not self.scale:
            return np.asarray(stored)
        shifted = np.asarray(stored, np.int32) - np.int32(self.zero_point)
        return np.asarray(shifted * np.float64(self.scale), np.float32)


class Operation(NamedTuple):
    """Where an operation runs, and why."""

    name: str
    output: str
    shape: str
    where: str
    kernel: str
    why: str
    macs: int
    layers: int
    bytes: int
    """Of memory that its layers on the NPU read and write."""
    fused_into: Optional[int]
    """The later operation whose layers do this one's work, too."""


class Placement(NamedTuple):
    """Why an operation is where it is, in nanoseconds; see ``struct dla_placement_info``."""

    cpu_ns: int
    npu_ns: int
    border_ns: int
    reason: str


class Estimate(NamedTuple):
    """What placing expected of a run; see ``struct dla_estimate``."""

    profile: str
    npu_hz: int
    run_ns: int
    all_cpu_ns: int
    all_npu_ns: int


class Memory(NamedTuple):
    """Bytes that a network needs: weights once, the others for each request, with their lower bounds."""

    weights: int
    npu: int
    host: int
    npu_bound: int
    host_bound: int


class Layout(NamedTuple):
    """How a tensor lies in memory, see ``enum dla_layout``; no copy is made where that is native."""

    native: bool
    bytes: int
    width: int
    height: int
    channels: int
    atom: int
    line_stride: int
    plane_stride: int


class Support(NamedTuple):
    """An operation that networks may have."""

    name: str
    types: str
    limits: Optional[str]
    npu: Optional[str]
    """What must be so for the NPU to do it; None when it never does."""
    xnnpack: bool


def supported_operations() -> List[Support]:
    """What networks may have."""
    found: List[Support] = []
    raw = ffi.new("struct dla_operation_support *")
    while lib.dla_supported_operation(len(found), raw) == 0:
        found.append(Support(string(raw.name), string(raw.types), string(raw.limits) or None,
                             string(raw.npu) or None, bool(raw.xnnpack)))
    return found


def tensor_info(raw: Any) -> TensorInfo:
    """A description of the library's."""
    return TensorInfo(string(raw.name), np.dtype(string(raw.type)),
                      tuple(raw.shape[i] for i in range(raw.rank)), raw.scale, raw.zero_point)


class Network:
    """
    A network, compiled for a device; made by :meth:`Device.load` or :meth:`Head.network`.

    Threads may share it. It lives as long as anything uses it.
    """

    def __init__(self, owner: Owner, network: Any) -> None:
        self._owner = Owner(network, lib.dla_network_free, owner)
        self._handle = self._owner.handle()
        self.inputs: Tuple[TensorInfo, ...] = tuple(
            tensor_info(lib.dla_network_input(network, i)) for i in range(lib.dla_network_input_count(network)))
        self.outputs: Tuple[TensorInfo, ...] = tuple(
            tensor_info(lib.dla_network_output(network, i)) for i in range(lib.dla_network_output_count(network)))

    def __repr__(self) -> str:
        return f"<dla.Network {self.name!r}>"

    @property
    def name(self) -> str:
        """The file's name without its folder; "memory" if it came from there."""
        return string(lib.dla_network_name(self._handle))

    @property
    def operations(self) -> List[Operation]:
        """Its operations in the order of the file, and where they run."""
        found = []
        for i in range(lib.dla_network_operation_count(self._handle)):
            raw = lib.dla_network_operation(self._handle, i)
            found.append(Operation(string(raw.name), string(raw.output), string(raw.shape), string(raw.where),
                                   string(raw.kernel), string(raw.why), raw.macs, raw.layers, raw.bytes,
                                   None if raw.fused_into < 0 else raw.fused_into))
        return found

    @property
    def estimate(self) -> Optional[Estimate]:
        """What placing expected of a run; None if this network was not placed by time."""
        raw = ffi.new("struct dla_estimate *")
        if lib.dla_network_estimate(self._handle, raw) < 0:
            return None
        return Estimate(string(raw.profile), raw.npu_hz, raw.run_ns, raw.all_cpu_ns, raw.all_npu_ns)

    @property
    def placements(self) -> List[Placement]:
        """Why its operations are where they are; an error if this network was not placed by time."""
        found = []
        for i in range(lib.dla_network_operation_count(self._handle)):
            raw = pointer(lib.dla_network_placement(self._handle, i))
            found.append(Placement(raw.cpu_ns, raw.npu_ns, raw.border_ns, string(raw.reason)))
        return found

    @property
    def memory(self) -> Memory:
        """What it needs."""
        raw = ffi.new("struct dla_memory_info *")
        lib.dla_network_memory(self._handle, raw)
        return Memory(*(getattr(raw, name) for name in Memory._fields))

    def _layout(self, call: Any, index: int, layout: str) -> Layout:
        raw = ffi.new("struct dla_layout_info *")
        check(call(self._handle, index, layout_number(layout), raw))
        values = {name: getattr(raw, name) for name in Layout._fields}
        return Layout(**{**values, "native": bool(raw.native)})

    def input_layout(self, index: int = 0, layout: str = "plain") -> Layout:
        """How an input lies in ``"plain"``, ``"atoms"``, ``"lines"`` or ``"pixels"``; for :meth:`Request.bind_input`."""
        return self._layout(lib.dla_network_input_layout, index, layout)

    def output_layout(self, index: int = 0, layout: str = "plain") -> Layout:
        """Likewise for an output."""
        return self._layout(lib.dla_network_output_layout, index, layout)

    def request(self) -> Request:
        """Memory to run it in."""
        return Request(self._owner, self.inputs, self.outputs)

    def __call__(self, *inputs: npt.ArrayLike) -> Union[npt.NDArray[Any], Tuple[npt.NDArray[Any], ...]]:
        """
        Run it once: an array of each input's shape, with or without the leading 1, and of a type that it takes
        without loss.

        :return: a copy of the output; a tuple where the network has several.
        """
        if len(inputs) != len(self.inputs):
            raise TypeError(f"{self.name} takes {len(self.inputs)} inputs, not {len(inputs)}")
        request = self.request()
        for info, to, values in zip(self.inputs, request.inputs, inputs):
            fill(info, to, np.asarray(values))
        request.run()
        results = tuple(output.copy() for output in request.outputs)
        return results[0] if len(results) == 1 else results


def lossless(name: str, dtype: np.dtype[Any], values: npt.NDArray[Any], hint: str = "") -> npt.NDArray[Any]:
    """Values as another type; what would change them is an error."""
    if values.dtype.kind in "iu" and dtype.kind in "iu" and values.dtype != dtype and values.size:
        limits = np.iinfo(dtype)
        if values.min() < limits.min or values.max() > limits.max:
            raise ValueError(f"{name!r} takes {dtype}; {values.dtype} from {values.min()} to {values.max()} does not fit")
    elif not np.can_cast(values.dtype, dtype, "same_kind"):
        raise TypeError(f"{name!r} takes {dtype}, not {values.dtype}{hint}")
    return values.astype(dtype, copy=False)


def fill(info: TensorInfo, to: npt.NDArray[Any], values: npt.NDArray[Any]) -> None:
    """Put values into an input; what would change them or does not fit is an error."""
    values = lossless(info.name, to.dtype, values, "; TensorInfo.quantise() converts real values" if info.scale else "")
    if values.shape not in (to.shape, to.shape[1:] if to.shape[:1] == (1,) else to.shape):
        raise ValueError(f"{info.name!r} has shape {to.shape}, not {values.shape}")
    np.copyto(to, values.reshape(to.shape))
