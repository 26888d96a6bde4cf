# SPDX-License-Identifier: MIT
"""
Secure aggregation, SecAgg+, with the parts that Flower has for it: a mod for devices, a workflow for the server.

Both come from before Flower's messages were in the form that the rest here uses; this is where the forms meet.
"""
import logging

import numpy as np
from flwr.app import ConfigRecord, RecordDict
from flwr.client.mod import secaggplus_mod
from flwr.common import Code, FitRes, Status, ndarrays_to_parameters, parameters_to_ndarrays
from flwr.common.secure_aggregation.secaggplus_constants import RECORD_KEY_CONFIGS
from flwr.compat.common import recorddict_compat as compat
from flwr.server import LegacyContext, ServerConfig
from flwr.server.strategy import FedAvg
from flwr.server.workflow import DefaultWorkflow, SecAggPlusWorkflow
from flwr.server.workflow.constant import MAIN_PARAMS_RECORD

from . import wire

LOG = logging.getLogger("flwr")
# Weights are sent as a share of that many samples; who has more does not weigh more.
HEAVIEST = 1000


def masked(message, context, call_next):
    """A mod: answer the server's SecAgg+ messages, training in the third; others as they are, unless the node minds."""
    if RECORD_KEY_CONFIGS in message.content.config_records:
        return secaggplus_mod(message, context, lambda m, c: _legacy(m, c, call_next))
    if context.node_config.get("secure-only"):
        raise wire.Refused("this node takes part in secure aggregation only")
    return call_next(message, context)


def _legacy(message, context, call_next):
    """Train, with a message of the older form, and answer in it."""
    order = compat.recorddict_to_fitins(message.content, keep_input=False)
    values, = parameters_to_ndarrays(order.parameters)
    message.content = RecordDict({wire.ARRAYS: wire.weights_record(values), wire.CONFIG: ConfigRecord(order.config)})
    reply = call_next(message, context)
    if reply.has_error():
        raise wire.Refused(reply.error.reason)
    records = reply.content
    examples = min(HEAVIEST, wire.only(records.metric_records, "metrics")[wire.EXAMPLES])
    # No figures: those of single devices are nobody's business here.
    reply.content = compat.fitres_to_recorddict(FitRes(
        Status(Code.OK, ""), ndarrays_to_parameters([records[wire.ARRAYS][wire.HEAD].numpy()]), examples,
        {key: value for key, value in records[wire.CONFIG].items()}), keep_input=False)
    return reply


class Average(FedAvg):
    """The average that comes out, which is all that the server sees."""

    def __init__(self, guard, first, config, nodes):
        super().__init__(**nodes, initial_parameters=ndarrays_to_parameters([first]),
                         fit_metrics_aggregation_fn=lambda _: {},
                         on_fit_config_fn=lambda number: {**config, "server-round": guard.begin(number)})
        self.guard = guard
        self.last = first

    def configure_fit(self, server_round, parameters, client_manager):
        asked = super().configure_fit(server_round, parameters, client_manager)
        self.guard.line["asked"] = len(asked)
        return asked

    def aggregate_fit(self, server_round, results, failures):
        for failure in failures:
            LOG.warning("Round %s: %s", self.guard.line["round"], failure)
        parameters, metrics = super().aggregate_fit(server_round, results, failures)
        if parameters is None:
            return None, metrics
        values, = parameters_to_ndarrays(parameters)
        values = np.asarray(values, np.float32)
        if values.shape != self.last.shape or not np.isfinite(values).all():
            LOG.warning("Round %s: the average is none; the head stays as it is", self.guard.line["round"])
            return None, metrics
        self.last = values
        self.guard.line["accepted"] = len(results)
        self.guard.rounds.keep(self.guard.line["round"], values)
        return ndarrays_to_parameters([values]), metrics


def run(grid, context, guard, first, *, rounds, config, evaluate, nodes, timeout, reach):
    """Rounds in which devices' weights are seen by nobody."""
    def evaluated(grid, context):
        values, = parameters_to_ndarrays(compat.arrayrecord_to_parameters(
            context.state.array_records[MAIN_PARAMS_RECORD], keep_input=True))
        number = guard.line["round"] - guard.rounds.first
        replies = grid.send_and_receive(guard.configure_evaluate(number, wire.weights_record(values), evaluate, grid),
                                        timeout=timeout)
        guard.aggregate_evaluate(number, replies)

    # Whoever knows two thirds of a node's shares can take off its mask when it is gone.
    protocol = SecAggPlusWorkflow(1.0, 2 / 3, max_weight=HEAVIEST, clipping_range=reach, timeout=timeout)
    legacy = LegacyContext(context, config=ServerConfig(num_rounds=rounds), strategy=Average(guard, first, config, nodes))
    DefaultWorkflow(fit_workflow=protocol, evaluate_workflow=evaluated)(grid, legacy)
