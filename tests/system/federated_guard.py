# SPDX-License-Identifier: MIT
"""The guard of examples/federated, and what it is built of, without a network in between."""
import io
import json
import logging
import os
import statistics
import subprocess
import tempfile
import types
import unittest
import zipfile
from unittest import mock

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Error, Message, MetricRecord, RecordDict
from flwr.common.constant import ErrorCode
from flwr.serverapp.strategy import DifferentialPrivacyClientSideFixedClipping, FedAvg
from flwr.supercore.task_identity import TaskIdentity

from dla_federated import client_app, node, secure, server_app, wire
from dla_federated.guard import Guard
from dla_federated.rounds import Rounds

TaskIdentity.task_id = TaskIdentity.run_id = TaskIdentity.node_id = 1
NODES = range(11, 16)
IDENTITY = wire.Identity("ab" * 32, ("shirt", None, "coat"), 4)
START = np.linspace(-1, 1, 15, dtype=np.float32).reshape(IDENTITY.shape)
logging.getLogger("flwr").setLevel(logging.CRITICAL)


class Head:
    """As much of dla.Head as the server needs."""

    def __init__(self):
        self.weights = START

    def save(self, path):
        np.save(path, self.weights)
        os.rename(path + ".npy", path)

    def restore(self, path):
        self.weights = np.load(path)


class Grid:
    """Who is there."""

    @staticmethod
    def get_nodes():
        return [types.SimpleNamespace(node_id=node, name=f"n{node}") for node in NODES]

    @staticmethod
    def get_node_ids():
        return list(NODES)


def reply(update, examples=10, **changes):
    """An honest answer's content, but for what is said."""
    figures = {"before": 0.1, "after": 0.2, "loss": 1.0, "train-loss": 1.0}
    content = wire.content(IDENTITY, {wire.EXAMPLES: examples, **figures}, START + update)
    for key, record in changes.items():
        content[key] = record
    return content


def npy(values):
    """A file of NumPy's."""
    file = io.BytesIO()
    np.save(file, values, allow_pickle=True)
    return file.getvalue()


class Case(unittest.TestCase):
    """A guard in a folder of its own."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.rounds = None
        self.addCleanup(lambda: self.rounds and self.rounds.close())

    def guard(self, inner=None, **options):
        if self.rounds:
            self.rounds.close()
        self.rounds = Rounds(self.folder, Head())
        inner = inner or FedAvg(weighted_by_key=wire.EXAMPLES, min_available_nodes=5)
        return Guard(inner, IDENTITY, self.rounds, **{"bound": 3.0, "timeout": 5.0, "personal": False, **options})

    def round(self, contents, guard=None):
        """The head after a round in which nodes answer like that; None: not at all."""
        guard = guard or self.guard()
        messages = guard.configure_train(1, wire.weights_record(START), ConfigRecord({}), Grid())
        by_node = dict(zip(NODES, contents))
        answers = []
        for number, message in enumerate(messages):
            message.metadata.__dict__["_message_id"] = str(number)
            self.assertEqual(message.metadata.ttl, 5.0)
            content = by_node[message.metadata.dst_node_id]
            if content is not None:
                answers.append(Message(content, reply_to=message))
                if isinstance(content, Error) and content.code == ErrorCode.NODE_UNAVAILABLE:
                    # Which the server says, not the node.
                    answers[-1].metadata.__dict__["_src_node_id"] = 1
        arrays, _ = guard.aggregate_train(1, answers)
        return guard, arrays and arrays[wire.HEAD].numpy()


class Honest(Case):
    def test_average(self):
        """By the number of examples, as FedAvg does."""
        updates = [np.full(IDENTITY.shape, 0.1 * (1 + i % 3), np.float32) for i in range(5)]
        counts = [10, 20, 10, 25, 10]
        guard, head = self.round([reply(update, count) for update, count in zip(updates, counts)])
        np.testing.assert_allclose(head, START + np.average(updates, axis=0, weights=counts), rtol=1e-5, atol=1e-6)
        self.assertEqual(guard.line["refused"], {})
        self.assertEqual(guard.line["shortened"], {})
        self.assertEqual(guard.line["accepted"], [f"n{node}" for node in NODES])

    def test_devices_differ(self):
        """Opposite updates of different lengths are nobody's fault."""
        update = np.zeros(IDENTITY.shape, np.float32)
        update[0] = 1
        guard, head = self.round([reply(update * factor) for factor in (1, -1, 2, -2.5, 0.5)])
        self.assertEqual(guard.line["shortened"], {})
        np.testing.assert_allclose(head, START, atol=1e-6)

    def test_nothing_learnt(self):
        """An update of length 0, which Flower's own clipping divides by."""
        _, head = self.round([reply(np.zeros(IDENTITY.shape, np.float32))] * 5)
        np.testing.assert_array_equal(head, START)

    def test_goes_on(self):
        """From the newest head, and counts on from there."""
        first, head = self.round([reply(np.float32(0.5))] * 5)
        first.line["evaluate"] = {}
        first.rounds.tell(first.line)
        with self.assertRaisesRegex(ValueError, "another run is at work"):
            Rounds(self.folder, Head())
        again = self.guard()
        self.assertEqual(again.begin(1), 2)
        np.testing.assert_array_equal(again.rounds.head.weights, head)
        with open(os.path.join(self.folder, "rounds.jsonl"), encoding="utf-8") as file:
            self.assertEqual([json.loads(line)["round"] for line in file], [1])


    def test_half_a_line(self):
        """What a full disk, or a loss of power, left of the last one spoils neither the next nor those before."""
        path = os.path.join(self.folder, "rounds.jsonl")
        for left, lines in (("", [7]), ('{"round": 1}\n{"rou', [1, 7]), ('{"round": 1', [7]), ('{"round": 1}\n', [1, 7])):
            with open(path, "w", encoding="utf-8") as file:
                file.write(left)
            self.guard().rounds.tell({"round": 7})
            with open(path, encoding="utf-8") as file:
                self.assertEqual([json.loads(line)["round"] for line in file], lines)


