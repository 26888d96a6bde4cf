# SPDX-License-Identifier: MIT
"""Tests of the module as installed; `python -m unittest test_dla` where the tree's network is found."""
import asyncio
import errno
import gc
import json
import logging
import mmap
import os
import tempfile
import threading
import time
import unittest
import weakref

import numpy as np

import dla

TREE = os.environ.get("DLA_TREE") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FASHION = os.path.join(TREE, "examples", "fashion-mnist")
MODEL = os.path.join(FASHION, "fashion_resnet_int8.tflite")

# In development mode it tells of slow callbacks, which a busy machine makes.
logging.getLogger("asyncio").setLevel(logging.ERROR)


def expected():
    with open(os.path.join(FASHION, "expected.json"), encoding="utf-8") as file:
        return json.load(file)


def pictures(info):
    """Something to run that has structure: a ramp, noise, a checkerboard."""
    shape = info.shape
    rng = np.random.default_rng(7)
    ramp = np.broadcast_to(np.arange(shape[2]).reshape(1, 1, -1, 1) * 8 - 128, shape)
    check = np.indices(shape).sum(axis=0) % 2 * 255 - 128
    return [ramp.astype(np.int8), rng.integers(-128, 128, shape, np.int8), check.astype(np.int8)]


class Devices(unittest.TestCase):
    def test_names(self):
        for name in ("cpu", "sim:nv_small"):
            with dla.Device(name) as device:
                self.assertEqual(device.name, name)
                self.assertIn(name, repr(device))
            self.assertRaises(ValueError, lambda d=device: d.name)

    def test_unknown_is_error(self):
        with self.assertRaises(dla.Error) as caught:
            dla.Device("sim:nv_huge")
        self.assertEqual(caught.exception.errno, errno.EINVAL)
        self.assertIn("nv_huge", str(caught.exception))
        self.assertIsInstance(caught.exception, OSError)

    def test_info(self):
        info = dla.Device("sim:nv_small").info
        self.assertEqual((info.config, info.atom, info.macs), ("nv_small", 8, 64))
        self.assertEqual(dla.Device("cpu").info.macs, 0)

    def test_nodes_are_paths(self):
        for node in dla.devices():
            self.assertTrue(os.path.exists(node))

    def test_stats_count(self):
        device = dla.Device("sim:nv_small")
        network = device.load(MODEL, place="npu")
        before = device.stats
        network(pictures(network.inputs[0])[0])
        self.assertEqual(before.operations, 0)
        self.assertGreater(device.stats.operations, 5)
        self.assertGreater(device.stats.cycles, 10000)

    def test_record(self):
        with tempfile.TemporaryDirectory() as top:
            device = dla.Device("sim:nv_small")
            network = device.load(MODEL, place="npu")
            device.record(os.path.join(top, "trace"))
            network(pictures(network.inputs[0])[0])
            device.record(None)
            self.assertTrue(os.path.exists(os.path.join(top, "trace", "trace.txn")))


