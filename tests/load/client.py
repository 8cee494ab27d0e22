"""A small load generator: so many connections, each sending its next request when its answer has come."""

import math
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figures:
    """What a run measured; latencies in milliseconds."""

    per_second: float
    p50: float
    p99: float


class Connection:
    """One keep-alive connection with the answer that it waits for."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer, self.began = b"", 0.0
        self.script, self.step, self.script_began = list[bytes](), 0, 0.0

    def send(self, request: bytes) -> None:
        self.buffer, self.began = b"", time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> int | None:
        """Take what has come and return the status once the answer is complete."""
        self.buffer += self.socket.recv(1 << 20)
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return None
        at = head.lower().find(b"content-length:")
        length = int(head[at + 15:].split(b"\r\n", 1)[0]) if at >= 0 else 0
        return int(head[9:12]) if len(body) >= length else None


def get(path: str, cookie: str = "") -> bytes:
    """Return a GET request as bytes."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {cookie}\r\n\r\n".replace("Cookie: \r\n", "").encode()


def post(path: str, body: str = "", cookie: str = "") -> bytes:
    """Return a form's POST request as bytes."""
    head = (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\nCookie: {cookie}\r\n\r\n")
    return (head + body).encode()


def run(port: int, requests: Iterator[bytes], *, connections: int, seconds: float, expect: int) -> Figures:
    """Send requests until they or the time run out; raise AssertionError for any answer but the expected status."""
    return run_scripts(port, ([request] for request in requests), connections=connections, seconds=seconds, expect=(expect,))[0]


def run_scripts(port: int, scripts: Iterator[list[bytes]], *, connections: int, seconds: float = math.inf,
                expect: Sequence[int]) -> tuple[Figures, Figures]:
    """Send scripts, requests that follow one another, until they or the time run out.

    Returns the figures of whole scripts and of their last requests; raises AssertionError for any answer but the expected ones.
    """
    selector, whole, last, began = selectors.DefaultSelector(), list[float](), list[float](), time.perf_counter()

    def begin(connection: Connection) -> bool:
        connection.script = next(scripts, []) if time.perf_counter() - began < seconds else []
        connection.step, connection.script_began = 0, time.perf_counter()
        if connection.script:
            connection.send(connection.script[0])
        return bool(connection.script)
    for connection in [Connection(port) for _ in range(connections)]:
        if begin(connection):
            selector.register(connection.socket, selectors.EVENT_READ, connection)
    while selector.get_map():
        for key, _ in selector.select():
            connection = key.data
            status = connection.receive()
            if status is None:
                continue
            assert status == expect[connection.step], connection.buffer[:2000].decode(errors="replace")
            connection.step += 1
            if connection.step < len(connection.script):
                connection.send(connection.script[connection.step])
                continue
            now = time.perf_counter()
            whole.append(now - connection.script_began)
            last.append(now - connection.began)
            if not begin(connection):
                selector.unregister(connection.socket)
                connection.socket.close()
    took = time.perf_counter() - began
    return _figures(whole, took), _figures(last, took)


def _figures(latencies: list[float], took: float) -> Figures:
    latencies.sort()
    return Figures(len(latencies) / took, 1000 * latencies[len(latencies) // 2], 1000 * latencies[int(len(latencies) * 0.99)])