class Bad(Case):
    def refused(self, content, text):
        """The others' average comes out, and the reason is told."""
        good = [reply(np.float32(0.25))] * 4
        guard, head = self.round([*good, content])
        np.testing.assert_allclose(head, START + 0.25, rtol=1e-6)
        self.assertEqual(list(guard.line["refused"]), ["n15"])
        self.assertRegex(guard.line["refused"]["n15"], text)
        self.assertEqual(len(guard.line["accepted"]), 4)

    def arrays(self, values):
        return reply(0, arrays=ArrayRecord({wire.HEAD: Array(np.asarray(values))}))

    def raw(self, data):
        return reply(0, arrays=ArrayRecord({wire.HEAD: Array(dtype="float32", shape=IDENTITY.shape, stype="numpy.ndarray",
                                                             data=data)}))

    def test_not_finite(self):
        for value in (np.nan, np.inf, -np.inf):
            values = START.copy()
            values[1, 2] = value
            self.refused(self.arrays(values), "^1 of its weights are not finite$")

    def test_too_large(self):
        """What no head takes, which would end the run, were it the only one."""
        for value in (2e9, -1e20, np.finfo(np.float32).max):
            values = START.copy()
            values[2, 0] = value
            self.refused(self.arrays(values), "^1 of its weights are larger than 1e[+]?09$")
        guard, head = self.round([self.arrays(values), None, None, None, None])
        self.assertIsNone(head)
        self.assertEqual(guard.line["accepted"], [])

    def test_shape(self):
        self.refused(self.arrays(START[:2]), r"shape \(2, 5\), not \(3, 5\)")
        self.refused(self.arrays(START.T), r"shape \(5, 3\)")
        self.refused(self.arrays(START.ravel()), r"shape \(15,\)")
        self.refused(self.arrays(np.float32(1)), r"shape \(\)")
        self.refused(self.arrays(np.zeros((3, 5000), np.float32)), "bytes, far more than")

    def test_type(self):
        for kind in (np.float64, np.int8, np.complex64, bool, ">f4"):
            self.refused(self.arrays(START.astype(kind)), "^its array is of |far more than")

    def test_not_an_array(self):
        """What claims to be one, and what would be code."""
        self.refused(self.raw(b""), "cannot be read")
        self.refused(self.raw(b"\x93NUMPY\x01\x00"), "cannot be read")
        self.refused(self.raw(npy(START)[:-1]), "cannot be read")
        self.refused(self.raw(npy(np.array([os.getcwd], object))), "cannot be read")
        lie = npy(np.zeros((99, 9), np.float32)).replace(b"(99, 9)", b"(999999999, 9)")[:200]
        self.refused(self.raw(lie), "cannot be read|far more than")
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as file:
            file.writestr("a.npy", npy(START[:1]))
        self.refused(self.raw(packed.getvalue()), "cannot be read|far more than")

    def test_records(self):
        self.refused(RecordDict(), "0 records of configuration, not 1")
        self.refused(reply(0, more=ArrayRecord({})), "2 records of arrays")
        self.refused(reply(0, arrays=ArrayRecord({"tail": Array(START)})), "'tail', not 'head'")
        two = ArrayRecord({wire.HEAD: Array(START), "more": Array(START)})
        self.refused(reply(0, arrays=two), "'head', 'more', not 'head'")

    def test_figures(self):
        figures = {"before": 0.1, "after": 0.2, "loss": 1.0, "train-loss": 1.0}
        for examples in (0, -5, 1.5, [1], 1 << 40):
            self.refused(reply(0, metrics=MetricRecord({wire.EXAMPLES: examples, **figures})), "number of examples")
        self.refused(reply(0, metrics=MetricRecord(figures)), "number of examples is None")
        for value in (float("nan"), float("inf"), [0.1], 1e308, -1e10):
            self.refused(reply(0, metrics=MetricRecord({wire.EXAMPLES: 1, **figures, "loss": value})), "'loss'")
        for value in (-0.1, 1.5, 1e30):
            self.refused(reply(0, metrics=MetricRecord({wire.EXAMPLES: 1, **figures, "after": value})), "'after'")
        del figures["after"]
        self.refused(reply(0, metrics=MetricRecord({wire.EXAMPLES: 1, **figures})), "'after' is None")

    def test_stranger(self):
        def config(**changes):
            return reply(0, config=ConfigRecord({**IDENTITY._replace(**changes).entries()}))
        self.refused(config(backbone="cd" * 32), "of the backbone cdcdcdcdcdcd..., not of abababababab...")
        self.refused(config(classes=("shirt", None)), "has 2 classes, not 3")
        self.refused(config(classes=("dress", None, "coat")), "class 0 is 'dress', not 'shirt'")
        self.refused(reply(0, config=ConfigRecord({})), "does not say which backbone")
        broken = {**IDENTITY.entries(), "classes": "[1"}
        self.refused(reply(0, config=ConfigRecord(broken)), "list of classes cannot be read")

    def test_class_without_a_name(self):
        """It is any."""
        guard, _ = self.round([reply(0, config=ConfigRecord(IDENTITY._replace(classes=(None, "x", None)).entries()))] * 5)
        self.assertEqual(guard.line["refused"], {})

    def test_error_and_silence(self):
        guard, head = self.round([reply(np.float32(0.25))] * 2 + [Error(ErrorCode.NODE_UNAVAILABLE, "gone"),
                                                                  Error(1000, "refused: it says so"), None])
        np.testing.assert_allclose(head, START + 0.25, rtol=1e-6)
        self.assertEqual(guard.line["refused"], {"n13": "no answer: gone", "n14": "refused: it says so",
                                                 "n15": "no answer within 5 s"})
        asked = guard.configure_evaluate(1, wire.weights_record(head), ConfigRecord({}), Grid())
        # Who was silent is not asked again in this round.
        self.assertEqual({message.metadata.dst_node_id for message in asked}, {11, 12, 14})

    def test_answer_to_nothing(self):
        """What a message answers is said by who sends it."""
        guard = self.guard()
        messages = list(guard.configure_train(1, wire.weights_record(START), ConfigRecord({}), Grid()))
        answers = []
        for number, message in enumerate(messages):
            message.metadata.__dict__["_message_id"] = str(number)
            answers.append(Message(reply(np.float32(0.25)), reply_to=message))
        answers[1].metadata.__dict__["_reply_to_message_id"] = "another"
        answers[2].metadata.__dict__["_reply_to_message_id"] = answers[0].metadata.reply_to_message_id
        arrays, _ = guard.aggregate_train(1, answers)
        np.testing.assert_allclose(arrays[wire.HEAD].numpy(), START + 0.25, rtol=1e-6)
        self.assertEqual(len(guard.line["accepted"]), 3)
        self.assertEqual(list(guard.line["refused"].values()), ["no answer within 5 s"] * 2)

    def test_reasons(self):
        """They are shown on a terminal, and kept in a line each."""
        guard, _ = self.round([reply(0)] * 4 + [Error(1000, "refused:\n\33[2Jit " + "x" * 100000)])
        self.assertRegex(guard.line["refused"]["n15"], r"^refused:..\[2Jit x{100,400}$")
        self.assertTrue(guard.line["refused"]["n15"].isprintable())

    def test_nobody(self):
        guard, head = self.round([self.arrays(START[:1])] * 5)
        self.assertIsNone(head)
        self.assertEqual(len(guard.line["refused"]), 5)
        self.assertEqual(os.listdir(self.folder), [])


