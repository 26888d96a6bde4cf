# SPDX-License-Identifier: MIT
"""A round that no single device can spoil, around a strategy of Flower's."""
import logging
import math
import statistics

import numpy as np
from flwr.app import Message, MessageType, RecordDict
from flwr.serverapp.strategy import Strategy

from . import wire

LOG = logging.getLogger("flwr")
# Of what a device says of itself, that much is shown.
REASON = 300
TRAINED = ("before", "after", "loss", "train-loss")
EVALUATED = ("own", "accuracy", "loss")


class Guard(Strategy):
    """
    Checks replies and bounds what each can do before the strategy inside averages them.

    Whoever does not answer, or not with what was asked for, is left out of the round, and named. Devices' data differ,
    so an update is not suspicious for pointing elsewhere than the others; what gives one device power over all is
    length, and weight. A device weighs at most @bound times the round's (lower) median, and an update whose length times
    weight is more than @bound times the median of that is shortened, keeping its direction. So while most of the devices
    are honest, one that is not moves the sum at most @bound times as far as a median device, whatever it sends.
    """

    def __init__(self, inner, identity, rounds, *, bound, timeout, personal, clip=None):
        if not 1 <= bound < math.inf:
            raise ValueError(f"bound is {bound!r}; it may be 1 or more")
        self.inner = inner
        self.identity = identity
        self.rounds = rounds
        self.bound = bound
        self.timeout = timeout
        self.evaluated = EVALUATED + (("personal",) if personal else ())
        self.clip = clip
        self.before = None
        self.names = {}
        self.line = {}
        self.sent = []
        self.asked, self.silent = set(), set()

    def summary(self):
        self.inner.summary()

    def begin(self, server_round):
        """A round of this run; its number among all."""
        self.line = {"round": self.rounds.first + server_round, "refused": {}, "shortened": {}}
        self.asked, self.silent = set(), set()
        return self.line["round"]

    def _send(self, messages, grid):
        """The messages, not worth anything any more when the round is over."""
        self.sent = list(messages)
        self.names = {node.node_id: node.name for node in grid.get_nodes() if node.name}
        for message in self.sent:
            message.metadata.ttl = self.timeout
        return self.sent

    def _name(self, node):
        return self.names.get(node, str(node))

    def _refuse(self, node, reason):
        text = "".join(each if each.isprintable() else "?" for each in str(reason)[:REASON])
        LOG.warning("Round %s is without node %s: %s", self.line["round"], self._name(node), text)
        self.line["refused"][self._name(node)] = text

    def _usable(self, replies, read):
        """What can be read of replies, by node; anything else is named."""
        found = {}
        # They have numbers since they were sent. For a node that is gone, or a message that is too old, the SuperLink answers.
        asked = {message.metadata.message_id: message.metadata.dst_node_id for message in self.sent}
        self.silent = set()
        for reply in replies:
            # What it answers, and who sends it, is said in it, and so by the node.
            node = asked.pop(reply.metadata.reply_to_message_id, None)
            if node is None:
                LOG.warning("Round %s: a reply to what nobody asked", self.line["round"])
                continue
            if reply.has_error() and reply.metadata.src_node_id != node:
                self.silent.add(node)
                self._refuse(node, f"no answer: {reply.error.reason}")
                continue
            try:
                if reply.has_error():
                    raise wire.Refused(reply.error.reason)
                self.identity.check(wire.only(reply.content.config_records, "configuration"))
                found[node] = reply, *read(reply.content)
            except wire.Refused as reason:
                self._refuse(node, reason)
        for node in asked.values():
            self.silent.add(node)
            self._refuse(node, f"no answer within {self.timeout:g} s")
        return found

    def configure_train(self, server_round, arrays, config, grid):
        number = self.begin(server_round)
        self.before = wire.read_weights(arrays, self.identity.shape)
        messages = self._send(self.inner.configure_train(number, arrays, config, grid), grid)
        self.asked = {message.metadata.dst_node_id for message in messages}
        self.line["asked"] = len(messages)
        return messages

    def aggregate_train(self, server_round, replies):
        found = self._usable(replies, lambda content: (
            wire.read_weights(wire.only(content.array_records, "arrays"), self.identity.shape),
            wire.read_metrics(wire.only(content.metric_records, "metrics"), TRAINED)))
        self.line["accepted"] = sorted(map(self._name, found))
        if not found:
            LOG.warning("Round %s: nobody's update can be used; the head stays as it is", self.line["round"])
            return None, None
        self._limit(found)
        if self.clip is not None:
            # The noise of a round is for the updates that are in it.
            self.inner.num_sampled_clients = len(found)
        arrays, metrics = self.inner.aggregate_train(self.line["round"], [reply for reply, _, _ in found.values()])
        if arrays is not None:
            self.rounds.keep(self.line["round"], wire.read_weights(arrays, self.identity.shape))
            self.line["train"] = dict(metrics)
        return arrays, metrics

    def _weights(self, examples):
        """The number of samples of each node; of whoever claims more, as many as count."""
        most = int(self.bound * statistics.median_low(examples.values())) if examples else 0
        return {node: min(count, most) for node, count in examples.items()}

    def _limit(self, found):
        """Bound what every update weighs and moves, and leave only what was checked in the replies."""
        weights = self._weights({node: metrics[wire.EXAMPLES] for node, (_, _, metrics) in found.items()})
        if self.clip is not None:
            # What differential privacy is computed from are equal weights, and a length that is known before the round.
            weights = dict.fromkeys(weights, 1)
        updates = {node: values - self.before for node, (_, values, _) in found.items()}
        lengths = {node: float(np.linalg.norm(update)) for node, update in updates.items()}
        farthest = self.bound * statistics.median_low(weights[node] * lengths[node] for node in found)
        self.line["lengths"] = {self._name(node): length for node, length in lengths.items()}
        for node, (reply, _, metrics) in found.items():
            longest = farthest / weights[node]
            if self.clip is not None:
                longest = min(longest, self.clip)
            update = updates[node]
            # A float32's rounding is no attack.
            if lengths[node] > longest * (1 + 1e-5):
                LOG.warning("Round %s: the update of node %s is shortened from %.3g to %.3g", self.line["round"],
                            self._name(node), lengths[node], longest)
                self.line["shortened"][self._name(node)] = longest
                update = update * (longest / lengths[node])
            reply.content = wire.content(self.identity, {**metrics, wire.EXAMPLES: weights[node]}, self.before + update)

    def configure_evaluate(self, server_round, arrays, config, grid):
        # Those who were asked to train, but nobody is waited for twice in a round, as Flower's strategies would when
        # there are fewer nodes now than a round begins with.
        config["server-round"] = self.line["round"]
        nodes = (self.asked or set(grid.get_node_ids())) - self.silent
        content = RecordDict({wire.ARRAYS: arrays, wire.CONFIG: config})
        return self._send((Message(content, dst_node_id=node, message_type=MessageType.EVALUATE) for node in nodes), grid)

    def aggregate_evaluate(self, server_round, replies):
        found = self._usable(replies, lambda content: (
            wire.read_metrics(wire.only(content.metric_records, "metrics"), self.evaluated),))
        weights = self._weights({node: metrics[wire.EXAMPLES] for node, (_, metrics) in found.items()})
        for node, (reply, metrics) in found.items():
            reply.content = wire.content(self.identity, {**metrics, wire.EXAMPLES: weights[node]})
        metrics = self.inner.aggregate_evaluate(self.line["round"], [reply for reply, _ in found.values()])
        self.line["evaluate"] = dict(metrics or {})
        self.line["nodes"] = {self._name(node): figures for node, (_, figures) in found.items()}
        self.rounds.tell(self.line)
        return metrics
