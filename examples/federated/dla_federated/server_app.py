# SPDX-License-Identifier: MIT
"""What runs on the server, in a SuperLink."""
import contextlib
import logging

from flwr.app import ConfigRecord
from flwr.serverapp import ServerApp
from flwr.serverapp.strategy import DifferentialPrivacyClientSideFixedClipping, FedAvg, FedProx

import dla

from . import secure, wire
from .guard import Guard
from .rounds import Rounds

LOG = logging.getLogger("flwr")
STRATEGIES = ("fedavg", "fedprox", "personal")

app = ServerApp()


def named(head, classes):
    """Give the classes the names that the run's configuration has, where it has one; more than there are: new ones."""
    for index, name in enumerate(map(str.strip, classes.split(","))):
        if not name:
            continue
        if index < head.info.classes:
            head.name_class(index, name)
        else:
            head.add_class(name)


def order(config, identity, personal):
    """What every device is told."""
    keys = ("epochs", "batch", "rate", "momentum", "decay", "schedule", "seed", "personal-epochs", "personal-rate",
            "personal-mu")
    return {**{key: config[key] for key in keys}, **identity.entries(), "personal": personal}


def strategy(config):
    """Flower's, that the run's configuration names."""
    if config["strategy"] not in STRATEGIES:
        raise ValueError(f"strategy is {config['strategy']!r}; it may be {', '.join(STRATEGIES)}")
    least = int(config["min-nodes"])
    nodes = {"fraction_train": config["fraction"], "fraction_evaluate": config["fraction"], "min_train_nodes": least,
             "min_evaluate_nodes": least, "min_available_nodes": least, "weighted_by_key": wire.EXAMPLES,
             "arrayrecord_key": wire.ARRAYS, "configrecord_key": wire.CONFIG}
    if config["strategy"] == "fedprox":
        return FedProx(**nodes, proximal_mu=config["proximal-mu"])
    return FedAvg(**nodes)


@app.main()
def main(grid, context):
    """All rounds of a run, from the newest head that there is."""
    config = context.run_config
    for key in ("model", "state"):
        if not config[key]:
            raise ValueError(f"the run's configuration has no {key!r}")
    personal = config["strategy"] == "personal"
    with contextlib.ExitStack() as stack:
        head = stack.enter_context(dla.Device(config["device"])).head(config["model"])
        rounds = stack.enter_context(contextlib.closing(Rounds(config["state"], head)))
        named(head, config["classes"])
        identity = wire.Identity.of(head)
        inner, clip = strategy(config), None
        if config["noise-multiplier"]:
            clip = config["clipping-norm"]
            inner = DifferentialPrivacyClientSideFixedClipping(inner, config["noise-multiplier"], clip,
                                                               int(config["min-nodes"]))
        guard = Guard(inner, identity, rounds, bound=config["bound"], timeout=config["timeout"], personal=personal,
                      clip=clip)
        told = order(config, identity, personal)
        LOG.info("Backbone %s, %d classes, %d features; from round %d", identity.backbone,
                 len(identity.classes), identity.features, rounds.first + 1)
        if config["secure"]:
            if clip is not None or config["strategy"] == "fedprox":
                raise ValueError("secure aggregation goes with strategies fedavg and personal, without central noise")
            least = int(config["min-nodes"])
            secure.run(grid, context, guard, head.weights, rounds=int(config["rounds"]), config=told,
                       evaluate=ConfigRecord(told), timeout=config["timeout"], reach=config["secure-range"],
                       nodes={"fraction_fit": config["fraction"], "min_fit_clients": least,
                              "min_available_clients": least})
        else:
            guard.start(grid, wire.weights_record(head.weights), int(config["rounds"]), config["timeout"],
                        ConfigRecord(told), ConfigRecord(told))
