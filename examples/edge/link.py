#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A network as far as delay goes: link.py --listen HOST:PORT --to HOST:PORT [--delay MS] [--jitter MS] [--loss SHARE]

Passes TCP connections on. Whatever comes waits, each way, for --delay milliseconds and |N(0, --jitter)| more,
and in order; the --loss share of it for 200 ms more, which is Linux's shortest retransmission time-out. A stand-in for the
kernel's netem where that is missing; rates of transmission are not limited.
"""
import argparse
import asyncio
import random
import selectors

RETRANSMISSION = 0.2


class Link:
    """How long things are under way."""

    def __init__(self, delay, jitter, loss):
        self.delay, self.jitter, self.loss = delay, jitter, loss
        # Runs can be compared.
        self.random = random.Random(1)

    def seconds(self):
        """Of the next piece."""
        lost = RETRANSMISSION if self.random.random() < self.loss else 0
        return (self.delay + abs(self.random.gauss(0, self.jitter))) / 1000 + lost

    async def carry(self, reader, writer):
        """One direction of a connection."""
        queue = asyncio.Queue()

        async def deliver():
            while True:
                due, piece = await queue.get()
                await asyncio.sleep(due - asyncio.get_running_loop().time())
                if not piece:
                    break
                writer.write(piece)
                await writer.drain()

        async def collect():
            piece = b"-"
            while piece:
                piece = await reader.read(65536)
                await queue.put((asyncio.get_running_loop().time() + self.seconds(), piece))

        try:
            await asyncio.gather(deliver(), collect())
        except OSError:
            pass
        finally:
            writer.close()


async def serve(arguments):
    link = Link(arguments.delay, arguments.jitter, arguments.loss)
    host, port = arguments.listen.rsplit(":", 1)
    to, to_port = arguments.to.rsplit(":", 1)

    async def connected(reader, writer):
        far_reader, far_writer = await asyncio.open_connection(to, int(to_port))
        await asyncio.gather(link.carry(reader, far_writer), link.carry(far_reader, writer))

    async with await asyncio.start_server(connected, host, int(port)) as server:
        print("ready", flush=True)
        await server.serve_forever()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--listen", required=True)
    parser.add_argument("--to", required=True)
    parser.add_argument("--delay", type=float, default=0, help="milliseconds, each way")
    parser.add_argument("--jitter", type=float, default=0, help="milliseconds")
    parser.add_argument("--loss", type=float, default=0, help="of 1")
    # epoll, the default, rounds up to whole milliseconds; select does not.
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selectors.SelectSelector())) as runner:
        runner.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
