# SPDX-License-Identifier: MIT
"""Runs of a network."""
from __future__ import annotations

import asyncio
import errno
import sys
from typing import TYPE_CHECKING, Any, Callable, Dict, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import numpy.typing as npt

from ._dla import ffi, lib
from .errors import check, fail, pointer, string
from .owner import Owner

if TYPE_CHECKING:
    from .network import TensorInfo

LAYOUTS = {"plain": lib.DLA_LAYOUT_PLAIN, "atoms": lib.DLA_LAYOUT_ATOMS, "lines": lib.DLA_LAYOUT_LINES,
           "pixels": lib.DLA_LAYOUT_PIXELS}
TRACKS = {lib.DLA_TRACK_CPU: "cpu", lib.DLA_TRACK_CONV: "conv", lib.DLA_TRACK_SDP: "sdp",
          lib.DLA_TRACK_PDP: "pdp", lib.DLA_TRACK_CDP: "cdp"}


def layout_number(name: str) -> int:
    """The library's number of a layout."""
    if name not in LAYOUTS:
        raise ValueError(f"layout is {name!r}; it may be {', '.join(LAYOUTS)}")
    return int(LAYOUTS[name])


class RunInfo(NamedTuple):
    """Where the time of a run went, in nanoseconds; see ``struct dla_run_info``."""

    total_ns: int
    npu_ns: int
    cpu_ns: int
    convert_ns: int
    wait_ns: int
    conversions: int
    convert_bytes: int
    retries: int


class Event(NamedTuple):
    """Something that was done for a request; see ``struct dla_event``."""

    track: str
    """``"cpu"``, or the NPU's engine: ``"conv"``, ``"sdp"``, ``"pdp"``, ``"cdp"``."""
    thread: int
    name: str
    operation: Optional[int]
    """Of the network; None for a conversion."""
    start_ns: int
    end_ns: int


def tell_progress(ctx: Any, done: int, total: int) -> None:
    """A call of the library's, in a thread of its own."""
    ffi.from_handle(ctx)(done, total)


def tell_event(ctx: Any, raw: Any) -> None:
    """Likewise."""
    ffi.from_handle(ctx)(Event(TRACKS[raw.track], raw.thread, string(raw.name),
                               None if raw.operation < 0 else raw.operation, raw.start_ns, raw.end_ns))


ffi.def_extern("python_progress")(tell_progress)
ffi.def_extern("python_event")(tell_event)