class Bounds(Case):
    def test_length(self):
        """A thousand times as far is three medians far, in its own direction."""
        good, bad = np.zeros(IDENTITY.shape, np.float32), np.zeros(IDENTITY.shape, np.float32)
        good[0, 0], bad[1, 1] = 0.5, -500
        guard, head = self.round([reply(good)] * 4 + [reply(bad)])
        np.testing.assert_allclose(head - START, (4 * good + bad / 500 * 1.5) / 5, atol=1e-6)
        self.assertEqual(guard.line["lengths"]["n15"], 500.0)
        self.assertEqual(list(guard.line["shortened"]), ["n15"])
        self.assertAlmostEqual(guard.line["shortened"]["n15"], 1.5, 5)

    def test_weight(self):
        """Who claims to have seen all the world counts three times."""
        guard, head = self.round([reply(np.float32(0))] * 4 + [reply(np.float32(1), 1 << 31)], self.guard(bound=3.0))
        # Others did not move at all, so that this one may not either.
        np.testing.assert_allclose(head, START, rtol=1e-6)
        self.assertEqual(len(guard.line["shortened"]), 1)
        # Three times the weight, and then not more than the length of others; of less, all counts.
        for sent, counted in ((2, 1), (0.5, 0.5)):
            _, head = self.round([reply(np.float32(1))] * 4 + [reply(np.float32(sent), 1 << 31)])
            np.testing.assert_allclose(head - START, (4 * 1 + 3 * counted) / 7, rtol=1e-5)

    def test_weight_of_figures(self):
        """Nor does it say alone how good the head is."""
        guard, head = self.round([reply(np.float32(1))] * 5)
        answers = []
        for number, message in enumerate(guard.configure_evaluate(1, wire.weights_record(head), ConfigRecord({}), Grid())):
            message.metadata.__dict__["_message_id"] = f"e{number}"
            metrics = {wire.EXAMPLES: 10 if number else 1 << 31, "own": 0.5, "accuracy": 0.5 if number else 1, "loss": 1.0}
            answers.append(Message(wire.content(IDENTITY, metrics), reply_to=message))
        metrics = guard.aggregate_evaluate(1, answers)
        self.assertAlmostEqual(metrics["accuracy"], (4 * 0.5 + 3 * 1) / 7)
        # What it said is there all the same.
        self.assertIn(1 << 31, [figures[wire.EXAMPLES] for figures in guard.line["nodes"].values()])

    def test_bound(self):
        for bound in (0.5, 0, -1, float("nan"), float("inf")):
            with self.assertRaisesRegex(ValueError, "bound is .*; it may be 1 or more"):
                self.guard(bound=bound)

    def test_few(self):
        """With two, the shorter is the measure."""
        _, head = self.round([reply(np.float32(1)), reply(np.float32(1000)), None, None, None])
        np.testing.assert_allclose(head - START, (1 + 3) / 2, rtol=1e-4)


