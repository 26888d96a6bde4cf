#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A server that devices ask where they are unsure: server.py MODEL.tflite [--listen HOST:PORT] [--views 1|2|10]

The body of a POST is one input as the network's tensor stores it, the answer JSON: {"scores": [...]}. It prints a line when
it is ready, and, when it is interrupted, what it did as one JSON object.
"""
import argparse
import http.server
import json
import signal
import ssl
import sys
import threading

import numpy as np

import dla

CONNECTIONS = 32
"""At a time; others are closed at once."""

STEPS = {2: ((0, 0),), 10: ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0))}
"""By how many lines and columns a picture is moved; each of them is mirrored, too."""


def look(picture, views, empty):
    """A picture, 1xHxWxC, from several points of view."""
    padded = np.pad(picture, ((0, 0), (1, 1), (1, 1), (0, 0)), constant_values=empty)
    _, lines, columns, _ = picture.shape
    for down, right in STEPS[views]:
        moved = padded[:, 1 - down:1 - down + lines, 1 - right:1 - right + columns]
        yield moved
        yield moved[:, :, ::-1]


class Answerer:
    """The network, for threads each with a request of its own, and what was done."""

    def __init__(self, network, views):
        self.network, self.views = network, views
        self.input, self.output = network.inputs[0], network.outputs[0]
        self.size = int(np.prod(self.input.shape)) * self.input.dtype.itemsize
        self.done = {"answered": 0, "refused": 0, "bytes": 0}
        self._lock, self._own = threading.Lock(), threading.local()

    def count(self, **more):
        """Add to what was done."""
        with self._lock:
            for name, value in more.items():
                self.done[name] += value

    def scores(self, body):
        """Of an input: the mean over all views."""
        if not hasattr(self._own, "request"):
            self._own.request = self.network.request()
        request, values = self._own.request, np.frombuffer(body, self.input.dtype).reshape(self.input.shape)
        found = []
        for view in look(values, self.views, self.input.zero_point) if self.views > 1 else [values]:
            np.copyto(request.inputs[0], view)
            request.run()
            found.append(self.output.dequantise(request.outputs[0]).ravel())
        return np.mean(found, 0).tolist()


def handler(answerer):
    """What answers a connection: one request, since devices ask rarely."""

    class Handler(http.server.BaseHTTPRequestHandler):
        timeout = 5

        def refuse(self, status, why):
            """A sentence; what the body is does not matter any more."""
            answerer.count(refused=1)
            self.reply(status, {"error": why})

        def reply(self, status, answer):
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def do_POST(self):  # pylint: disable=invalid-name
            """An input comes, scores go. Its length is known before anything of it is read."""
            length = self.headers.get("Content-Length", "")
            if not (length.isascii() and length.isdigit()):
                self.refuse(411, "a Content-Length is needed")
            elif len(length) > 9 or int(length) > answerer.size:
                self.refuse(413, f"{answerer.input.name} has {answerer.size} bytes")
            else:
                body = self.rfile.read(int(length))
                answerer.count(bytes=len(body))
                if len(body) != answerer.size:
                    self.refuse(400, f"{len(body)} bytes came; {answerer.input.name} has {answerer.size}")
                    return
                try:
                    scores = answerer.scores(body)
                except OSError as error:
                    # dla.Error is one, and would pass for a connection's.
                    print(f"server.py: {error}", file=sys.stderr, flush=True)
                    self.refuse(500, "the network could not be run")
                    return
                answerer.count(answered=1)
                self.reply(200, {"scores": scores})

        def log_message(self, format, *args):  # pylint: disable=redefined-builtin
            """Nothing is said of single requests."""

    return Handler


class Server(http.server.ThreadingHTTPServer):
    """Of a bounded number of connections at a time, with TLS if there is a context for it."""

    request_queue_size = CONNECTIONS

    def __init__(self, address, make, context):
        super().__init__(address, make)
        self.free = threading.BoundedSemaphore(CONNECTIONS)
        if context:
            # Hands are shaken in the connection's thread, where that has a time-out and delays nobody else.
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def process_request(self, request, client_address):
        if self.free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request, client_address):
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.free.release()

    def handle_error(self, request, client_address):
        """A device that goes away is its own affair; a mistake here is not."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


def serve(arguments):
    context = None
    if arguments.certificate:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(arguments.certificate, arguments.key)
    host, port = arguments.listen.rsplit(":", 1)
    with dla.Device(arguments.device) as device:
        answerer = Answerer(device.load(arguments.model), arguments.views)
        if arguments.views > 1 and len(answerer.input.shape) != 4:
            sys.exit(f"server.py: {answerer.input.name} is no picture, of which there could be views")
        with Server((host, int(port)), handler(answerer), context) as server:
            print(f"ready on port {server.server_port}", flush=True)
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                print(json.dumps(answerer.done), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="takes the devices' input, and has their classes; it may be a larger one")
    parser.add_argument("--listen", default="127.0.0.1:8002")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--views", type=int, choices=[1, *STEPS], default=1,
                        help="run it on that many views of a picture, moved by a pixel and mirrored, and take the mean")
    parser.add_argument("--certificate", help="a PEM file; the server then speaks TLS")
    parser.add_argument("--key", help="the certificate's, if that file does not have it")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        serve(parser.parse_args())
    except (OSError, ValueError) as error:
        sys.exit(f"server.py: {error}")


if __name__ == "__main__":
    main()
