# SPDX-License-Identifier: MIT
"""Tests of what learns, as installed; like test_dla.py."""
import errno
import gc
import os
import signal
import tempfile
import threading
import unittest

import numpy as np

import dla

TREE = os.environ.get("DLA_TREE") or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MODEL = os.path.join(TREE, "examples", "fashion-mnist", "fashion_resnet_int8.tflite")


def kinds(count, seed):
    """Inputs of three kinds that nothing else looks like - stripes across, stripes down, spots - and which they are."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    y, x = np.indices((28, 28))
    inputs = np.empty((count, 28, 28, 1), np.int8)
    for one, label in zip(inputs, labels):
        period, phase = rng.integers(3, 7), rng.integers(0, 7)
        pattern = ((y + phase) // period % 2, (x + phase) // period % 2, (x // period + y // period + phase) % 2)[label]
        one[..., 0] = np.clip(pattern * 160 - 100 + rng.normal(0, 20, pattern.shape), -128, 127)
    return inputs, labels


class Heads(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.device = dla.Device("sim:nv_small")
        cls.inputs, cls.labels = kinds(60, 1)
        cls.rows = cls.device.head(MODEL, place="npu").features(cls.inputs)

    def setUp(self):
        self.head = self.device.head(MODEL, place="npu")

    def filled(self, path=None):
        samples = self.head.samples(path)
        samples.add(self.rows, self.labels)
        return samples

    def test_describes_itself(self):
        info = self.head.info
        self.assertEqual((info.classes, info.original_classes, info.version), (10, 10, 0))
        self.assertEqual(len(info.backbone), 64)
        self.assertGreater(info.feature_scale, 0)
        self.assertEqual(self.head.input.shape, (1, 28, 28, 1))
        self.assertEqual(self.head.classes, [None] * 10)
        self.assertIn("10 classes", repr(self.head))

    def test_bad_model(self):
        with self.assertRaises(dla.Error) as caught:
            self.device.head("/nowhere.tflite")
        self.assertEqual(caught.exception.errno, errno.ENOENT)
        with self.assertRaises(ValueError):
            self.device.head(MODEL, place="moon")

    def test_features(self):
        self.assertEqual(self.rows.shape, (60, self.head.info.features))
        self.assertEqual(self.rows.dtype, np.int8)
        # One is as good as many, with or without the leading 1, and wherever it lies.
        for values in (self.inputs[5], self.inputs[5:6], self.inputs[5:6][:, np.newaxis], self.inputs[5].astype(np.int64),
                       self.inputs[::-1][54]):
            np.testing.assert_array_equal(self.head.features(values), self.rows[5:6])
        np.testing.assert_array_equal(self.head.features(self.inputs[::7]), self.rows[::7])
        self.assertEqual(self.head.features(self.inputs[:0]).shape, (0, self.head.info.features))

    def test_bad_inputs(self):
        self.assertRaises(ValueError, self.head.features, np.zeros((3, 28, 27, 1), np.int8))
        self.assertRaises(ValueError, self.head.features, np.full((28, 28, 1), 300))
        self.assertRaises(TypeError, self.head.features, np.zeros((28, 28, 1), np.float32))

    def test_samples(self):
        samples = self.filled()
        self.assertEqual(len(samples), 60)
        np.testing.assert_array_equal(samples.features, self.rows)
        np.testing.assert_array_equal(samples.labels, self.labels)
        samples.add(self.rows[0], 7)
        self.assertEqual((len(samples), samples.labels[-1]), (61, 7))
        self.assertIn("61", repr(samples))
        for rows, labels in ((self.rows[:, 1:], self.labels), (self.rows, self.labels[1:]), (self.rows[0], [1, 2])):
            self.assertRaises(ValueError, samples.add, rows, labels)
        self.assertRaises(TypeError, samples.add, self.rows.astype(float), self.labels)
        self.assertRaises(ValueError, samples.add, self.rows[0], -1)
        self.assertRaises(dla.Error, samples.add, self.rows[0], 10)
        self.assertEqual(len(samples), 61)

    def test_samples_stay(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "samples")
            with self.filled(path) as samples:
                with self.assertRaises(dla.Error) as caught:
                    self.head.samples(path)
                self.assertEqual(caught.exception.errno, errno.EBUSY)
            self.assertRaises(ValueError, len, samples)
            self.assertIn("closed", repr(samples))
            samples.close()
            self.head.samples(path)
            again = self.head.samples(path)
            np.testing.assert_array_equal(again.features, self.rows)
            np.testing.assert_array_equal(again.labels, self.labels)

    def test_training(self):
        samples = self.filled()
        before = self.head.evaluate(samples)
        steps = []
        result = self.head.train(samples, epochs=30, held_out=0.2, seed=1,
                                 progress=lambda *told: steps.append(told) or False)
        self.assertEqual((result.trained, result.held_out, result.rolled_back), (48, 12, False))
        self.assertEqual([(epoch, epochs) for epoch, epochs, _ in steps], [(n + 1, 30) for n in range(30)])
        self.assertLess(steps[-1][2], steps[0][2])
        after = self.head.evaluate(samples)
        self.assertGreater(after.right, before.right)
        self.assertGreater(after.right, 54)
        self.assertEqual((after.samples, self.head.info.version), (60, 1))
        unseen, labels = kinds(30, 2)
        network = self.head.network()
        right = sum(int(network(one[np.newaxis]).argmax()) == label for one, label in zip(unseen, labels))
        self.assertGreaterEqual(right, 26)
        self.head.rollback()
        self.assertEqual(self.head.evaluate(samples), before)
        with self.assertRaises(dla.Error) as caught:
            self.head.rollback()
        self.assertEqual(caught.exception.errno, errno.ENOENT)

    def test_seed(self):
        samples, found = self.filled(), []
        for seed in (1, 1, 2):
            self.head.train(samples, epochs=2, seed=seed)
            found.append(self.head.weights)
            self.head.rollback()
        np.testing.assert_array_equal(found[0], found[1])
        self.assertFalse(np.array_equal(found[0], found[2]))

    def test_bad_options(self):
        samples = self.filled()
        self.assertRaises(ValueError, self.head.train, samples, schedule="later")
        self.assertRaises(OverflowError, self.head.train, samples, epochs=-1)
        for options in ({"rate": float("nan")}, {"held_out": 1.5}, {"momentum": 2}, {"decay": -1}):
            with self.assertRaises(dla.Error) as caught:
                self.head.train(samples, epochs=1, **options)
            self.assertEqual(caught.exception.errno, errno.EINVAL)
        self.assertEqual(self.head.info.version, 0)

    def test_progress_ends_it(self):
        samples, weights = self.filled(), self.head.weights
        with self.assertRaises(dla.Error) as caught:
            self.head.train(samples, epochs=50, progress=lambda epoch, epochs, loss: epoch == 3)
        self.assertEqual(caught.exception.errno, errno.ECANCELED)
        with self.assertRaises(ZeroDivisionError):
            self.head.train(samples, epochs=50, progress=lambda epoch, epochs, loss: 1 // (2 - epoch) < 0)
        np.testing.assert_array_equal(self.head.weights, weights)

    def test_control_c(self):
        samples = self.filled()
        timer = threading.Timer(0.3, lambda: os.kill(os.getpid(), signal.SIGINT))
        timer.start()
        with self.assertRaises(KeyboardInterrupt):
            self.head.train(samples, epochs=1000000)
        timer.join()
        self.assertEqual(self.head.info.version, 0)

    def test_checkpoint(self):
        samples = self.filled()
        self.head.train(samples, epochs=12, seed=3)
        wanted = self.head.weights
        self.head.rollback()
        with tempfile.TemporaryDirectory() as folder:
            path, seen = os.path.join(folder, "checkpoint"), []
            with self.assertRaises(dla.Error):
                self.head.train(samples, epochs=12, seed=3, checkpoint=path, progress=lambda epoch, epochs, loss: epoch == 5)
            other = self.device.head(MODEL, place="npu")
            again = other.samples()
            again.add(self.rows, self.labels)
            result = other.train(again, epochs=12, seed=3, checkpoint=path,
                                 progress=lambda epoch, epochs, loss: seen.append(epoch))
            self.assertEqual((seen[0], result.resumed), (6, 5))
            np.testing.assert_array_equal(other.weights, wanted)

    def test_weights(self):
        info, weights = self.head.info, self.head.weights
        self.assertEqual((weights.shape, weights.dtype), ((10, info.features + 1), np.float32))
        # What is set is what is there, and what the features are classified by.
        changed = np.roll(weights, 1, axis=0)
        self.head.weights = changed
        self.head.calibrate(self.filled())
        np.testing.assert_array_equal(self.head.weights, changed)
        self.assertEqual(self.head.info.version, info.version + 1)
        real = (self.rows.astype(np.float32) - info.feature_zero_point) * info.feature_scale
        wanted = (real @ changed[:, :-1].T + changed[:, -1]).argmax(axis=1)
        samples = self.head.samples()
        samples.add(self.rows, wanted)
        self.assertGreaterEqual(self.head.evaluate(samples).right, 57)
        for values in (changed[:, 1:], changed[0]):
            with self.assertRaises(ValueError):
                self.head.weights = values
        for values in (changed * np.nan, changed[:9]):
            with self.assertRaises(dla.Error) as caught:
                self.head.weights = values
            self.assertEqual(caught.exception.errno, errno.EINVAL)
        np.testing.assert_array_equal(self.head.weights, changed)

    def test_new_class(self):
        samples = self.filled()
        before = self.head.evaluate(samples)
        self.assertEqual(self.head.add_class("Stripes"), 10)
        self.head.name_class(0, "T-shirt")
        self.assertEqual((self.head.classes[0], self.head.classes[10], self.head.info.classes), ("T-shirt", "Stripes", 11))
        # Nothing is taken for it.
        after = self.head.evaluate(samples)
        self.assertEqual(after.right, before.right)
        self.assertAlmostEqual(after.loss, before.loss, delta=0.05)
        samples.add(self.rows[:20], np.full(20, 10))
        self.assertEqual(self.head.weights.shape[0], 11)
        self.assertEqual(self.head.network().outputs[0].shape, (1, 11))

    def test_saved(self):
        samples = self.filled()
        self.head.train(samples, epochs=3)
        self.head.add_class("Spots")
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "head")
            self.head.save(path)
            other = self.device.head(MODEL, place="npu")
            other.restore(path)
            np.testing.assert_array_equal(other.weights, self.head.weights)
            self.assertEqual((other.classes, other.info), (self.head.classes, self.head.info))
            with open(path, "r+b") as file:
                file.truncate(40)
            with self.assertRaises(dla.Error) as caught:
                other.restore(path)
            self.assertEqual(caught.exception.errno, errno.EINVAL)
            with open(MODEL, "rb") as file:
                model = bytearray(file.read())
            model[len(model) // 2] ^= 1
            with open(os.path.join(folder, "other.tflite"), "wb") as file:
                file.write(model)
            self.head.save(path)
            with self.assertRaises(dla.Error) as caught:
                self.device.head(os.path.join(folder, "other.tflite")).restore(path)
            self.assertEqual(caught.exception.errno, errno.ESTALE)

    def test_untrained_is_the_network(self):
        network, wanted = self.head.network(), self.device.load(MODEL, place="npu")
        for one in self.inputs[:5]:
            np.testing.assert_array_equal(network(one[np.newaxis]), wanted(one[np.newaxis]))

    def test_lives_as_long_as_it_is_used(self):
        samples, network = self.filled(), self.head.network()
        scores = network(self.inputs[:1])
        device = dla.Device("sim:nv_small")
        alone = device.head(MODEL).samples()
        device.close()
        del self.head, device
        gc.collect()
        np.testing.assert_array_equal(network(self.inputs[:1]), scores)
        self.assertEqual((len(samples), len(alone)), (60, 0))
        alone.add(self.rows, self.labels)
        self.assertEqual(len(alone), 60)


if __name__ == "__main__":
    unittest.main()