class Classes(unittest.TestCase):
    def test_names(self):
        """As the README has them, with spaces."""
        head = mock.Mock()
        head.info.classes = 2
        server_app.named(head, "shirt, ,word")
        self.assertEqual(head.mock_calls, [mock.call.name_class(0, "shirt"), mock.call.add_class("word")])


class Certificates(unittest.TestCase):
    SCRIPT = os.path.join(os.path.dirname(wire.__file__), "..", "certificates.sh")

    def make(self, folder, *names):
        return subprocess.run([self.SCRIPT, folder, *names], capture_output=True, text=True, check=False)

    def test_names(self):
        """The server's is one or an address; a device's does not get lost where the server's files are."""
        for server, wanted in (("a.example", "DNS:a.example,"), ("10.1.2.3", "IP Address:10.1.2.3,"),
                               ("fd00::7", "IP Address:FD00:0:0:0:0:0:0:7,")):
            with tempfile.TemporaryDirectory() as folder:
                self.assertEqual(self.make(folder, server, "anna").returncode, 0)
                told = subprocess.run(["openssl", "x509", "-in", f"{folder}/server.pem", "-noout", "-ext", "subjectAltName"],
                                      capture_output=True, text=True, check=True).stdout
                self.assertIn(wanted, told)
                for key in ("ca.key", "server.key", "anna.key"):
                    self.assertEqual(os.stat(f"{folder}/{key}").st_mode & 0o077, 0, key)
                for name in ("server", "ca", "a/b", ""):
                    done = self.make(folder, server, "bert", name)
                    self.assertEqual((done.returncode, done.stderr), (1, f"certificates.sh: no device can be called '{name}'\n"))


