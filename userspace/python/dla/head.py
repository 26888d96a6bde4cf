# SPDX-License-Identifier: MIT
"""The last layer of a network, which learns on the device."""
from __future__ import annotations

import os
from types import TracebackType
from typing import Any, Callable, List, NamedTuple, Optional, Type, Union

import numpy as np
import numpy.typing as npt

from ._dla import ffi, lib
from .errors import check, fail, pointer, string
from .network import Network, TensorInfo, lossless, tensor_info
from .owner import Owner, Use

Path = Union[str, "os.PathLike[str]"]
Progress = Callable[[int, int, float], Optional[bool]]
SCHEDULES = {"cosine": lib.DLA_RATE_COSINE, "constant": lib.DLA_RATE_CONSTANT, "step": lib.DLA_RATE_STEP}


class HeadInfo(NamedTuple):
    """What a head is."""

    features: int
    """How many numbers the backbone makes of an input."""
    classes: int
    original_classes: int
    """How many of them the network's file has."""
    feature_scale: float
    feature_zero_point: int
    backbone: str
    """SHA-256 of what computes the features: heads of the same one can be exchanged."""
    version: int
    """How often it has been trained or set."""


class TrainResult(NamedTuple):
    """What came of a training."""

    trained: int
    """Samples that it was trained on."""
    held_out: int
    """Samples that decided whether it got better."""
    epochs: int
    before: float
    """Share of the held out ones that were right before."""
    after: float
    loss: float
    """Of the last epoch."""
    resumed: int
    """How many of the epochs a checkpoint had."""
    rolled_back: bool
    """It had got worse, and is what it was before."""


class Score(NamedTuple):
    """How a head does on samples."""

    samples: int
    right: int
    loss: float


class _Epochs:
    """Who is told of epochs, and what that raised."""

    def __init__(self, call: Optional[Progress]) -> None:
        self.call = call
        self.error: Optional[BaseException] = None


def tell_epoch(ctx: Any, epoch: int, epochs: int, loss: float) -> int:
    """A call of the library's, in the thread that trains. Also without anybody to tell: Control-C is noticed in here."""
    call = ffi.from_handle(ctx).call
    return int(bool(call and call(epoch, epochs, loss)))


def keep_error(_: Any, error: BaseException, trace: Any) -> None:
    """It ends the training, and is raised there."""
    ffi.from_handle(trace.tb_frame.f_locals["ctx"]).error = error


ffi.def_extern("python_epoch", error=1, onerror=keep_error)(tell_epoch)


