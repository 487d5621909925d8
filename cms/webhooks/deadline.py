"""A limit on the whole of a call. The library's own limit begins anew with each byte
that comes in, so that one who sends a byte now and then could hold a worker for ever."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import Self

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class Deadline:
    """Cuts the connections that it watches when its seconds are over."""

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._watched: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()
        for connection in self._watched:
            connection.close()

    def watch(self, connection: socket.socket) -> socket.socket:
        """Watch a new connection, and return it.

        A duplicate is kept: TLS takes the socket itself over, and shutting down
        the one ends the other.
        """
        self._watched.append(connection.dup())
        if self.passed:
            self._cut()
        return connection

    def watch_all_of(self, adapter: HTTPAdapter) -> None:
        """Watch every connection that `adapter` will make."""

        class Plain(HTTPConnection):
            def _new_conn(self) -> socket.socket:
                return watch(super()._new_conn())

        class Encrypted(HTTPSConnection):
            def _new_conn(self) -> socket.socket:
                return watch(super()._new_conn())

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class EncryptedPool(HTTPSConnectionPool):
            ConnectionCls = Encrypted

        watch = self.watch
        adapter.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": EncryptedPool}

    def _cut(self) -> None:
        self.passed = True
        for connection in self._watched:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
