"""Gateways on the loopback: an SMTP server and a stand-in for SMSAPI, both with moods."""

import asyncio
import json
import socket
import time
from collections.abc import Iterable
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.controller import Controller
from flask import Flask
from werkzeug.test import TestResponse

SLOW_SECONDS = 0.6  # Longer than the time-out that the tests set.


class SmsGateway:
    """Speaks as SMSAPI does: accepts each index once, refuses a repetition with error 53, and reports what became of messages.

    The moods are used up one request after another: "fails" (HTTP 500), "refuses" (error 13), "is broken" (no JSON), "is slow"
    (accepts, but answers too late), "delivers first" (reports before it answers), "delivers but is slow".
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.moods: list[str] = []
        self.requests: list[dict[str, str]] = []
        self.accepted: dict[str, dict[str, str]] = {}
        self._guard = Lock()
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
                status, body = gateway.answer({**form, "authorization": self.headers["Authorization"], "path": self.path})
                try:
                    self.send_response(status)
                    self.end_headers()
                    self.wfile.write(body.encode())
                except OSError:
                    pass  # The client lost its patience.

            def log_message(self, *_given: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"smsapi+http://token@127.0.0.1:{self.server.server_port}"
        self._thread = Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def answer(self, form: dict[str, str]) -> tuple[int, str]:
        with self._guard:
            mood = self.moods.pop(0) if self.moods else ""
            self.requests.append(form)
            if mood == "fails":
                return 500, "down"
            if mood == "is broken":
                return 200, "<html>"
            if mood == "refuses":
                return 200, json.dumps({"error": 13, "message": "No valid phone numbers"})
            if form.get("check_idx") == "1" and form["idx"] in self.accepted:
                return 200, json.dumps({"error": 53, "message": "Not unique idx parameter"})
            gateway_id = f"gw{len(self.accepted) + 1}"
            self.accepted[form["idx"]] = {**form, "id": gateway_id}
        if "delivers" in mood:
            self.report("404", form["idx"])
        if "is slow" in mood:
            time.sleep(SLOW_SECONDS)
        return 200, json.dumps({"count": 1, "list": [{"id": gateway_id, "number": form["to"], "status": "QUEUE"}]})

    def report(self, status: str, /, *keys: str, method: str = "GET", **altered: str) -> TestResponse:
        """Tell in one call what became of messages, at the address that came along with them."""
        messages = [self.accepted[key] for key in keys]
        told = {"MsgId": ",".join(message["id"] for message in messages), "idx": ",".join(keys),
                "status": ",".join([status] * len(keys)), "to": ",".join(message["to"] for message in messages),
                "donedate": ",".join(["1781519400"] * len(keys)), "username": "miasto", **altered}
        place = "query_string" if method == "GET" else "data"
        return self.app.test_client().open(urlsplit(messages[0]["notify_url"]).path, method=method, **{place: told})

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


class SmtpServer:
    """A real SMTP server that keeps what it accepts.

    The moods are used up one connection after another: "fails" (451), "refuses" (550 for the recipient), "hangs up" (after it
    has accepted the letter), "is slow" (to answer at all).
    """

    def __init__(self) -> None:
        self.moods: list[str] = []
        self.mood = ""
        self.letters: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.tries = 0
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    async def handle_EHLO(self, _server: Any, session: Any, _envelope: Any, hostname: str,
                          responses: Iterable[str]) -> Iterable[str]:
        self.tries += 1
        self.mood = self.moods.pop(0) if self.moods else ""
        if self.mood == "is slow":
            await asyncio.sleep(SLOW_SECONDS)
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if self.mood == "refuses":
            return "550 No such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.mood == "fails":
            return "451 Try again later"
        letter = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.recipients += envelope.rcpt_tos
        return "250 OK"

    async def handle_QUIT(self, server: Any, _session: Any, _envelope: Any) -> str:
        if self.mood == "hangs up":
            server.transport.abort()
        return "221 Bye"

    def close(self) -> None:
        if self._controller.server:
            self._controller.stop()
