"""Private servers for tests: PostgreSQL, MariaDB, Redis and S3 of this machine's own.

Each runs in a folder of its own on a free loopback port, keeps nothing, and is
stopped by the process that started it. None of them is asked to be durable.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, ClassVar, LiteralString, Self
from urllib.parse import quote

import botocore.session
import psycopg
import pymysql
import redis
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.processes import BIN, free_port

DATABASE = "cms"
HOST = "127.0.0.1"
START_SECONDS = 60
STOP_SECONDS = 20
_FOLDERS = [str(BIN), "/usr/local/sbin", "/usr/sbin", "/usr/local/bin", "/usr/bin"]


class Service:
    """One server, running from `start` to `stop`, or for the length of a `with`."""

    name: ClassVar[str]
    programs: ClassVar[dict[str, tuple[str, ...]]]  # what we call it: what it may be called
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    not_ready: ClassVar[tuple[type[Exception], ...]]

    def __init__(self, host: str = HOST) -> None:
        self.host = host
        self.port = free_port()
        self.folder = Path()
        self._process: subprocess.Popen[bytes] | None = None

    @classmethod
    def missing(cls) -> str:
        """Return the sentence that says what this machine lacks, or nothing."""
        lacking = [names[0] for names in cls.programs.values() if not _find(names)]
        return f"{cls.name} is not installed: no {', no '.join(lacking)}" if lacking else ""

    @property
    def url(self) -> str:
        """Return the address as a setting of QsCMS names it."""
        raise NotImplementedError

    def start(self) -> None:
        # Not pytest's temporary folder: that one is closed to the unprivileged user.
        self.folder = Path(tempfile.mkdtemp(prefix="qscms-"))
        try:
            self._give_away(self.folder)
            self._prepare()
            self.resume()
            self._furnish()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        self.halt()
        shutil.rmtree(self.folder, ignore_errors=True)

    def halt(self) -> None:
        """End the server, and keep its folder and its port for `resume`."""
        if self._process is None:
            return
        self._process.send_signal(self.stop_signal)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def resume(self) -> None:
        """Run the server on what its folder holds."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **self._as_whom(),
            )
        self._wait_until_ready()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def _prepare(self) -> None:
        """Make in the folder what the server wants to find there."""

    def _furnish(self) -> None:
        """Make in the running server what tests want to find there."""

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _connect(self) -> None:
        """Use the server once; raise one of `not_ready` while it is not up."""
        raise NotImplementedError

    def _program(self, name: str) -> str:
        found = _find(self.programs[name])
        assert found, self.missing()
        return found

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, check=False, **self._as_whom()
        )
        assert done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return self._connect()
            except self.not_ready as error:
                assert self._process is not None
                if self._process.poll() is not None or time.monotonic() > deadline:
                    log = (self.folder / "log").read_text(errors="replace")
                    raise AssertionError(f"{self.name} did not come up: {error}\n{log}") from None
            time.sleep(0.05)

    def _as_whom(self) -> dict[str, Any]:
        """PostgreSQL refuses to run as root, and the others need not."""
        if os.geteuid() != 0:
            return {}
        user = _unprivileged()
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def _give_away(self, folder: Path) -> None:
        if os.geteuid() == 0:
            os.chown(folder, _unprivileged().pw_uid, _unprivileged().pw_gid)


