# SPDX-License-Identifier: MIT
"""
Run int8 TensorFlow Lite networks on an NVDLA::

    import dla

    with dla.Device("auto") as device:
        network = device.load("model.tflite")
        scores = network(pixels)                # NumPy in, NumPy out

A call makes a request, copies the inputs into it and the outputs out of it. Keeping the request saves both:
its arrays are the memory that the library reads and writes::

        request = network.request()
        np.copyto(request.inputs[0], pixels)
        request.run()
        best = request.outputs[0].argmax()

and several of them keep NPU and CPU busy at the same time::

        for request in requests:
            request.submit()
        for request in requests:
            request.wait()

or, in a coroutine, ``await request.run_async()``.

The last layer of a network can learn from what the device sees::

        head = device.head("model.tflite")
        samples = head.samples("samples")           # features, not pictures
        samples.add(head.features(pictures), labels)
        head.train(samples, epochs=20, held_out=0.2)
        network = head.network()

Whatever fails raises :class:`Error` with an errno and the library's sentence. A device and a network may be
shared by threads; a request belongs to one thread at a time.
"""
from .device import Device, DeviceInfo, Stats, devices
from .errors import Error
from .head import Head, HeadInfo, Samples, Score, TrainResult
from .network import (Estimate, Layout, Memory, Network, Operation, Placement, Support, TensorInfo,
                      supported_operations)
from .request import Event, Request, RunInfo

__version__ = "0.1.0"

__all__ = [
    "Device", "DeviceInfo", "Error", "Estimate", "Event", "Head", "HeadInfo", "Layout", "Memory", "Network", "Operation", "Placement",
    "Request", "RunInfo", "Samples", "Score", "Stats", "Support", "TensorInfo", "TrainResult", "devices", "supported_operations",
]