class Request:
    """
    Memory to run a network in, and its runs; made by :meth:`Network.request`.

    It belongs to one thread at a time. Several requests may be under way at the same time. One that nobody has any
    more is cancelled if it runs; its arrays stay usable.
    """

    inputs: Tuple[npt.NDArray[Any], ...]
    """The memory that a run reads: zeros at first, not to be written while the request runs."""
    outputs: Tuple[npt.NDArray[Any], ...]
    """The memory that a run writes; read-only here."""

    def __init__(self, network: Owner, inputs: Sequence[TensorInfo], outputs: Sequence[TensorInfo]) -> None:
        # What the library calls back. It as a rule knows this object, and NumPy's arrays hide from the collector what
        # they know: so the library's request, which they hold, must not hold this.
        self._callbacks: Dict[str, Any] = {}
        self._owner = Owner(pointer(lib.dla_request_new(network.raw)), lib.dla_request_free, network)
        self._handle = self._owner.handle()
        self.inputs = tuple(self._array(lib.dla_request_input, i, info, True) for i, info in enumerate(inputs))
        self.outputs = tuple(self._array(lib.dla_request_output, i, info, False) for i, info in enumerate(outputs))

    def __del__(self) -> None:
        # Arrays may keep the library's request; it must not call what goes with this object.
        if not getattr(self, "_callbacks", None):
            return
        self.cancel()
        lib.dla_request_wait(self._handle, -1)
        lib.dla_request_progress(self._handle, ffi.NULL, ffi.NULL)
        lib.dla_request_events(self._handle, ffi.NULL, ffi.NULL)

    def _array(self, call: Any, index: int, info: TensorInfo, writable: bool) -> npt.NDArray[Any]:
        memory = pointer(call(self._handle, index))
        count = int(np.prod(info.shape, dtype=np.int64))
        # An array may outlive this object: as long as it is there, so is the library's request.
        owned = self._owner.handle(ffi.cast("char *", memory))
        array = np.frombuffer(ffi.buffer(owned, count * info.dtype.itemsize), info.dtype).reshape(info.shape)
        array.flags.writeable = writable
        return array

    def run(self) -> None:
        """Run it; the interpreter is free for other threads meanwhile."""
        check(lib.dla_request_run(self._handle))

    def submit(self) -> None:
        """Start a run and return at once: it is over when :meth:`wait` says so."""
        self.fileno()
        check(lib.dla_request_submit(self._handle))

    def wait(self, timeout: Optional[float] = None) -> None:
        """
        Wait until the run is over.

        :param timeout: seconds; TimeoutError when it still runs after them. Control-C ends the wait, not the run.
        """
        left = None if timeout is None else max(0, round(timeout * 1000))
        while True:
            # Signals are handled between waits only.
            step = 100 if left is None else min(left, 100)
            if lib.dla_request_wait(self._handle, step) == 0:
                return
            if ffi.errno != errno.ETIME:
                fail()
            if left is not None:
                left -= step
                if not left:
                    raise TimeoutError(errno.ETIME, "the request still runs")

    def fileno(self) -> int:
        """A descriptor that is readable from the end of a run to the next :meth:`submit`."""
        return check(lib.dla_request_fd(self._handle))

    def cancel(self) -> None:
        """Ask for the end of a run, which then raises an Error with ECANCELED; any thread may."""
        lib.dla_request_cancel(self._handle)

    async def run_async(self) -> None:
        """Run it, and let the event loop do other things meanwhile. Cancelling the task cancels the run."""
        self.submit()
        loop = asyncio.get_running_loop()
        over: asyncio.Future[None] = loop.create_future()
        # Called again and again while it is readable, which is until the reader is removed.
        loop.add_reader(self.fileno(), lambda: None if over.done() else over.set_result(None))
        try:
            await over
        except asyncio.CancelledError:
            self.cancel()
            # Its memory is the library's until the run is over; that is at most an operation away.
            while lib.dla_request_wait(self._handle, 0) and ffi.errno == errno.ETIME:
                await asyncio.sleep(0.001)
            raise
        finally:
            loop.remove_reader(self.fileno())
        self.wait()

    def bind_input(self, index: int, fd: int, *, layout: str = "plain", offset: int = 0) -> None:
        """
        Have an input read from a dma-buf; for an emulated device, from anything that can be mapped.

        :param fd: kept by the library, so that it may be closed; -1 ends the binding.
        :param layout: ``"plain"``, as the tensor's array; or as :meth:`Network.input_layout` says of ``"atoms"``,
            ``"lines"`` and ``"pixels"``.
        """
        check(lib.dla_request_bind_input(self._handle, index, layout_number(layout), fd, offset))

    def bind_output(self, index: int, fd: int, *, layout: str = "plain", offset: int = 0) -> None:
        """Likewise have an output written there."""
        check(lib.dla_request_bind_output(self._handle, index, layout_number(layout), fd, offset))

    @property
    def info(self) -> RunInfo:
        """Where the time of the last run went."""
        raw = ffi.new("struct dla_run_info *")
        lib.dla_request_info(self._handle, raw)
        return RunInfo(*(getattr(raw, name) for name in RunInfo._fields))

    def on_progress(self, call: Optional[Callable[[int, int], None]]) -> None:
        """
        Have ``call(done, total)`` called as runs advance, in a thread of the library's; it must not use this
        library. None ends it. What it raises is printed, not passed on.
        """
        handle = None if call is None else ffi.new_handle(call)
        lib.dla_request_progress(self._handle, ffi.NULL if call is None else lib.python_progress, handle or ffi.NULL)
        self._callbacks["progress"] = handle

    def on_event(self, call: Optional[Callable[[Event], None]]) -> None:
        """Likewise ``call(event)`` for all that is done: conversions, operations, hardware layers."""
        handle = None if call is None else ffi.new_handle(call)
        lib.dla_request_events(self._handle, ffi.NULL if call is None else lib.python_event, handle or ffi.NULL)
        self._callbacks["events"] = handle


if sys.byteorder != "little":
    raise ImportError("libdla runs on little-endian machines")