class Device(unittest.TestCase):
    def test_mistyped(self):
        """Reading samples makes no file where there is none."""
        with tempfile.TemporaryDirectory() as folder:
            device = node.Node.__new__(node.Node)
            device.head = mock.Mock()
            device.head.samples.side_effect = AssertionError("it would make it")
            with self.assertRaises(FileNotFoundError):
                device._read(os.path.join(folder, "absent"))  # pylint: disable=protected-access


class Privacy(Case):
    CLIP, NOISE = 0.5, 2.0

    def test_central_noise(self):
        """Its size is what the clipping norm and the number of updates that are in it say; weights are equal."""
        moved = []
        for _ in range(60):
            inner = DifferentialPrivacyClientSideFixedClipping(
                FedAvg(weighted_by_key=wire.EXAMPLES, min_available_nodes=5), self.NOISE, self.CLIP, 5)
            update = np.full(IDENTITY.shape, 10, np.float32)
            guard, head = self.round([reply(update), reply(-update, 1000), reply(update), reply(-update), None],
                                     self.guard(inner, clip=self.CLIP))
            moved += list((head - START).ravel())
        self.assertEqual(list(guard.line["shortened"].values()), [self.CLIP] * 4)
        # 900 numbers: three standard errors of a deviation are 7 %.
        self.assertAlmostEqual(statistics.pstdev(moved) / (self.NOISE * self.CLIP / 4), 1, delta=0.08)

    def ask(self, node_config, config, update):
        """What leaves a device with those configurations."""
        start = np.zeros((100, 50), np.float32)
        content = RecordDict({wire.ARRAYS: wire.weights_record(start), wire.CONFIG: ConfigRecord(config)})
        message = Message(content, dst_node_id=1, message_type="train")
        message.metadata.__dict__["_message_id"] = "1"
        context = Context(1, 1, node_config, RecordDict(), {})

        def inner(message, _):
            return Message(RecordDict({wire.ARRAYS: wire.weights_record(start + update),
                                       wire.METRICS: MetricRecord({})}), reply_to=message)
        return client_app.private(message, context, inner).content[wire.ARRAYS][wire.HEAD].numpy()

    def test_as_it_is(self):
        np.testing.assert_array_equal(self.ask({}, {}, np.float32(3)), np.full((100, 50), 3, np.float32))

    def test_clipped(self):
        """As the server asks."""
        sent = self.ask({}, {"clipping_norm": 0.5}, np.float32(3))
        self.assertAlmostEqual(float(np.linalg.norm(sent)), 0.5, 5)

    def test_local_noise(self):
        """As the device's owner has it, whatever the server asks for."""
        epsilon, delta, norm = 5.0, 1e-5, 0.1
        sent = self.ask({"epsilon": epsilon, "delta": delta, "norm": norm}, {}, np.float32(3))
        wanted = 2 * norm * np.sqrt(2 * np.log(1.25 / delta)) / epsilon
        self.assertAlmostEqual(float(sent.std()) / wanted, 1, delta=0.05)

    def test_secure_only(self):
        """A node that wants secure aggregation sends nothing without."""
        content = RecordDict({wire.CONFIG: ConfigRecord({})})
        message = Message(content, dst_node_id=1, message_type="train")
        context = Context(1, 1, {"secure-only": True}, RecordDict(), {})
        with self.assertRaisesRegex(wire.Refused, "secure aggregation only"):
            secure.masked(message, context, self.fail)


if __name__ == "__main__":
    unittest.main()
