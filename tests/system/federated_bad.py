# SPDX-License-Identifier: MIT
"""
A ClientApp that misbehaves where its node's configuration says so: bad = "1:nan 2:die", by the number of the round.

The test puts it into a copy of the app of examples/federated, around the ClientApp that is there.
"""
import os
import signal
import time

import numpy as np
from flwr.app import Array, ArrayRecord
from flwr.clientapp import ClientApp

from . import client_app

app = ClientApp()


def arrays(change):
    """The honest answer, with other weights."""
    def spoil(content, before):
        values = change(content["arrays"]["head"].numpy().copy(), before)
        content["arrays"] = ArrayRecord({"head": Array(np.ascontiguousarray(values))})
    return spoil


def not_a_number(values, _):
    """One of them."""
    values[3, 5] = np.nan
    return values


def scaled(content, before):
    """The opposite of what was learnt, a thousand times as far, and a claim to have seen more than anybody."""
    arrays(lambda values, before: before - 1000 * (values - before))(content, before)
    content["metrics"]["num-examples"] = 1000000000


def stranger(content, _):
    """As if of another backbone."""
    content["config"]["backbone"] = bytes(32)


WAYS = {"nan": arrays(not_a_number), "shape": arrays(lambda values, _: values[:-1]),
        "type": arrays(lambda values, _: values.astype(np.float64)), "scaled": scaled, "stranger": stranger}


@app.train()
def learn(message, context):
    """In the way that the round is for."""
    config = context.node_config
    way = dict(item.split(":") for item in config.get("bad", "").split()).get(str(message.content["config"]["server-round"]))
    if way == "die":
        # The SuperNode and all that belongs to it.
        os.killpg(0, signal.SIGKILL)
    if way == "late":
        time.sleep(config["late"])
    if way == "backbone":
        config["model"], config["state"] = config["other-model"], config["other-state"]
    before = message.content["arrays"]["head"].numpy()
    reply = client_app.app(message, context)
    if way in WAYS:
        WAYS[way](reply.content, before)
    return reply


@app.evaluate()
def use(message, context):
    """Honestly."""
    return client_app.app(message, context)