class Networks(unittest.TestCase):
    def setUp(self):
        self.device = dla.Device("sim:nv_small")

    def test_describes_itself(self):
        network = self.device.load(MODEL, place="npu")
        self.assertEqual(network.name, os.path.basename(MODEL))
        self.assertEqual(network.inputs[0].dtype, np.int8)
        self.assertEqual(len(network.outputs), 1)
        operations = network.operations
        self.assertIn("npu", {o.where for o in operations})
        self.assertTrue(all(o.where == "cpu" for o in self.device.load(MODEL, place="cpu").operations))
        self.assertGreaterEqual(network.memory.npu, network.memory.npu_bound)
        self.assertGreater(network.memory.weights, 1000)

    def test_bad_file(self):
        with self.assertRaises(dla.Error) as caught:
            self.device.load("/nowhere.tflite")
        self.assertEqual(caught.exception.errno, errno.ENOENT)
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"not a network" * 100)
            file.flush()
            with self.assertRaises(dla.Error) as caught:
                self.device.load(file.name)
            self.assertEqual(caught.exception.errno, errno.EINVAL)

    def test_bad_options(self):
        for options in ({"place": "moon"}, {"place": "NPU"}, {"cpu": "fast"}):
            with self.assertRaises(ValueError) as caught:
                self.device.load(MODEL, **options)
            self.assertIn("may be", str(caught.exception))

    def test_placed_by_time(self):
        network = self.device.load(MODEL, cpu_profile="out-of-order")
        self.assertEqual(network.estimate.profile, "out-of-order")
        self.assertLessEqual(network.estimate.run_ns, network.estimate.all_npu_ns)
        self.assertTrue(all(p.cpu_ns and p.reason for p in network.placements))
        self.assertEqual(len(network.placements), len(network.operations))
        network = self.device.load(MODEL, place="npu")
        self.assertIsNone(network.estimate)
        with self.assertRaises(dla.Error):
            network.placements  # pylint: disable=pointless-statement
        with self.assertRaises(dla.Error) as caught:
            self.device.load(MODEL, cpu_profile="/nowhere")
        self.assertEqual(caught.exception.errno, errno.ENOENT)

    def test_calibrated(self):
        with tempfile.TemporaryDirectory() as folder:
            profile = os.path.join(folder, "profile")
            try:
                self.device.calibrate(profile)
            except dla.Error as error:
                if error.errno != errno.EAGAIN:
                    raise
                self.skipTest(error.strerror)
            self.assertEqual(self.device.load(MODEL, cpu_profile=profile).estimate.profile, "calibrated")

    def test_same_everywhere(self):
        npu = self.device.load(MODEL, place="npu")
        reference = dla.Device("cpu").load(MODEL, cpu="reference")
        for picture in pictures(npu.inputs[0]):
            scores, wanted = npu(picture), reference(picture)
            self.assertEqual(scores.shape, wanted.shape)
            self.assertEqual(scores.argmax(), wanted.argmax())
            self.assertLess(np.abs(scores.astype(int) - wanted).max(), 16)

    def test_threads_of_an_operation(self):
        picture = pictures(self.device.load(MODEL).inputs[0])[1]
        one, two = (dla.Device("cpu").load(MODEL, cpu_threads=n)(picture) for n in (1, 2))
        np.testing.assert_array_equal(one, two)
        self.assertRaises(dla.Error, self.device.load, MODEL, cpu_threads=65)
        self.assertRaises(OverflowError, self.device.load, MODEL, cpu_threads=-1)

    def test_compiled(self):
        with tempfile.TemporaryDirectory() as top:
            saved = os.path.join(top, "fashion.dla")
            self.device.compile(MODEL, saved, place="npu")
            picture = pictures(self.device.load(saved).inputs[0])[1]
            np.testing.assert_array_equal(self.device.load(saved)(picture),
                                          self.device.load(MODEL, place="npu")(picture))

    def test_memory(self):
        """What a file has does as well as the file, compiled or not."""
        with open(MODEL, "rb") as file:
            model = file.read()
        picture = pictures(self.device.load(MODEL).inputs[0])[1]
        wanted = self.device.load(MODEL, place="npu")(picture)
        np.testing.assert_array_equal(self.device.load(model, place="npu")(picture), wanted)
        with tempfile.TemporaryDirectory() as top:
            saved = os.path.join(top, "fashion.dla")
            self.device.compile(model, saved, place="npu")
            with open(saved, "rb") as file:
                network = self.device.load(file.read())
        self.assertEqual(network.name, "memory")
        np.testing.assert_array_equal(network(picture), wanted)
        for damaged in (b"", b"TFL3", model[:-1000]):
            with self.assertRaises(dla.Error) as caught:
                self.device.load(damaged)
            self.assertEqual(caught.exception.errno, errno.EINVAL)

    def test_inputs_are_checked(self):
        network = self.device.load(MODEL)
        shape = network.inputs[0].shape
        self.assertRaises(TypeError, network)
        self.assertRaises(ValueError, network, np.zeros(shape[1:-1] + (7,), np.int8))
        self.assertRaises(ValueError, network, np.full(shape, 200))
        with self.assertRaises(TypeError) as caught:
            network(np.zeros(shape, np.float32))
        self.assertIn("quantise", str(caught.exception))
        self.assertEqual(network(np.zeros(shape[1:], np.int64)).shape, network.outputs[0].shape)

    def test_quantisation(self):
        info = dla.TensorInfo("t", np.dtype(np.int8), (4,), 0.5, -3)
        np.testing.assert_array_equal(info.quantise([0, 1, -100, 100]), np.array([-3, -1, -128, 127], np.int8))
        np.testing.assert_array_equal(info.dequantise(np.array([-3, -1], np.int8)), [0, 1])

    def test_layouts(self):
        network = self.device.load(MODEL, place="npu")
        self.assertEqual(network.input_layout(layout="atoms").atom, 8)
        layout = network.input_layout(layout="lines")
        self.assertTrue(layout.native)
        self.assertGreaterEqual(layout.line_stride, layout.width * layout.atom)
        self.assertRaises(ValueError, network.input_layout, 0, "heap")
        self.assertRaises(dla.Error, self.device.load(MODEL).input_layout, 5)

    def test_supported_operations(self):
        names = {o.name for o in dla.supported_operations()}
        self.assertLessEqual({"CONV_2D", "SOFTMAX", "TRANSPOSE_CONV"}, names)