class PostgreSQL(Service):
    name = "PostgreSQL"
    programs: ClassVar = {"initdb": ("initdb",), "postgres": ("postgres",)}
    stop_signal = signal.SIGINT  # "fast": without waiting for clients to leave
    not_ready = (psycopg.OperationalError,)

    @property
    def url(self) -> str:
        return f"postgresql://cms@{self.host}:{self.port}/{DATABASE}"

    def _prepare(self) -> None:
        settings = ("--username=cms", "--auth=trust", "--encoding=UTF8", "--no-locale")
        self._run(self._program("initdb"), "--pgdata=data", "--no-sync", *settings)
        with (self.folder / "data" / "pg_hba.conf").open("a") as rules:
            rules.write("host all all samenet trust\n")

    def _command(self) -> list[str]:
        settings = {
            "listen_addresses": self.host,
            "port": self.port,
            "unix_socket_directories": self.folder,
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [self._program("postgres"), "-D", "data", *options]

    def _connect(self) -> None:
        self._execute("SELECT 1")

    def _furnish(self) -> None:
        self._execute(f"CREATE DATABASE {DATABASE}")

    def _execute(self, statement: LiteralString) -> None:
        address = f"postgresql://cms@{self.host}:{self.port}/postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement)


class DurablePostgreSQL(PostgreSQL):
    """A PostgreSQL that keeps what it has committed, whatever happens to the machine."""

    def _command(self) -> list[str]:
        return [
            option
            for option in super()._command()
            if not option.startswith(("--fsync", "--full_page", "--synchronous"))
        ]


class MariaDB(Service):
    name = "MariaDB"
    programs: ClassVar = {
        "install": ("mariadb-install-db", "mysql_install_db"),
        "server": ("mariadbd",),
    }
    not_ready = (pymysql.OperationalError,)

    @property
    def url(self) -> str:
        return f"mariadb://root@{self.host}:{self.port}/{DATABASE}"

    def _prepare(self) -> None:
        self._run(
            self._program("install"),
            "--no-defaults",
            f"--datadir={self.folder / 'data'}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        )

    def _command(self) -> list[str]:
        settings = {
            "datadir": self.folder / "data",
            "bind-address": self.host,
            "port": self.port,
            "socket": self.folder / "socket",
            "pid-file": self.folder / "pid",
            "innodb-flush-log-at-trx-commit": 0,
            "innodb-buffer-pool-size": "64M",
            "character-set-server": "utf8mb4",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        return [self._program("server"), "--no-defaults", "--skip-log-bin", *options]

    def _connect(self) -> None:
        self._execute("SELECT 1")

    def _furnish(self) -> None:
        self._execute(f"CREATE DATABASE {DATABASE}")

    def _execute(self, statement: str) -> None:
        connection = pymysql.connect(host=self.host, port=self.port, user="root")
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)


class Redis(Service):
    name = "Redis"
    programs: ClassVar = {"server": ("redis-server", "valkey-server")}
    not_ready = (redis.ConnectionError, redis.BusyLoadingError)

    @property
    def url(self) -> str:
        return f"redis://{self.host}:{self.port}/0"

    def _command(self) -> list[str]:
        options = ["--bind", self.host, "--port", str(self.port), "--protected-mode", "no"]
        options += ["--save", "", "--appendonly", "no"]
        return [self._program("server"), *options]

    def _connect(self) -> None:
        once = Retry(NoBackoff(), retries=0)
        with redis.Redis(host=self.host, port=self.port, retry=once) as client:
            client.ping()


class S3(Service):
    """A bucket on a server that checks every signature, but knows no conditions."""

    name = "S3"
    programs: ClassVar = {"server": ("nanio",)}
    not_ready = (BotoCoreError, ClientError)
    key, secret, bucket = "key", "secret/+@", "cms-files"

    @property
    def endpoint(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def url(self) -> str:
        secret = quote(self.secret, safe="")
        return f"s3://{self.key}:{secret}@{self.host}:{self.port}/{self.bucket}?scheme=http"

    def client(self) -> Any:
        return botocore.session.get_session().create_client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
        )

    def _command(self) -> list[str]:
        options = ["--host", self.host, "--port", str(self.port), "--data-dir", "data"]
        return [self._program("server"), "serve", *options]

    def _connect(self) -> None:
        self.client().list_buckets()

    def _furnish(self) -> None:
        self.client().create_bucket(Bucket=self.bucket)

    def _as_whom(self) -> dict[str, Any]:
        """It comes with our environment, which may be closed to others."""
        keys = {"NANIO_ACCESS_KEY": self.key, "NANIO_SECRET_KEY": self.secret}
        return {"env": {**os.environ, **keys}}

    def _give_away(self, folder: Path) -> None:
        """Keep it."""


class ConditionalS3(S3):
    """The same on a server that knows conditions and names of downloads, but no signatures."""

    programs: ClassVar = {"server": ("localbucket",)}

    def _command(self) -> list[str]:
        (self.folder / "data").mkdir(exist_ok=True)
        return [self._program("server"), "--host", self.host, "--port", str(self.port), "data"]


def _find(names: tuple[str, ...]) -> str | None:
    """Look in the PATH, then where distributions put servers, the newest first."""
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    newest_first = sorted(versions, key=lambda folder: int(folder.parent.name), reverse=True)
    path = os.pathsep.join([os.environ.get("PATH", ""), *map(str, newest_first), *_FOLDERS])
    return next(filter(None, (shutil.which(name, path=path) for name in names)), None)


def _unprivileged() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")
