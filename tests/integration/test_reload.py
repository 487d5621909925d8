"""A new version takes over from the old one while people work."""

import signal
import socket
import threading
import urllib.request

import pytest

from tests.processes import Site, begun_by, lives, wait_for

RELOADS = 3
CLIENTS = 4


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    site.prepare()
    yield site
    site.close()


class Load:
    """Clients that ask one thing after the other, each by a connection of its own."""

    def __init__(self, address):
        self.address, self.answered, self.failed = address, 0, []
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(CLIENTS)]

    def _ask(self):
        while not self._stop.is_set():
            try:
                with urllib.request.urlopen(self.address, timeout=30) as answer:
                    answer.read()
                self.answered += 1
            except OSError as error:
                self.failed.append(error)

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error):
        self._stop.set()
        for thread in self._threads:
            thread.join()


def test_no_request_fails_while_the_web_server_loads_new_code(site):
    site.start_web()
    with Load(f"{site.url}/login") as load:
        for _ in range(RELOADS):
            old, before = begun_by(site.pid("web")), load.answered
            site.signal("web", signal.SIGHUP)
            wait_for(lambda old=old: not any(map(lives, old)), "the old workers to end")
            wait_for(lambda before=before: load.answered > before + CLIENTS, "answers by new ones")

    assert load.failed == []
    assert load.answered > RELOADS * CLIENTS


def test_no_request_fails_while_it_is_restarted_on_a_socket_that_stays(site):
    """As by deploy/qscms-web@.socket: from another folder, with other settings."""
    with socket.create_server(("127.0.0.1", int(site.url.rpartition(":")[2]))) as kept:
        site.start_web(on=kept)
        with Load(f"{site.url}/login") as load:
            for _ in range(RELOADS):
                before = load.answered
                assert site.stop("web") == 0
                site.start_web(on=kept)
                wait_for(lambda before=before: load.answered > before + CLIENTS, "new answers")

    assert load.failed == []