class Samples:
    """
    Features with labels, in a file that survives a loss of power, or in memory; made by :meth:`Head.samples`.

    It belongs to one thread at a time. A file is closed when nothing uses it any more, or by leaving a ``with`` block or
    :meth:`close`, which also say whether all of it has reached the disk; until then nobody else can open it.
    """

    def __init__(self, head: Owner, features: int, path: Optional[Path]) -> None:
        raw = pointer(lib.dla_samples_open(head.raw, ffi.NULL if path is None else os.fsencode(path)))
        # Empty when it is closed: whoever takes it out closes it.
        self._held = held = [raw]

        def close_once(_: Any) -> None:
            if held:
                lib.dla_samples_close(held.pop())

        self._owner = Owner(raw, close_once, head)
        self._use = Use(self._owner)
        self._width = features

    def __enter__(self) -> Samples:
        return self

    def __exit__(self, kind: Optional[Type[BaseException]], value: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.close()

    def _open(self) -> Any:
        if not self._held:
            raise ValueError("the samples are closed")
        return self._held[0]

    def close(self) -> None:
        """See to it that all of them are on the disk, and let go of the file; using it afterwards is a ValueError."""
        if self._held:
            check(lib.dla_samples_close(self._held.pop()))

    def __len__(self) -> int:
        return int(lib.dla_samples_count(self._open()))

    def __repr__(self) -> str:
        return f"<dla.Samples, {len(self)} of {self._width} features>" if self._held else "<dla.Samples, closed>"

    def add(self, features: npt.ArrayLike, labels: npt.ArrayLike) -> None:
        """
        Add some.

        :param features: of :meth:`Head.features`: a row for each, or the features of one.
        :param labels: the class of each.
        """
        rows = np.atleast_2d(lossless("features", np.dtype(np.int8), np.asarray(features)))
        numbers = np.atleast_1d(lossless("labels", np.dtype(np.uint32), np.asarray(labels)))
        if rows.ndim != 2 or rows.shape[1] != self._width or numbers.shape != rows.shape[:1]:
            raise ValueError(f"features have shape (n, {self._width}) and labels (n,), not {rows.shape} and "
                             f"{numbers.shape}")
        for row, label in zip(np.ascontiguousarray(rows), numbers):
            check(lib.dla_samples_add(self._open(), ffi.from_buffer("int8_t[]", row), int(label)))

    @property
    def features(self) -> npt.NDArray[np.int8]:
        """A copy of all features, a row for each sample."""
        raw, rows = self._open(), np.empty((len(self), self._width), np.int8)
        for index, row in enumerate(rows):
            row[:] = np.frombuffer(ffi.buffer(lib.dla_samples_features(raw, index), self._width), np.int8)
        return rows

    @property
    def labels(self) -> npt.NDArray[np.uint32]:
        """A copy of all labels."""
        raw = self._open()
        return np.fromiter((lib.dla_samples_label(raw, i) for i in range(len(self))), np.uint32, len(self))


class Head:
    """
    The last fully connected layer of a network; made by :meth:`Device.head`.

    What is in front of it, the backbone, makes features of inputs and stays as it is. It lives as long as anything
    uses it, and belongs to one thread at a time.
    """

    def __init__(self, owner: Owner, raw: Any) -> None:
        self._owner = Owner(raw, lib.dla_head_free, owner)
        self._handle = self._owner.handle()
        self.input: TensorInfo = tensor_info(lib.dla_head_input(raw))
        """What :meth:`features` takes, one at a time."""

    def __repr__(self) -> str:
        info = self.info
        return f"<dla.Head, {info.features} features, {info.classes} classes, version {info.version}>"

    @property
    def info(self) -> HeadInfo:
        """What it is at present."""
        raw = ffi.new("struct dla_head_info *")
        lib.dla_head_info(self._handle, raw)
        return HeadInfo(raw.features, raw.classes, raw.original_classes, raw.feature_scale, raw.feature_zero_point,
                        string(raw.backbone), raw.version)

    @property
    def classes(self) -> List[Optional[str]]:
        """Their names; None for one that has none."""
        return [string(lib.dla_head_class(self._handle, i)) or None for i in range(self.info.classes)]

    def add_class(self, name: str) -> int:
        """Add a class, which nothing is taken for until it was trained; its number."""
        return check(lib.dla_head_add_class(self._handle, name.encode()))

    def name_class(self, index: int, name: str) -> None:
        """Say what a class is called, as the network's file does not."""
        check(lib.dla_head_name_class(self._handle, index, name.encode()))

    def features(self, inputs: npt.ArrayLike) -> npt.NDArray[np.int8]:
        """
        What the backbone makes of inputs; several are under way at a time, and the interpreter is free meanwhile.

        :param inputs: one or more, each of the shape of :attr:`input` with or without its leading 1.
        :return: a row for each.
        """
        values = np.asarray(inputs)
        shape = self.input.shape
        each = shape[1:] if shape[:1] == (1,) else shape
        if values.shape == each:
            values = values[np.newaxis]
        elif values.shape[2:] == each and values.shape[1:2] == shape[:1]:
            values = values[:, 0]
        if values.shape[1:] != each:
            raise ValueError(f"{self.input.name!r} has shape {each}, not {values.shape}")
        memory = np.ascontiguousarray(lossless(self.input.name, self.input.dtype, values))
        rows = np.empty((len(memory), self.info.features), np.int8)
        if len(memory):
            check(lib.dla_head_features(self._handle, ffi.from_buffer(memory), len(memory),
                                        ffi.from_buffer("int8_t[]", rows, require_writable=True)))
        return rows

    def samples(self, path: Optional[Path] = None) -> Samples:
        """
        Open samples of this backbone.

        :param path: made when missing; ``None``: in memory only.
        """
        return Samples(self._owner, self.info.features, path)

    @property
    def weights(self) -> npt.NDArray[np.float32]:
        """A copy: a row for each class, of a weight for each feature's real value, and the bias."""
        info = self.info
        values = np.empty((info.classes, info.features + 1), np.float32)
        lib.dla_head_weights(self._handle, ffi.from_buffer("float[]", values, require_writable=True))
        return values

    @weights.setter
    def weights(self, values: npt.ArrayLike) -> None:
        rows = np.ascontiguousarray(np.asarray(values), np.float32)
        width = self.info.features + 1
        if rows.ndim != 2 or rows.shape[1] != width:
            raise ValueError(f"weights have shape (classes, {width}), not {rows.shape}")
        check(lib.dla_head_set_weights(self._handle, ffi.from_buffer("float[]", rows), len(rows)))

    def train(self, samples: Samples, *, epochs: int = 0, batch: int = 0, rate: float = 0, momentum: float = 0,
              decay: float = 0, proximal: float = 0, schedule: str = "cosine", seed: int = 0, held_out: float = 0,
              checkpoint: Optional[Path] = None, progress: Optional[Progress] = None) -> TrainResult:
        """
        Train on samples; where a number is 0, the default of ``struct dla_train_options`` is meant.

        :param rate: how long steps are, at first; ``schedule`` says how that changes: ``"cosine"``, ``"constant"``,
            ``"step"``.
        :param momentum: negative: none.
        :param proximal: FedProx's mu: how much it is drawn to the weights at the start.
        :param held_out: the share of each class that is not trained on, but decides whether it got better; if it got
            worse, all stays as it was. Negative: none.
        :param checkpoint: a file, written after each epoch; training goes on from there if there is one.
        :param progress: called as ``progress(epoch, epochs, loss)``. If it returns true, the training ends with an Error
            of ECANCELED, if it raises something, with that; so does Control-C, after the epoch. Then nothing has changed,
            but for the checkpoint.
        """
        if schedule not in SCHEDULES:
            raise ValueError(f"schedule is {schedule!r}; it may be {', '.join(SCHEDULES)}")
        told = _Epochs(progress)
        handle = ffi.new_handle(told)
        path = ffi.NULL if checkpoint is None else ffi.new("char[]", os.fsencode(checkpoint))
        how = ffi.new("struct dla_train_options *", {
            "epochs": epochs, "batch": batch, "rate": rate, "momentum": momentum, "decay": decay, "proximal": proximal,
            "schedule": SCHEDULES[schedule], "seed": seed, "held_out": held_out, "checkpoint": path,
            "progress": lib.python_epoch, "ctx": handle})
        raw = ffi.new("struct dla_train_result *")
        result = lib.dla_head_train(self._handle, samples._open(), how, raw)  # pylint: disable=protected-access
        if result < 0:
            if told.error is not None:
                raise told.error
            fail()
        return TrainResult(raw.trained, raw.held_out, raw.epochs, raw.before, raw.after, raw.loss, raw.resumed,
                           bool(raw.rolled_back))

    def evaluate(self, samples: Samples) -> Score:
        """Classify samples as the network does, with the layer in int8."""
        raw = ffi.new("struct dla_head_score *")
        check(lib.dla_head_evaluate(self._handle, samples._open(), raw))  # pylint: disable=protected-access
        return Score(raw.samples, raw.right, raw.loss)

    def calibrate(self, samples: Samples) -> None:
        """Quantise the outputs by the range that they have over samples, as is good after :attr:`weights` were set."""
        check(lib.dla_head_calibrate(self._handle, samples._open()))  # pylint: disable=protected-access

    def rollback(self) -> None:
        """Go back to before it was last trained or set; one step."""
        check(lib.dla_head_rollback(self._handle))

    def save(self, path: Path) -> None:
        """Write the layer to a file, as a whole or not at all."""
        check(lib.dla_head_save(self._handle, os.fsencode(path)))

    def restore(self, path: Path) -> None:
        """Read it from there; an Error with ESTALE if it is of another backbone."""
        check(lib.dla_head_restore(self._handle, os.fsencode(path)))

    def network(self) -> Network:
        """The whole network with the layer as it is now; the backbone is not compiled again."""
        return Network(self._owner, pointer(lib.dla_head_network(self._handle)))