class Requests(unittest.TestCase):
    def setUp(self):
        self.device = dla.Device("sim:nv_small")
        self.network = self.device.load(MODEL, place="npu")
        self.pictures = pictures(self.network.inputs[0])
        self.results = [self.network(picture) for picture in self.pictures]

    def test_arrays_are_memory(self):
        request = self.network.request()
        self.assertFalse(request.outputs[0].flags.writeable)
        for picture, result in zip(self.pictures, self.results):
            request.inputs[0][:] = picture
            request.run()
            np.testing.assert_array_equal(request.outputs[0], result)
            np.testing.assert_array_equal(request.inputs[0], picture)

    def test_array_outlives_all(self):
        request = self.network.request()
        request.inputs[0][:] = self.pictures[1]
        request.run()
        output, alive = request.outputs[0], weakref.ref(request)
        self.device.close()
        del request, self.network, self.device
        gc.collect()
        self.assertIsNone(alive())
        np.testing.assert_array_equal(output, self.results[1])

    def test_cycles_are_freed_in_order(self):
        """The collector may take the device before the network, and that before its request."""
        freed = []
        for order in range(6):
            device = dla.Device("sim:nv_small")
            network = device.load(MODEL, place="npu")
            request = network.request()
            request.on_progress(lambda done, total, _all=[request]: None)
            things = [device, network, request, request.outputs[0]]
            ring = [list(things) for _ in range(3)]
            for at, links in enumerate(ring):
                links.append(ring[(at + order) % 3])
            device.ring = network.ring = request.ring = ring
            freed.append(weakref.ref(device))
            request.run()
            del device, network, request, things, ring, links
        gc.collect()
        self.assertTrue(all(reference() is None for reference in freed))

    def test_several_at_once(self):
        requests = [self.network.request() for _ in self.pictures]
        for request, picture in zip(requests, self.pictures):
            request.inputs[0][:] = picture
            request.submit()
        for request, result in zip(requests, self.results):
            request.wait()
            np.testing.assert_array_equal(request.outputs[0], result)
            self.assertGreater(request.info.total_ns, 0)

    def test_busy(self):
        request = dla.Device("sim:nv_small@1MHz").load(MODEL, place="npu").request()
        request.submit()
        try:
            with self.assertRaises(dla.Error) as caught:
                request.submit()
            self.assertEqual(caught.exception.errno, errno.EBUSY)
        finally:
            request.wait()

    def test_timeout_and_cancel(self):
        slow = dla.Device("sim:nv_small@100kHz")
        request = slow.load(MODEL, place="npu").request()
        request.submit()
        self.assertRaises(TimeoutError, request.wait, 0)
        self.assertRaises(TimeoutError, request.wait, 0.05)
        request.cancel()
        with self.assertRaises(dla.Error) as caught:
            request.wait()
        self.assertEqual(caught.exception.errno, errno.ECANCELED)

    def test_asyncio(self):
        async def all_of_them():
            requests = [self.network.request() for _ in self.pictures]
            for request, picture in zip(requests, self.pictures):
                request.inputs[0][:] = picture
            await asyncio.gather(*(request.run_async() for request in requests))
            return [request.outputs[0].copy() for request in requests]

        for output, result in zip(asyncio.run(all_of_them()), self.results):
            np.testing.assert_array_equal(output, result)

    def test_asyncio_cancel(self):
        async def given_up():
            slow = dla.Device("sim:nv_small@100kHz")
            request = slow.load(MODEL, place="npu").request()
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(request.run_async(), 0.05)
            with self.assertRaises(dla.Error) as caught:
                request.wait()
            self.assertEqual(caught.exception.errno, errno.ECANCELED)

        asyncio.run(given_up())

    def test_interpreter_is_free(self):
        """Other threads go on while one waits for the NPU."""
        slow = dla.Device("sim:nv_small@2MHz")
        request = slow.load(MODEL, place="npu").request()
        thread, turns = threading.Thread(target=request.run), 0
        thread.start()
        while thread.is_alive():
            turns += 1
            time.sleep(0.001)
        self.assertGreater(turns, 10)

    def test_threads(self):
        failures = []

        def work(index):
            request = self.network.request()
            for _ in range(3):
                request.inputs[0][:] = self.pictures[index]
                request.run()
                if not np.array_equal(request.outputs[0], self.results[index]):
                    failures.append(index)

        threads = [threading.Thread(target=work, args=(i % 3,)) for i in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    def test_memory_of_the_callers(self):
        """What a camera's buffer would be: the input is not copied by us."""
        layout = self.network.input_layout(layout="lines")
        fd = os.memfd_create("input")
        try:
            os.ftruncate(fd, layout.bytes)
            with mmap.mmap(fd, layout.bytes) as memory:
                lines = np.frombuffer(memory, np.int8, layout.bytes)
                picture = self.pictures[1].reshape(layout.height, layout.width, layout.channels)
                for y in range(layout.height):
                    for x in range(layout.width):
                        at = y * layout.line_stride + x * layout.atom
                        lines[at:at + layout.channels] = picture[y, x]
                del lines
            request = self.network.request()
            request.bind_input(0, fd, layout="lines")
            request.run()
            np.testing.assert_array_equal(request.outputs[0], self.results[1])
            with self.assertRaises(ValueError):
                request.bind_input(0, fd, layout="heap")
            with self.assertRaises(dla.Error) as caught:
                request.bind_input(0, fd, layout="lines", offset=3)
            self.assertEqual(caught.exception.errno, errno.EINVAL)
        finally:
            os.close(fd)

    def test_progress_and_events(self):
        request = self.network.request()
        steps, events = [], []
        request.on_progress(lambda done, total: steps.append((done, total)))
        request.on_event(events.append)
        request.run()
        self.assertEqual(steps[-1][0], steps[-1][1])
        self.assertIn("conv", {event.track for event in events})
        self.assertTrue(all(event.end_ns >= event.start_ns for event in events))
        request.on_progress(None)
        request.on_event(None)
        count = len(steps)
        request.run()
        self.assertEqual(len(steps), count)

    def test_no_call_after_the_end(self):
        slow = dla.Device("sim:nv_small@1MHz")
        request = slow.load(MODEL, place="npu").request()
        steps = []
        request.on_progress(lambda done, total, _cycle=[request]: steps.append(done))
        request.submit()
        output = request.outputs[0]
        while not steps:
            time.sleep(0.001)
        del request
        gc.collect()
        count = len(steps)
        time.sleep(0.1)
        self.assertEqual(len(steps), count)
        self.assertEqual(output.size, 10)


if __name__ == "__main__":
    unittest.main()
