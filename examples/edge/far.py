#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A server that runs a network for others: far.py MODEL.tflite [--listen HOST:PORT] [--device NAME]

The body of a POST is the input, the answer's the output, both as the tensors store them. It prints a line
when it is ready.
"""
import argparse
import http.server
import sys
import threading

import numpy as np

import dla


def handler(network):
    """A request of the network for each connection's thread."""
    info, own = network.inputs[0], threading.local()
    size = int(np.prod(info.shape)) * info.dtype.itemsize

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_POST(self):  # pylint: disable=invalid-name
            """An input comes, an output goes."""
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if len(body) != size:
                self.send_error(400, f"{len(body)} bytes came; {info.name} has {size}")
                return
            if not hasattr(own, "request"):
                own.request = network.request()
            np.copyto(own.request.inputs[0], np.frombuffer(body, info.dtype).reshape(info.shape))
            own.request.run()
            result = own.request.outputs[0].tobytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(result)))
            self.end_headers()
            self.wfile.write(result)

        def log_message(self, format, *args):  # pylint: disable=redefined-builtin
            """Nothing is said of single requests."""

    return Handler


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--listen", default="127.0.0.1:8001")
    parser.add_argument("--device", default="cpu")
    arguments = parser.parse_args()
    host, port = arguments.listen.rsplit(":", 1)
    try:
        with dla.Device(arguments.device) as device:
            server = http.server.ThreadingHTTPServer((host, int(port)), handler(device.load(arguments.model)))
            print("ready", flush=True)
            server.serve_forever()
    except OSError as error:
        sys.exit(f"far.py: {error}")


if __name__ == "__main__":
    main()
