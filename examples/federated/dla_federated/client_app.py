# SPDX-License-Identifier: MIT
"""What runs on a device, in a SuperNode."""
import errno
import functools
import logging

from flwr.app import Error, Message
from flwr.clientapp import ClientApp
from flwr.clientapp.mod import LocalDpMod, fixedclipping_mod

from . import secure, wire
from .node import opened

# Flower's codes end below.
REFUSED = 1000
LOG = logging.getLogger("flwr")

app = ClientApp()


def answered(function):
    """A refusal is an answer, which the server can show; what the library says stays here, as it names files."""
    @functools.wraps(function)
    def answer(message, context):
        try:
            with opened(context.node_config) as node:
                return Message(function(node, message), reply_to=message)
        except wire.Refused as reason:
            text = f"refused: {reason}"
        except OSError as error:
            # The library's Error is one.
            LOG.error("%s", error)
            text = f"failed: {errno.errorcode.get(error.errno, 'no errno')}"
        LOG.warning("This round is without this node: %s", text)
        return Message(Error(REFUSED, text), reply_to=message)
    return answer


def begin(node, message):
    """Make the message's weights the head's; the record of what to do, and whose weights they are."""
    config = wire.only(message.content.config_records, "configuration")
    _, names = wire.read_identity(config)
    identity = node.join(names, config)
    node.take(wire.read_weights(wire.only(message.content.array_records, "arrays"), identity.shape))
    return config, identity


def train(node, config, *, epochs, rate, proximal):
    """
    Train the head as the server asks; a 0 is the library's default. Whether it got better is not its business here.

    Of the configuration's entries, @epochs and @rate are names; @proximal is what holds the head near to the shared one.
    """
    return node.head.train(node.mine, epochs=int(config[epochs]), batch=int(config["batch"]), rate=float(config[rate]),
                           momentum=float(config["momentum"]), decay=float(config["decay"]), held_out=-1,
                           proximal=float(proximal), schedule=str(config["schedule"]),
                           seed=int(config["seed"]) + int(config["server-round"]))


def private(message, context, call_next):
    """
    Local differential privacy, if this node's configuration has "epsilon", and clipping, if the server asks for it.

    "epsilon", "delta" and "norm" are the device's own affair: the server cannot switch this off.
    """
    node = context.node_config
    if "clipping_norm" in wire.only(message.content.config_records, "configuration"):
        call_next = functools.partial(fixedclipping_mod, call_next=call_next)
    if "epsilon" in node:
        norm = float(node["norm"])
        # Two clipped updates are at most twice the norm apart.
        mod = LocalDpMod(norm, 2 * norm, float(node["epsilon"]), float(node["delta"]))
        call_next = functools.partial(mod, call_next=call_next)
    return call_next(message, context)


@app.train(mods=[secure.masked, private])
@answered
def learn(node, message):
    """Train on the samples of this device; the weights go back, and a few figures. Nothing here changes."""
    config, identity = begin(node, message)
    before, _ = node.score()
    # FedProx' own entry, which is there when it is the strategy.
    result = train(node, config, epochs="epochs", rate="rate", proximal=config.get("proximal-mu", 0))
    after, loss = node.score()
    values = node.head.weights[:identity.shape[0]]
    return wire.content(identity, {wire.EXAMPLES: len(node.mine), "before": before, "after": after, "loss": loss,
                                   "train-loss": result.loss}, values)


@app.evaluate()
@answered
def use(node, message):
    """How good the new head is here, and the same fine-tuned here; the device keeps the best of what it has."""
    before, _ = node.score()
    config, identity = begin(node, message)
    shared, loss = node.score()
    metrics = {wire.EXAMPLES: len(node.held), "own": before, "accuracy": shared, "loss": loss}
    best = max(before, shared)
    if shared == best:
        node.keep()
    if config["personal"]:
        train(node, config, epochs="personal-epochs", rate="personal-rate", proximal=config["personal-mu"])
        metrics["personal"], _ = node.score()
        # Alike on few samples, what has seen this device's own is likelier to do well on the next.
        if metrics["personal"] >= best:
            node.keep()
    return wire.content(identity, metrics)
