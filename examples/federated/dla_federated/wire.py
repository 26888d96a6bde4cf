# SPDX-License-Identifier: MIT
"""What travels between a device and the server, and how either side checks it."""
import json
import math
from typing import NamedTuple

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, MetricRecord, RecordDict

ARRAYS, CONFIG, METRICS, HEAD, EXAMPLES = "arrays", "config", "metrics", "head", "num-examples"
# What NumPy's format needs in front of the numbers, with room to spare.
PREAMBLE = 256
# More, a head does not take; and of what is larger than anybody's, no average says anything.
LARGEST = 1e9
# Of samples.
SHARES = {"before", "after", "own", "accuracy", "personal"}


class Refused(Exception):
    """A message that is not used; its text says why, to somebody on the other side."""


class Identity(NamedTuple):
    """Whose weights these are: heads of different backbones or classes have nothing to do with each other."""

    backbone: str
    """SHA-256, in hexadecimal."""
    classes: tuple
    """A name each; None where there is none."""
    features: int

    @classmethod
    def of(cls, head, count=None):
        """Of a dla.Head, with its first @count classes only."""
        return cls(head.info.backbone, tuple(head.classes[:count]), head.info.features)

    @property
    def shape(self):
        """Of the weights: a row for each class, the bias last."""
        return len(self.classes), self.features + 1

    def entries(self):
        """For a ConfigRecord."""
        return {"backbone": bytes.fromhex(self.backbone), "classes": json.dumps(self.classes, separators=(",", ":"))}

    def check(self, config):
        """Raise Refused if a message's record is about something else."""
        backbone, classes = read_identity(config)
        if backbone != self.backbone:
            raise Refused(f"it is of the backbone {backbone[:12]}..., not of {self.backbone[:12]}...")
        if len(classes) != len(self.classes):
            raise Refused(f"it has {len(classes)} classes, not {len(self.classes)}")
        for index, (theirs, ours) in enumerate(zip(classes, self.classes)):
            if theirs and ours and theirs != ours:
                raise Refused(f"its class {index} is {theirs!r}, not {ours!r}")


def read_identity(config):
    """The backbone and the classes that a record names."""
    backbone, classes = config.get("backbone"), config.get("classes")
    if not isinstance(backbone, bytes) or len(backbone) != 32 or not isinstance(classes, str):
        raise Refused("it does not say which backbone and which classes it is of")
    try:
        names = json.loads(classes)
    except ValueError:
        names = None
    if not isinstance(names, list) or not all(name is None or isinstance(name, str) for name in names):
        raise Refused("its list of classes cannot be read")
    return backbone.hex(), tuple(name or None for name in names)


def only(records, what):
    """The one record of a kind."""
    if len(records) != 1:
        raise Refused(f"it has {len(records)} records of {what}, not 1")
    return next(iter(records.values()))


def read_weights(record, shape):
    """Of an ArrayRecord, a float32 array that is finite and has that shape."""
    if list(record) != [HEAD]:
        raise Refused(f"its arrays are {', '.join(map(repr, record)) or 'none'}, not {HEAD!r}")
    array = record[HEAD]
    # Of the widest type that there is, so that one of a wrong type is told that.
    if len(array.data) > 16 * math.prod(shape) + PREAMBLE:
        raise Refused(f"its array has {len(array.data)} bytes, far more than {tuple(shape)} takes")
    try:
        values = array.numpy()
    # NumPy has its own exceptions for each way in which a file can be wrong.
    except Exception as error:  # pylint: disable=broad-except
        raise Refused(f"its array cannot be read: {error}") from None
    # Archives can be read, too.
    if not isinstance(values, np.ndarray):
        raise Refused("its array cannot be read: it is none")
    if values.dtype != np.float32:
        raise Refused(f"its array is of {values.dtype}, not of float32")
    if values.shape != tuple(shape):
        raise Refused(f"its array has the shape {values.shape}, not {tuple(shape)}")
    if not np.isfinite(values).all():
        raise Refused(f"{np.count_nonzero(~np.isfinite(values))} of its weights are not finite")
    if (large := np.count_nonzero(np.abs(values) > LARGEST)):
        raise Refused(f"{large} of its weights are larger than {LARGEST:g}")
    return values


def read_metrics(record, names):
    """The named figures of a MetricRecord, as floats, and the number of examples."""
    examples = record.get(EXAMPLES)
    if isinstance(examples, bool) or not isinstance(examples, int) or not 0 < examples < 1 << 32:
        raise Refused(f"its number of examples is {examples!r}")
    found = {}
    for name in names:
        value = record.get(name)
        least, most = (0, 1) if name in SHARES else (-LARGEST, LARGEST)
        # NaN is in no range.
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
            raise Refused(f"its {name!r} is {value!r}")
        found[name] = float(value)
    return {EXAMPLES: examples, **found}


def weights_record(values):
    """For a message."""
    return ArrayRecord({HEAD: Array(np.ascontiguousarray(values, np.float32))})


def content(identity, metrics, values=None):
    """Of a reply."""
    records = {METRICS: MetricRecord(metrics), CONFIG: ConfigRecord(identity.entries())}
    if values is not None:
        records[ARRAYS] = weights_record(values)
    return RecordDict(records)
