# SPDX-License-Identifier: MIT
"""What delegate.test runs in the interpreter of a TensorFlow Lite runtime: delegate_runtime.py LIBRARY COMMAND JSON."""
import gzip
import json
import struct
import sys
import threading

import numpy as np

try:
    from tflite_runtime import interpreter as runtime
except ImportError:
    from ai_edge_litert import interpreter as runtime

LIBRARY = sys.argv[1]


def make(model, options=None):
    """An interpreter with the reference kernels, and the delegate if there are options for it."""
    delegates = [] if options is None else [runtime.load_delegate(LIBRARY, options)]
    made = runtime.Interpreter(model, experimental_delegates=delegates,
                               experimental_op_resolver_type=runtime.OpResolverType.BUILTIN_REF)
    made.allocate_tensors()
    return made


def run(interpreter, path):
    """Outputs for the input in that file."""
    (details,) = interpreter.get_input_details()
    interpreter.set_tensor(details["index"], np.fromfile(path, details["dtype"]).reshape(details["shape"]))
    interpreter.invoke()
    return [interpreter.get_tensor(details["index"]).ravel().tolist() for details in interpreter.get_output_details()]


def delegated(model, options, inputs):
    """For each input what the delegate makes of it."""
    npu = make(model, options)
    return [run(npu, path) for path in inputs]


def outputs(model, options, inputs):
    """For each input what the delegate and what the reference kernels make of it."""
    npu, cpu = make(model, options), make(model)
    return [{"npu": run(npu, path), "cpu": run(cpu, path)} for path in inputs]


def refused(model):
    """What the runtime itself says of a file that it does not take."""
    try:
        make(model)
    except ValueError as error:
        return str(error)
    return None


def bad_options(model, options):
    try:
        make(model, options)
    except ValueError as error:
        return str(error)
    return None


def together(model, options, inputs):
    """Interpreters that share a delegate, and have one each, in threads of their own."""
    shared = runtime.load_delegate(LIBRARY, options)
    found = {}

    def work(index):
        delegate = shared if index % 2 else runtime.load_delegate(LIBRARY, options)
        interpreter = runtime.Interpreter(model, experimental_delegates=[delegate],
                                          experimental_op_resolver_type=runtime.OpResolverType.BUILTIN_REF)
        interpreter.allocate_tensors()
        found[index] = [[run(interpreter, path) for path in inputs] for _ in range(3)]

    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[index] for index in range(4)]


def resized(model, options):
    """What another batch gives: a sentence, or outputs of that size."""
    interpreter = make(model, options)
    (details,) = interpreter.get_input_details()
    try:
        interpreter.resize_tensor_input(details["index"], [3, *details["shape"][1:]])
        interpreter.allocate_tensors()
    except RuntimeError as error:
        return str(error)
    return None


def records(path):
    """The networks of one operation of tests/vectors, as (name, model, the bytes of inputs and wanted outputs)."""
    with gzip.open(path) as file:
        while head := file.read(4):
            name = file.read(struct.unpack("<I", head)[0]).decode()
            (count,) = struct.unpack("<I", file.read(4))
            blobs = [file.read(struct.unpack("<I", file.read(4))[0]) for _ in range(count)]
            yield name, blobs[0], blobs[1:]


def difference(wanted, got):
    """The largest, in what is stored."""
    wanted = np.frombuffer(wanted, got.dtype)
    return float(np.abs(wanted.astype(np.float64) - got.ravel().astype(np.float64)).max())


def vectors(path, options, without=()):
    """Of each operation but of some kinds whether the delegate has taken it, and how far it is from the reference kernels."""
    delegate = runtime.load_delegate(LIBRARY, options)
    found = {}
    for name, model, blobs in records(path):
        if name.split()[0] in without:
            continue
        interpreter = runtime.Interpreter(model_content=model, experimental_delegates=[delegate],
                                          experimental_op_resolver_type=runtime.OpResolverType.BUILTIN_REF)
        interpreter.allocate_tensors()
        inputs, results = interpreter.get_input_details(), interpreter.get_output_details()
        for details, data in zip(inputs, blobs):
            interpreter.set_tensor(details["index"], np.frombuffer(data, details["dtype"]).reshape(details["shape"]))
        interpreter.invoke()
        worst = max(difference(wanted, interpreter.get_tensor(details["index"]))
                    for details, wanted in zip(results, blobs[len(inputs):], strict=True))
        # pylint: disable=protected-access
        taken = any(operation["op_name"] == "DELEGATE" for operation in interpreter._get_ops_details())
        found[name] = [taken, worst]
    return found


print(json.dumps({"outputs": outputs, "delegated": delegated, "refused": refused, "bad_options": bad_options,
                  "together": together, "resized": resized, "vectors": vectors}[sys.argv[2]](**json.loads(sys.argv[3]))))
