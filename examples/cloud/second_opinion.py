# SPDX-License-Identifier: MIT
"""
A server's opinion where the device is unsure::

    opinion = SecondOpinion(0.7, Server("https://example.org/", classes=10, timeout=0.5))
    scores = opinion.of(values.tobytes(), scores)       # the server's, or the device's own

Without a server nobody is asked, and what would have been is counted all the same. Whatever a server does, an answer takes
the time-out longer at most, and is the device's own if the server gave none that makes sense.
"""
import http.client
import json
import math
import socket
import ssl
import threading
import urllib.parse


class NoAnswer(Exception):
    """Why there is none."""


class Exchange(threading.Thread):
    """
    One question and what came of it; in a thread, so that neither a resolver nor a server that sends a byte now and then
    can take longer than the device wants to wait.
    """

    def __init__(self, connection, request, most):
        super().__init__(daemon=True)
        self.connection, self.request, self.most = connection, request, most
        self.sent, self.answer, self.why = 0, None, None
        self._lock, self._socket, self._abandoned = threading.Lock(), None, False

    def run(self):
        try:
            self.answer = self._exchange()
        except NoAnswer as error:
            self.why = str(error)
        except TimeoutError:
            self.why = "late"
        except OSError as error:
            self.why = f"no connection: {error.strerror or error}"
        except http.client.HTTPException:
            self.why = "not HTTP"
        finally:
            self.connection.close()

    def _exchange(self):
        self.connection.connect()
        with self._lock:
            if self._abandoned:
                raise NoAnswer("late")
            self._socket = self.connection.sock
        # Counted before: what may have left is never more than that.
        self.sent = len(self.request)
        self._socket.sendall(self.request)
        response = http.client.HTTPResponse(self._socket, method="POST")
        response.begin()
        if response.status != 200:
            raise NoAnswer(f"status {response.status}")
        data = response.read(self.most + 1)
        if len(data) > self.most:
            raise NoAnswer("answer too large")
        return data

    def abandon(self):
        """Nobody waits any more: nothing is sent from now on."""
        with self._lock:
            self._abandoned = True
            if self._socket:
                try:
                    # Not SSLSocket's, which switches encryption off first.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
                except OSError:
                    pass


class Server:
    """Whom to ask: scores of @classes are expected within @timeout seconds; @authority: a PEM file, for https."""

    def __init__(self, url, classes, timeout=0.5, authority=None):
        parts = urllib.parse.urlsplit(url)
        if not (parts.scheme in ("http", "https") and parts.hostname and "@" not in parts.netloc and url.isascii() and
                url.isprintable() and " " not in url):
            raise ValueError(f"{url!r}: http://HOST:PORT or https://HOST:PORT is wanted")
        try:
            parts.hostname.encode("idna")
        except UnicodeError:
            raise ValueError(f"{url!r}: {parts.hostname!r} is no name of a host") from None
        if not 0 < timeout < threading.TIMEOUT_MAX:
            raise ValueError(f"a time-out of {timeout:g} s")
        if authority and parts.scheme != "https":
            raise ValueError("an authority is for https")
        self.host, self.port = parts.hostname, parts.port
        # All that goes out but the input and its length: nothing of the device or its user is in it.
        self.head = (f"POST {parts.path or '/'}{'?' * bool(parts.query)}{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
                     "Connection: close\r\nContent-Type: application/octet-stream\r\nContent-Length: ")
        self.context = ssl.create_default_context(cafile=authority) if parts.scheme == "https" else None
        self.classes, self.timeout = classes, timeout
        self._late = None

    def ask(self, body):
        """(Scores, or None; why there are none; bytes that were sent), after the time-out at the latest."""
        if self._late and self._late.is_alive():
            return None, "the last is still under way", 0
        if self.context:
            connection = http.client.HTTPSConnection(self.host, self.port, timeout=self.timeout, context=self.context)
        else:
            connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
        request = f"{self.head}{len(body)}\r\n\r\n".encode("ascii") + body
        exchange = Exchange(connection, request, 1024 + 32 * self.classes)
        exchange.start()
        exchange.join(self.timeout)
        if exchange.is_alive():
            exchange.abandon()
            self._late = exchange
            return None, "late", exchange.sent
        if exchange.why:
            return None, exchange.why, exchange.sent
        try:
            return self.read(exchange.answer), None, exchange.sent
        except NoAnswer as error:
            return None, str(error), exchange.sent

    def read(self, data):
        """Scores of an answer: a probability for each class."""
        try:
            scores = json.loads(data)["scores"]
        except (ValueError, TypeError, KeyError, RecursionError):
            raise NoAnswer("no scores in the answer") from None
        # NaN is in no range; True is an int, but no score.
        if not (isinstance(scores, list) and len(scores) == self.classes and
                all(type(score) in (int, float) and 0 <= score <= 1 for score in scores)):
            raise NoAnswer("other scores than are expected")
        return scores


class SecondOpinion:
    """Asks @server, if there is one, where the best score is below @threshold; counts."""

    def __init__(self, threshold, server=None):
        # Nothing is above that, and all would be sent.
        if math.isnan(threshold):
            raise ValueError("a threshold that is no number")
        self.threshold, self.server = threshold, server
        self.counts = {"answers": 0, "unsure": 0, "asked": 0, "agreed": 0, "changed": 0, "failed": 0, "bytes_sent": 0}
        self.failures = {}

    def of(self, body, scores):
        """Scores of an input, of which @body is what its tensor stores: @scores, or the server's."""
        self.counts["answers"] += 1
        if max(scores) >= self.threshold:
            return scores
        self.counts["unsure"] += 1
        if not self.server:
            return scores
        self.counts["asked"] += 1
        theirs, why, sent = self.server.ask(body)
        self.counts["bytes_sent"] += sent
        if theirs is None:
            self.counts["failed"] += 1
            self.failures[why] = self.failures.get(why, 0) + 1
            return scores
        self.counts["agreed" if best(theirs) == best(scores) else "changed"] += 1
        return theirs

    def told(self):
        """Counts as lines for people."""
        counts = self.counts
        lines = [f"{counts['answers']} answers, {counts['unsure']} of them unsure (below {self.threshold:g})"]
        if self.server:
            lines.append(f"{counts['asked']} asked: {counts['agreed']} agreed, {counts['changed']} changed, "
                         f"{counts['failed']} failed; {counts['bytes_sent']} bytes sent")
            lines += [f"  {count} failed: {why}" for why, count in sorted(self.failures.items())]
        else:
            lines.append("nobody was asked: asking is off")
        return lines


def best(scores):
    """The class with the highest."""
    return max(range(len(scores)), key=lambda i: scores[i])
