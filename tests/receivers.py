"""Other systems, on loopback: one that is called, and one that takes mail."""

from __future__ import annotations

import ssl
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.processes import free_port


class HttpReceiver(ThreadingHTTPServer):
    """Keeps what it is sent. `answer` says what comes back, and how."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.calls: list[tuple[str, dict[str, str], bytes]] = []
        self.stopped = threading.Event()
        self.answer = reply(200)

    @property
    def port(self) -> int:
        return self.server_address[1]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def handle_error(self, request, client_address) -> None:
        """Say nothing: being cut off is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: HttpReceiver

    def do_HEAD(self) -> None:
        self._asked()

    def do_GET(self) -> None:
        self._asked()

    def _asked(self) -> None:
        self.server.calls.append((f"{self.command} {self.path}", dict(self.headers), b""))
        with suppress(OSError):
            self.server.answer(self)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.calls.append((self.path, dict(self.headers), body))
        with suppress(OSError):
            self.server.answer(self)

    def log_message(self, *_args) -> None:
        pass


def reply(code, body=b"", **headers):
    """Answer with `code`."""

    def answer(handler):
        handler.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def in_turn(*answers):
    """Answer the first call with the first, and so on."""
    left = list(answers)

    def answer(handler):
        left.pop(0)(handler)

    return answer


def endless_body(handler):
    """Answer a yes, and never come to an end."""
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.stopped.is_set():
        handler.wfile.write(b"x" * 10_000)


def dripping_head(handler):
    """Send a byte now and then, so that no single wait is long."""
    while not handler.server.stopped.wait(0.05):
        handler.wfile.write(b"H")


def dripping_body(handler):
    """The same after a proper beginning."""
    handler.send_response(200)
    handler.end_headers()
    while not handler.server.stopped.wait(0.05):
        handler.wfile.write(b".")


def silence(handler):
    """Take the call and say nothing."""
    handler.server.stopped.wait(30)


def hang_up(handler):
    """Take the call and close."""
    handler.connection.close()


@contextmanager
def http_receiver(context: ssl.SSLContext | None = None):
    with HttpReceiver() as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.stopped.set()
            server.shutdown()
            thread.join()


class MailReceiver:
    """Takes mail, or answers `refuse_rcpt` and `refuse_data`, once each time it is asked."""

    def __init__(self, user=b"", password=b"") -> None:
        self.taken: list[tuple[str, list[str], bytes]] = []
        self.rcpt_answers: list[str] = []
        self.data_answers: list[str] = []
        self._login = user, password

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server, _session, envelope, address, _options
    ):
        if self.rcpt_answers:
            return self.rcpt_answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server, _session, envelope
    ):
        if self.data_answers:
            return self.data_answers.pop(0)
        self.taken.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 OK"

    def authenticate(self, _server, _session, _envelope, _mechanism, data):
        return AuthResult(success=(data.login, data.password) == self._login, handled=False)


@contextmanager
def mail_receiver(user=b"", password=b"", **options):
    """An SMTP server on loopback; its handler, with `host` and `port`."""
    handler = MailReceiver(user, password)
    if user:
        options |= {"authenticator": handler.authenticate, "auth_required": True}
    controller = Controller(handler, hostname="127.0.0.1", port=free_port(), **options)
    handler.address = f"127.0.0.1:{controller.port}"
    controller.start()
    try:
        yield handler
    finally:
        controller.stop()
