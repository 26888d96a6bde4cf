#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Vectors for the reference kernels: random networks of one operation, and what TensorFlow Lite answers.

usage: generate.py [--seed N] [--each N] [--only KIND[,KIND]...] FILE

Needs TensorFlow from pip (made with 2.19.1). The oracle is its interpreter with the reference
kernels (BUILTIN_REF), without any delegate. The file is a gzip stream of records, all numbers 32
bits, little endian: the length of the name, the name, the number of blobs, and for each blob its
length and its bytes: the .tflite file, its inputs, its outputs. tests/unit/tflite_vectors.c reads it.
"""
import argparse
import gzip
import os
import random
import struct
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import flatbuffers
import numpy as np
import tensorflow as tf
from tensorflow.lite.python import schema_py_generated as schema

TYPES = {"int8": np.int8, "uint8": np.uint8, "int32": np.int32, "int64": np.int64, "float32": np.float32,
         "bool": np.bool_}
BUILTIN = schema.BuiltinOperator
ACTIVATIONS = [0, 0, 1, 2, 3]    # none twice, RELU, RELU_N1_TO_1, RELU6


class Network:
    """One operation and its tensors."""

    def __init__(self):
        self.model = schema.ModelT()
        self.model.version = 3
        self.model.buffers = [schema.BufferT()]
        self.graph = schema.SubGraphT()
        self.graph.tensors = []
        self.model.subgraphs = [self.graph]
        self.inputs = []

    def tensor(self, shape, kind, scale=None, zero=0, axis=0, data=None):
        t = schema.TensorT()
        t.shape = [int(i) for i in shape]
        t.type = getattr(schema.TensorType, kind.upper())
        t.name = "t%d" % len(self.graph.tensors)
        if scale is not None:
            q = schema.QuantizationParametersT()
            q.scale = [float(np.float32(s)) for s in np.atleast_1d(scale)]
            q.zeroPoint = [int(z) for z in np.broadcast_to(zero, len(q.scale))]
            q.quantizedDimension = axis
            t.quantization = q
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data, TYPES[kind]).tobytes(), np.uint8)
            t.buffer = len(self.model.buffers)
            self.model.buffers.append(buffer)
        self.graph.tensors.append(t)
        return len(self.graph.tensors) - 1

    def ints(self, values):
        return self.tensor(np.shape(values), "int32", data=np.array(values, np.int32))

    def input(self, *args, **kwargs):
        index = self.tensor(*args, **kwargs)
        self.inputs.append(index)
        return index

    def finish(self, builtin, options, inputs, outputs):
        """The file; None where a window does not fit."""
        if any(d < 1 for t in self.graph.tensors for d in t.shape):
            return None
        code = schema.OperatorCodeT()
        code.builtinCode = builtin
        code.deprecatedBuiltinCode = min(builtin, 127)
        code.version = 1
        op = schema.OperatorT()
        op.inputs = inputs
        op.outputs = outputs
        if options is not None:
            op.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__[:-1])
            op.builtinOptions = options
        self.model.operatorCodes = [code]
        self.graph.operators = [op]
        self.graph.inputs = self.inputs
        self.graph.outputs = outputs
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


class Options:
    """Options of an operation: Options.Conv2D(strideW=2)."""

    def __getattr__(self, name):
        def make(**fields):
            options = getattr(schema, name + "OptionsT")()
            for field, value in fields.items():
                assert hasattr(options, field), field
                setattr(options, field, value)
            return options
        return make


OPTIONS = Options()


class Random(random.Random):
    def kind(self):
        return self.choice(["int8", "int8", "uint8"])

    def zero(self, kind):
        low = -128 if kind == "int8" else 0
        return self.choice([low, low + 128, low + 255, self.randint(low, low + 255), self.randint(low, low + 255)])

    def scale(self, low=1e-3, high=0.3):
        return float(np.float32(np.exp(self.uniform(np.log(low), np.log(high)))))

    def shape(self, rank=None, limit=150, largest=7):
        rank = rank or self.randint(1, 4)
        while True:
            shape = [self.randint(1, largest) for _ in range(rank)]
            if np.prod(shape) <= limit:
                return shape

    def values(self, shape, kind):
        n = np.random.default_rng(self.getrandbits(32))
        if kind == "float32":
            values = n.normal(0, 3, shape).astype(np.float32)
            values.flat[0] = self.choice([0, 1e5, -1e5, 0.5])
            return values
        info = np.iinfo(TYPES[kind])
        return n.integers(info.min, info.max + 1, shape, TYPES[kind])


def picture(r, limit=300):
    shape = r.shape(4, limit, 9)
    if r.random() < 0.8:
        shape[0] = 1
    return shape


def out_size(padding, size, reach, stride):
    return -(-size // stride) if padding == 0 else (size - reach) // stride + 1


def weights(r, n, kind, shape, axis):
    """Quantised weights and their scales."""
    typical = r.scale(1e-3, 0.05)
    data = r.values(shape, kind)
    if kind == "uint8":
        return n.tensor(shape, kind, typical, r.zero(kind), data=data), [typical]
    if r.random() < 0.3:
        return n.tensor(shape, kind, typical, 0, data=data), [typical]
    scales = [typical * 2 ** -r.uniform(0, 5) for _ in range(shape[axis])]
    return n.tensor(shape, kind, scales, 0, axis, data=data), scales


def bias(r, n, channels, products, scales):
    reach = int(73 * 73 * products ** 0.5 * 2)
    return [n.tensor([channels], "int32", scales, 0,
                     data=[r.randint(-reach, reach) for _ in range(channels)])]


def sum_scale(r, scale, products):
    """A scale of the output that most sums fit into, but not all."""
    return scale * 73 * 73 * products ** 0.5 / r.uniform(20, 200)


def conv_2d(r):
    n, kind = Network(), r.kind()
    shape, padding = picture(r), r.randint(0, 1)
    k = [r.randint(1, 4), r.randint(1, 4)]
    stride, dilation = [r.randint(1, 3), r.randint(1, 3)], [r.choice([1, 1, 2]), r.choice([1, 1, 3])]
    out = [shape[0]] + [out_size(padding, shape[i + 1], (k[i] - 1) * dilation[i] + 1, stride[i])
                        for i in range(2)] + [r.randint(1, 6)]
    scale = r.scale()
    x = n.input(shape, kind, scale, r.zero(kind))
    w, scales = weights(r, n, kind, [out[3]] + k + [shape[3]], 0)
    products = k[0] * k[1] * shape[3]
    b = bias(r, n, out[3], products, [scale * s for s in scales])
    y = n.tensor(out, kind, sum_scale(r, scale * max(scales), products), r.zero(kind))
    return n.finish(BUILTIN.CONV_2D, OPTIONS.Conv2D(
        padding=padding, strideH=stride[0], strideW=stride[1], dilationHFactor=dilation[0],
        dilationWFactor=dilation[1], fusedActivationFunction=r.choice(ACTIVATIONS)), [x, w] + b, [y])


def depthwise_conv_2d(r):
    n, kind = Network(), r.kind()
    shape, padding, multiplier = picture(r), r.randint(0, 1), r.choice([1, 1, 1, 2, 3])
    k = [r.randint(1, 4), r.randint(1, 4)]
    stride = r.randint(1, 3)
    dilation = [r.choice([1, 1, 2]), r.choice([1, 1, 3])]
    out = [shape[0]] + [out_size(padding, shape[i + 1], (k[i] - 1) * dilation[i] + 1, stride)
                        for i in range(2)] + [shape[3] * multiplier]
    scale = r.scale()
    x = n.input(shape, kind, scale, r.zero(kind))
    w, scales = weights(r, n, kind, [1] + k + [out[3]], 3)
    b = bias(r, n, out[3], k[0] * k[1], [scale * s for s in scales])
    y = n.tensor(out, kind, sum_scale(r, scale * max(scales), k[0] * k[1]), r.zero(kind))
    return n.finish(BUILTIN.DEPTHWISE_CONV_2D, OPTIONS.DepthwiseConv2D(
        padding=padding, strideH=stride, strideW=stride, depthMultiplier=multiplier,
        dilationHFactor=dilation[0], dilationWFactor=dilation[1],
        fusedActivationFunction=r.choice(ACTIVATIONS)), [x, w] + b, [y])


def transpose_conv(r):
    n, kind = Network(), r.kind()
    shape, padding = picture(r, 120), r.randint(0, 1)
    k, stride = [r.randint(1, 4), r.randint(1, 4)], [r.randint(1, 3), r.randint(1, 3)]
    out = [shape[0], 0, 0, r.randint(1, 5)]
    for i in range(2):
        if padding == 0:
            out[i + 1] = shape[i + 1] * stride[i] - r.randint(0, stride[i] - 1)
        else:
            out[i + 1] = (shape[i + 1] - 1) * stride[i] + k[i] + r.randint(0, stride[i] - 1)
    scale = r.scale()
    sizes = n.ints(out)
    w, scales = weights(r, n, kind, [out[3]] + k + [shape[3]], 0)
    x = n.input(shape, kind, scale, r.zero(kind))
    products = k[0] * k[1] * shape[3]
    b = bias(r, n, out[3], products, [scale * s for s in scales])
    y = n.tensor(out, kind, sum_scale(r, scale * max(scales), products), r.zero(kind))
    return n.finish(BUILTIN.TRANSPOSE_CONV, OPTIONS.TransposeConv(
        padding=padding, strideH=stride[0], strideW=stride[1],
        fusedActivationFunction=r.choice(ACTIVATIONS)), [sizes, w, x] + b[:r.randint(0, 1)], [y])


def fully_connected(r):
    n, kind = Network(), r.kind()
    shape, count = r.shape(r.randint(2, 4)), r.randint(1, 9)
    keep = r.random() < 0.3
    depth = shape[-1]
    out = shape[:-1] + [count] if keep else [int(np.prod(shape[:-1])), count]
    scale = r.scale()
    x = n.input(shape, kind, scale, r.zero(kind))
    w, scales = weights(r, n, kind, [count, depth], 0)
    b = bias(r, n, count, depth, [scale * s for s in scales]) if r.random() < 0.8 else [-1]
    y = n.tensor(out, kind, sum_scale(r, scale * max(scales), depth), r.zero(kind))
    return n.finish(BUILTIN.FULLY_CONNECTED, OPTIONS.FullyConnected(
        keepNumDims=keep, fusedActivationFunction=r.choice(ACTIVATIONS)), [x, w] + b, [y])


def broadcastable(r):
    """Two shapes; half of the time as networks have them: pictures, numbers of a channel, one number."""
    if r.random() < 0.5:
        shape = [1] + r.shape(3, 200, 12)
        return shape, r.choice([shape, shape[3:], [1]])
    shape = r.shape(limit=200)
    other = list(shape)
    how = r.randint(0, 5)
    if how == 1:
        other = shape[r.randint(0, len(shape) - 1):]
    elif how == 2:
        other = [i if r.random() < 0.5 else 1 for i in shape]
    elif how == 3:
        other = [] if r.random() < 0.5 else [1]
    elif how == 4:
        shape, other = [i if r.random() < 0.6 else 1 for i in shape], [i if r.random() < 0.6 else 1 for i in shape]
    return (shape, other) if r.random() < 0.7 else (other, shape)


def binary(r, builtin, options, same=False):
    """Broadcasting arithmetic; sometimes with a constant."""
    n, kind = Network(), r.kind()
    a, b = broadcastable(r)
    out = list(np.broadcast_shapes(a, b))
    scale, zero = r.scale(), r.zero(kind)
    other = (scale, zero) if same else (scale * 2 ** r.uniform(-5, 5), r.zero(kind))
    x = n.input(a, kind, scale, zero)
    if r.random() < 0.5 and list(a) == out:
        y = n.tensor(b, kind, *other, data=r.values(b, kind))
    else:
        y = n.input(b, kind, *other)
    if same:
        z = (scale, zero)
    elif builtin == BUILTIN.MUL:
        z = (scale * other[0] * r.uniform(20, 200), r.zero(kind))
    else:
        z = (max(scale, other[0]) * r.uniform(0.5, 2.5), r.zero(kind))
    pair = [x, y]
    z = n.tensor(out, kind, *z)
    return n.finish(builtin, options, pair, [z])


def add(r):
    return binary(r, BUILTIN.ADD, OPTIONS.Add(fusedActivationFunction=r.choice(ACTIVATIONS)))


def sub(r):
    return binary(r, BUILTIN.SUB, OPTIONS.Sub(fusedActivationFunction=r.choice(ACTIVATIONS)))


def mul(r):
    return binary(r, BUILTIN.MUL, OPTIONS.Mul(fusedActivationFunction=r.choice(ACTIVATIONS)))


def maximum(r):
    return binary(r, BUILTIN.MAXIMUM, OPTIONS.MaximumMinimum(), same=True)


def minimum(r):
    return binary(r, BUILTIN.MINIMUM, OPTIONS.MaximumMinimum(), same=True)


def prelu(r):
    n, kind = Network(), r.kind()
    shape = r.shape(r.choice([2, 3, 4, 4]), 200)
    slope = r.choice([shape[-1:], [1] * (len(shape) - 2) + shape[-1:], shape, [1]])
    scale = r.scale()
    x = n.input(shape, kind, scale, r.zero(kind))
    a = n.tensor(slope, kind, r.scale(1e-3, 0.02), r.zero(kind), data=r.values(slope, kind))
    y = n.tensor(shape, kind, scale * r.choice([1, r.uniform(0.3, 3)]), r.zero(kind))
    return n.finish(BUILTIN.PRELU, None, [x, a], [y])


def unary(r, builtin, options, low, high, quant=None, out_kind=None):
    """All 256 values in an order of their own: the input is random, the shape holds them."""
    n, kind = Network(), r.kind()
    scale = r.scale(low, high)
    zero = r.zero(kind)
    x = n.input([1, 16, 4, 4] if r.random() < 0.8 else r.shape(), kind, scale, zero)
    shape = n.graph.tensors[x].shape
    scale, zero = quant(r, kind, scale, zero)
    y = n.tensor(shape, out_kind or kind, scale, zero)
    return n.finish(builtin, options, [x], [y])


def probability(r, kind, scale, zero):
    return 1 / 256, -128 if kind == "int8" else 0


def signed_probability(r, kind, scale, zero):
    return 1 / 128, 0 if kind == "int8" else 128


def any_scale(r, kind, scale, zero):
    return scale * r.choice([1, r.uniform(0.2, 4), r.uniform(0.9, 1.1)]), r.zero(kind)


def logistic(r):
    return unary(r, BUILTIN.LOGISTIC, None, 1e-3, 0.5, probability)


def tanh(r):
    return unary(r, BUILTIN.TANH, None, 1e-3, 0.5, signed_probability)


def hard_swish(r):
    return unary(r, BUILTIN.HARD_SWISH, None, 5e-3, 0.3, any_scale)


def leaky_relu(r):
    return unary(r, BUILTIN.LEAKY_RELU, OPTIONS.LeakyRelu(
        alpha=r.choice([0.0, -0.5, 0.01, 0.1, 0.2, 0.3, r.random(), 1.5])), 1e-3, 0.5, any_scale)


def relu(r):
    return unary(r, BUILTIN.RELU, None, 1e-3, 0.5, any_scale)


def relu6(r):
    return unary(r, BUILTIN.RELU6, None, 1e-3, 0.5, any_scale)


def relu_n1_to_1(r):
    return unary(r, BUILTIN.RELU_N1_TO_1, None, 1e-3, 0.5, any_scale)


def relu_0_to_1(r):
    return unary(r, BUILTIN.RELU_0_TO_1, None, 1e-3, 0.5, any_scale)


def softmax(r):
    n, kind = Network(), r.kind()
    shape = r.shape(r.randint(1, 4), 200, 20)
    x = n.input(shape, kind, r.scale(1e-2, 0.5), r.zero(kind))
    y = n.tensor(shape, kind, *probability(r, kind, 0, 0))
    return n.finish(BUILTIN.SOFTMAX, OPTIONS.Softmax(beta=r.choice([1.0, 1.0, 0.5, 2.0])), [x], [y])


def quantize(r):
    n, kind, source = Network(), r.kind(), r.choice(["float32", "int8", "uint8"])
    shape = [1, 16, 4, 4] if source != "float32" else r.shape()
    scale = r.scale()
    x = n.input(shape, source) if source == "float32" else n.input(shape, source, scale, r.zero(source))
    y = n.tensor(shape, kind, scale * r.choice([1, r.uniform(0.1, 8)]), r.zero(kind))
    return n.finish(BUILTIN.QUANTIZE, None, [x], [y])


def dequantize(r):
    n, kind = Network(), r.kind()
    shape = r.shape()
    x = n.input(shape, kind, r.scale(), r.zero(kind))
    return n.finish(BUILTIN.DEQUANTIZE, None, [x], [n.tensor(shape, "float32")])


def pool(r, builtin):
    n, kind = Network(), r.kind()
    shape, padding = picture(r), r.randint(0, 1)
    k, stride = [r.randint(1, 5), r.randint(1, 5)], [r.randint(1, 3), r.randint(1, 3)]
    out = [shape[0]] + [out_size(padding, shape[i + 1], k[i], stride[i]) for i in range(2)] + [shape[3]]
    q = r.scale(), r.zero(kind)
    x = n.input(shape, kind, *q)
    y = n.tensor(out, kind, *q)
    return n.finish(builtin, OPTIONS.Pool2D(padding=padding, filterHeight=k[0], filterWidth=k[1],
                                            strideH=stride[0], strideW=stride[1],
                                            fusedActivationFunction=r.choice(ACTIVATIONS)), [x], [y])


def average_pool_2d(r):
    return pool(r, BUILTIN.AVERAGE_POOL_2D)


def max_pool_2d(r):
    return pool(r, BUILTIN.MAX_POOL_2D)


def mean(r):
    n, kind = Network(), r.kind()
    shape = r.shape(r.randint(2, 4), 250, 9)
    axes = [1, 2] if len(shape) == 4 and r.random() < 0.5 else \
        r.sample(range(len(shape)), r.randint(1, len(shape)))
    keep = r.random() < 0.5
    out = [1 if i in axes else d for i, d in enumerate(shape) if keep or i not in axes]
    scale, zero = r.scale(), r.zero(kind)
    x = n.input(shape, kind, scale, zero)
    a = n.ints([i - len(shape) if r.random() < 0.3 else i for i in axes])
    y = n.tensor(out, kind, scale * r.choice([1, r.uniform(0.2, 2)]), r.choice([zero, r.zero(kind)]))
    return n.finish(BUILTIN.MEAN, OPTIONS.Reducer(keepDims=keep), [x, a], [y])


def quantised(r):
    """Type, scale and zero point of what is only moved."""
    kind = r.choice(["int8", "int8", "uint8", "float32"])
    return (kind,) if kind == "float32" else (kind, r.scale(), r.zero(kind))


def resize(r, builtin, options):
    n = Network()
    kind = r.kind()
    shape, q = picture(r, 120), (kind, r.scale(), r.zero(kind))
    size = [r.randint(1, 12) if r.random() < 0.6 else d * r.randint(1, 3) for d in shape[1:3]]
    x = n.input(shape, *q)
    y = n.tensor([shape[0]] + size + [shape[3]], *q)
    align = r.random() < 0.4
    return n.finish(builtin, options(alignCorners=align, halfPixelCenters=not align and r.random() < 0.5),
                    [x, n.ints(size)], [y])


def resize_nearest_neighbor(r):
    return resize(r, BUILTIN.RESIZE_NEAREST_NEIGHBOR, OPTIONS.ResizeNearestNeighbor)


def resize_bilinear(r):
    return resize(r, BUILTIN.RESIZE_BILINEAR, OPTIONS.ResizeBilinear)


def concatenation(r):
    n, q, shape = Network(), quantised(r), r.shape()
    axis, parts = r.randint(0, len(shape) - 1), []
    for _ in range(r.randint(1, 4)):
        part = list(shape)
        part[axis] = r.randint(1, 5)
        parts.append(part)
    x = [n.input(part, *q) for part in parts]
    shape[axis] = sum(part[axis] for part in parts)
    y = n.tensor(shape, *q)
    return n.finish(BUILTIN.CONCATENATION, OPTIONS.Concatenation(
        axis=axis - len(shape) if r.random() < 0.3 else axis), x, [y])


def split(r):
    n, q, shape = Network(), quantised(r), r.shape(limit=80)
    axis, count = r.randint(0, len(shape) - 1), r.randint(1, 4)
    a = n.ints(axis - len(shape) if r.random() < 0.3 else axis)
    part = list(shape)
    shape[axis] *= count
    x = n.input(shape, *q)
    return n.finish(BUILTIN.SPLIT, OPTIONS.Split(numSplits=count), [a, x], [n.tensor(part, *q) for _ in range(count)])


def split_v(r):
    n, q, shape = Network(), quantised(r), r.shape(limit=80)
    axis = r.randint(0, len(shape) - 1)
    sizes = [r.randint(1, 4) for _ in range(r.randint(1, 4))]
    shape[axis] = sum(sizes)
    outputs = []
    x = n.input(shape, *q)
    for size in sizes:
        part = list(shape)
        part[axis] = size
        outputs.append(n.tensor(part, *q))
    if r.random() < 0.5:
        sizes[r.randint(0, len(sizes) - 1)] = -1
    return n.finish(BUILTIN.SPLIT_V, OPTIONS.SplitV(numSplits=len(sizes)),
                    [x, n.ints(sizes), n.ints(axis - len(shape) if r.random() < 0.3 else axis)], outputs)


def pack(r):
    n, q, shape = Network(), quantised(r), r.shape(r.randint(1, 3), 60)
    axis, count = r.randint(0, len(shape)), r.randint(1, 4)
    x = [n.input(shape, *q) for _ in range(count)]
    out = shape[:axis] + [count] + shape[axis:]
    return n.finish(BUILTIN.PACK, OPTIONS.Pack(axis=axis - len(out) if r.random() < 0.3 else axis,
                                               valuesCount=count), x, [n.tensor(out, *q)])


def unpack(r):
    n, q, shape = Network(), quantised(r), r.shape(r.randint(2, 4), 100, 5)
    axis = r.randint(0, len(shape) - 1)
    x = n.input(shape, *q)
    part = shape[:axis] + shape[axis + 1:]
    return n.finish(BUILTIN.UNPACK, OPTIONS.Unpack(axis=axis - len(shape) if r.random() < 0.3 else axis,
                                                   num=shape[axis]), [x],
                    [n.tensor(part, *q) for _ in range(shape[axis])])


def pad_of(r, builtin, options=None, extra=None, most=3):
    n, q, shape = Network(), quantised(r), r.shape(r.randint(1, 4), 60, 5)
    reach = [most if most is not None else d for d in shape]
    pads = [[r.randint(0, reach[i]), r.randint(0, reach[i])] for i in range(len(shape))]
    out = [d + sum(p) for d, p in zip(shape, pads)]
    x = n.input(shape, *q)
    inputs = [x, n.ints(pads)]
    if extra:
        inputs.append(n.tensor([1], *q, data=r.values([1], q[0])))
    return n.finish(builtin, options, inputs, [n.tensor(out, *q)])


def pad(r):
    return pad_of(r, BUILTIN.PAD)


def padv2(r):
    return pad_of(r, BUILTIN.PADV2, extra=True)


def mirror_pad(r):
    n, q, shape = Network(), quantised(r), r.shape(r.randint(1, 4), 60, 5)
    mode = r.randint(0, 1)
    pads = [[r.randint(0, d - 1 + mode), r.randint(0, d - 1 + mode)] for d in shape]
    out = [d + sum(p) for d, p in zip(shape, pads)]
    x = n.input(shape, *q)
    return n.finish(BUILTIN.MIRROR_PAD, OPTIONS.MirrorPad(mode=mode), [x, n.ints(pads)], [n.tensor(out, *q)])


def transpose(r):
    n, q, shape = Network(), quantised(r), r.shape(r.randint(1, 5), 120, 6)
    order = r.sample(range(len(shape)), len(shape))
    x = n.input(shape, *q)
    return n.finish(BUILTIN.TRANSPOSE, OPTIONS.Transpose(), [x, n.ints(order)],
                    [n.tensor([shape[i] for i in order], *q)])


def strided_slice(r):
    n, q, shape = Network(), quantised(r), r.shape(r.randint(1, 4), 200)
    x = n.input(shape, *q)
    begin, end, stride, out = [], [], [], []
    masks = [0, 0, 0]
    for i, d in enumerate(shape):
        step = r.choice([1, 1, 1, 2, 3, -1, -2])
        a, b = sorted(r.sample(range(d + 1), 2))
        if step < 0:
            a, b = b - 1, a - 1 if a else -d - 1
        if r.random() < 0.2:
            step, a, b = 1, r.randint(0, d - 1), 0
            masks[2] |= 1 << i
        else:
            if r.random() < 0.2:
                masks[0] |= 1 << i
            if r.random() < 0.2:
                masks[1] |= 1 << i
            count = len(range(d)[slice(None if masks[0] >> i & 1 else a, None if masks[1] >> i & 1 else b, step)])
            out.append(count)
        begin.append(a)
        end.append(b)
        stride.append(step)
    if 0 in out:
        return None
    return n.finish(BUILTIN.STRIDED_SLICE, OPTIONS.StridedSlice(
        beginMask=masks[0], endMask=masks[1], shrinkAxisMask=masks[2]),
        [x, n.ints(begin), n.ints(end), n.ints(stride)], [n.tensor(out, *q)])


def slice_(r):
    n, q, shape = Network(), quantised(r), r.shape(r.randint(1, 4), 200)
    x = n.input(shape, *q)
    begin = [r.randint(0, d - 1) for d in shape]
    size = [r.randint(1, d - b) for d, b in zip(shape, begin)]
    asked = [-1 if b + s == d and r.random() < 0.5 else s for b, s, d in zip(begin, size, shape)]
    return n.finish(BUILTIN.SLICE, OPTIONS.Slice(), [x, n.ints(begin), n.ints(asked)], [n.tensor(size, *q)])


def reshape(r):
    n, q, shape = Network(), quantised(r), r.shape()
    out = [int(np.prod(shape[:1])), int(np.prod(shape[1:]))]
    x = n.input(shape, *q)
    return n.finish(BUILTIN.RESHAPE, OPTIONS.Reshape(newShape=out), [x, n.ints(out)], [n.tensor(out, *q)])


def expand_dims(r):
    n, q, shape = Network(), quantised(r), r.shape()
    axis = r.randint(0, len(shape))
    out = shape[:axis] + [1] + shape[axis:]
    x = n.input(shape, *q)
    return n.finish(BUILTIN.EXPAND_DIMS, OPTIONS.ExpandDims(),
                    [x, n.ints(axis - len(out) if r.random() < 0.3 else axis)], [n.tensor(out, *q)])


def squeeze(r):
    n, q, shape = Network(), quantised(r), r.shape(3)
    axes = sorted(r.sample(range(3), r.randint(1, 2)))
    for i in axes:
        shape[i] = 1
    asked = axes if r.random() < 0.7 else []
    out = [d for i, d in enumerate(shape) if (i not in axes if asked else d != 1)]
    x = n.input(shape, *q)
    return n.finish(BUILTIN.SQUEEZE, OPTIONS.Squeeze(squeezeDims=asked), [x], [n.tensor(out, *q)])


def block(r, builtin, options, to_depth):
    n, kind = Network(), r.kind()
    q = kind, r.scale(), r.zero(kind)
    size, shape = r.randint(2, 3), [1, r.randint(1, 4), r.randint(1, 4), r.randint(1, 3)]
    large = [shape[0], shape[1] * size, shape[2] * size, shape[3]]
    small = shape[:3] + [shape[3] * size * size]
    x = n.input(large if to_depth else small, *q)
    return n.finish(builtin, options(blockSize=size), [x], [n.tensor(small if to_depth else large, *q)])


def depth_to_space(r):
    return block(r, BUILTIN.DEPTH_TO_SPACE, OPTIONS.DepthToSpace, False)


def space_to_depth(r):
    return block(r, BUILTIN.SPACE_TO_DEPTH, OPTIONS.SpaceToDepth, True)


# Small files are made by leaving out what is cheap to get right: how many of each, times --each.
KINDS = {
    "ADD": (add, 2), "AVERAGE_POOL_2D": (average_pool_2d, 2),
    "CONCATENATION": (concatenation, 1), "CONV_2D": (conv_2d, 3), "DEPTHWISE_CONV_2D": (depthwise_conv_2d, 3),
    "DEPTH_TO_SPACE": (depth_to_space, 1), "DEQUANTIZE": (dequantize, 1),
    "EXPAND_DIMS": (expand_dims, 1), "FULLY_CONNECTED": (fully_connected, 3), "HARD_SWISH": (hard_swish, 2),
    "LEAKY_RELU": (leaky_relu, 2), "LOGISTIC": (logistic, 2), "MAXIMUM": (maximum, 1),
    "MAX_POOL_2D": (max_pool_2d, 1), "MEAN": (mean, 3), "MINIMUM": (minimum, 1), "MIRROR_PAD": (mirror_pad, 1),
    "MUL": (mul, 2), "PACK": (pack, 1), "PAD": (pad, 1), "PADV2": (padv2, 1), "PRELU": (prelu, 2),
    "QUANTIZE": (quantize, 2), "RELU": (relu, 1), "RELU6": (relu6, 1),
    "RELU_0_TO_1": (relu_0_to_1, 1), "RELU_N1_TO_1": (relu_n1_to_1, 1), "RESHAPE": (reshape, 1),
    "RESIZE_BILINEAR": (resize_bilinear, 3), "RESIZE_NEAREST_NEIGHBOR": (resize_nearest_neighbor, 3),
    "SLICE": (slice_, 1), "SOFTMAX": (softmax, 2), "SPACE_TO_DEPTH": (space_to_depth, 1), "SPLIT": (split, 1),
    "SPLIT_V": (split_v, 1), "SQUEEZE": (squeeze, 1), "STRIDED_SLICE": (strided_slice, 2), "SUB": (sub, 2),
    "TANH": (tanh, 2), "TRANSPOSE": (transpose, 1), "TRANSPOSE_CONV": (transpose_conv, 3),
    "UNPACK": (unpack, 1),
}


def ask(r, model):
    """Inputs for the model, and what TensorFlow Lite makes of them."""
    interpreter = tf.lite.Interpreter(
        model_content=model, experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    inputs, outputs = [], []
    for detail in interpreter.get_input_details():
        shape, kind = list(detail["shape"]), np.dtype(detail["dtype"]).name
        if shape == [1, 16, 4, 4]:
            values = np.arange(256, dtype=np.uint8).view(TYPES[kind]).reshape(shape)
        else:
            values = r.values(shape, kind)
        interpreter.set_tensor(detail["index"], np.asarray(values, TYPES[kind]).reshape(shape))
        inputs.append(np.asarray(values, TYPES[kind]).tobytes())
    interpreter.invoke()
    for detail in interpreter.get_output_details():
        outputs.append(interpreter.get_tensor(detail["index"]).tobytes())
    return inputs + outputs


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--each", type=int, default=6)
    parser.add_argument("--only", default="")
    parser.add_argument("file")
    args = parser.parse_args()
    only = [kind for kind in args.only.split(",") if kind]
    total = refused = 0
    with open(args.file, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, 0) as out:
        for kind, (make, weight) in KINDS.items():
            if only and kind not in only:
                continue
            made = tries = 0
            while made < weight * args.each and tries < 20 * weight * args.each:
                name = "%s %d.%d" % (kind, args.seed, tries)
                r = Random(name)
                tries += 1
                try:
                    model = make(r)
                    blobs = [model] + ask(r, model) if model else None
                except (RuntimeError, ValueError) as problem:
                    refused += 1
                    if os.environ.get("VERBOSE"):
                        print(name, problem, file=sys.stderr)
                    continue
                if not blobs:
                    continue
                out.write(struct.pack("<I", len(name)) + name.encode() + struct.pack("<I", len(blobs)))
                for blob in blobs:
                    out.write(struct.pack("<I", len(blob)) + blob)
                made += 1
            total += made
            print("%s: %d of %d tries" % (kind, made, tries))
    print("%d vectors, %d networks refused by TensorFlow Lite" % (total, refused))


if __name__ == "__main__":
    main()
