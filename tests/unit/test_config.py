"""Settings: read once, checked as a whole, a wrong one named in one line."""

import os
import stat
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydantic import SecretStr

from cms import config, storage
from cms.database import with_driver
from cms.errors import BadSetting
from cms.jobs.queue import open_storage
from tests.processes import BIN, TOP

KEY = "0123456789abcdef" * (config.SHORTEST_SECRET // 16)
PRODUCTION = {
    "CMS_ENV": "production",
    "CMS_SECRET_KEY": KEY,
    "CMS_SECOND_FACTOR_KEYS": KEY,
    "CMS_TRUSTED_HOSTS": "cms.example.org",
    "CMS_DATABASE_URL": "postgresql://cms@db/cms",
    "CMS_QUEUE_URL": "redis://queue:6379/0",
    "CMS_STORAGE_URL": "file:///srv/files",
    "CMS_MAIL_URL": "smtps://mail",
    "CMS_MAIL_FROM": "QsCMS <cms@example.org>",
}


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    """No setting comes from the shell that the tests were started in."""
    for name in [name for name in os.environ if name.startswith("CMS_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "var"


@pytest.fixture
def load(folder):
    def go(**settings):
        return config.load({"CMS_DATA_DIR": str(folder), **settings})

    return go


# Defaults


def test_everything_has_a_default(load, folder):
    settings = load()

    assert settings.env == "development"
    assert settings.data_dir == folder
    assert settings.database_url == f"sqlite:///{folder}/cms.db"
    assert settings.queue_url == f"sqlite:///{folder}/queue.db"
    assert settings.storage_url == f"file://{folder}/files"
    assert settings.mail_url == f"file://{folder}/mail"
    assert settings.mail_from == "QsCMS <qscms@localhost>"
    assert settings.webhook_allow == ()
    assert settings.webhook_timeout == 20
    assert settings.locale == "en"
    assert settings.job_retry_delay is None
    assert settings.upload_max_bytes == 50_000_000
    assert settings.request_max_bytes == 500_000_000
    assert settings.image_max_pixels == 150_000_000
    assert settings.login_limit == "10 per minute"
    assert settings.trusted_hosts == ()
    assert settings.proxy_hops == 0
    assert settings.allow_embedded == ()
    assert settings.app == "wsgi:app"


def test_the_data_folder_is_var_and_is_made(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "TOP", tmp_path)  # the checkout, wherever the process starts

    assert config.load({"CMS_SECRET_KEY": KEY}).data_dir == tmp_path / "var"
    assert (tmp_path / "var").is_dir()


def test_the_environment_is_read_and_arguments_win(load, monkeypatch):
    monkeypatch.setenv("CMS_LOCALE", "zh_Hans_CN")
    monkeypatch.setenv("CMS_JOB_RETRY_DELAY", "1")
    settings = load(CMS_JOB_RETRY_DELAY="2")

    assert settings.locale == "zh_Hans_CN"
    assert settings.job_retry_delay == 2


def test_lists_are_separated_by_commas(load):
    settings = load(CMS_TRUSTED_HOSTS="a.example, b.example,", CMS_ALLOW_EMBEDDED="queue")

    assert settings.trusted_hosts == ("a.example", "b.example")
    assert settings.allow_embedded == ("queue",)


def test_settings_do_not_change_while_it_runs(load):
    with pytest.raises(ValueError, match="frozen"):
        load().locale = "zh_Hans_CN"


# Wrong values


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("CMS_ENV", "staging", "Input should be 'development', 'testing' or 'production'"),
        ("CMS_LOCALE", "de", "Input should be 'en' or 'zh_Hans_CN'"),
        ("CMS_JOB_RETRY_DELAY", "-1", "Input should be greater than or equal to 0"),
        ("CMS_JOB_RETRY_DELAY", "soon", "Input should be a valid integer"),
        ("CMS_UPLOAD_MAX_MB", "0", "Input should be greater than or equal to 1"),
        ("CMS_UPLOAD_MAX_MB", "", "Input should be a valid integer"),
        ("CMS_REQUEST_MAX_MB", "10001", "Input should be less than or equal to 10000"),
        ("CMS_IMAGE_MAX_MEGAPIXELS", "1.5", "Input should be a valid integer"),
        ("CMS_LOGIN_LIMIT", "often", "'often' is not such as '10 per minute'"),
        ("CMS_API_LIMIT", "often", "'often' is not such as '10 per minute'"),
        ("CMS_PROXY_HOPS", "6", "Input should be less than or equal to 5"),
        ("CMS_ALLOW_EMBEDDED", "queue,search", "unknown part 'search'"),
        ("CMS_SECURITY_CONTACT", "me", "'me' is not such as 'mailto:security@example.org'"),
        ("CMS_MAIL_FROM", "nobody", "'nobody' is not such as 'Name <address@example.org>'"),
        ("CMS_MAIL_FROM", "A\nB <a@example.org>", "it must be one line"),
        ("CMS_WEBHOOK_TIMEOUT", "0", "Input should be greater than or equal to 1"),
        ("CMS_COLOUR", "blue", "there is no such setting"),
        ("CMS_database_url_", "x", "there is no such setting"),
    ],
)
def test_a_wrong_value_is_named_in_one_line(load, name, value, problem):
    with pytest.raises(BadSetting) as caught:
        load(**{name: value})

    line = str(caught.value)
    assert line.startswith(f"{name.upper()}: {problem}")
    assert "\n" not in line


def test_a_secret_is_not_repeated_in_the_complaint(load):
    with pytest.raises(BadSetting) as caught:
        load(CMS_SECRET_KEY=["not", "hunter2"])

    assert str(caught.value).startswith("CMS_SECRET_KEY: ")
    assert "hunter2" not in str(caught.value)


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(BadSetting, match=r"^CMS_DATA_DIR: .*file/var: Not a directory$"):
        config.load({"CMS_DATA_DIR": str(tmp_path / "file" / "var")})


def test_the_queue_is_never_in_the_file_of_the_database(load, tmp_path):
    address = f"sqlite:///{tmp_path}/one.db"
    with pytest.raises(BadSetting, match=r"^CMS_QUEUE_URL: .* the database itself$"):
        load(CMS_DATABASE_URL=address, CMS_QUEUE_URL=address)


def test_a_postgresql_may_be_queue_and_database_at_once(load):
    address = "postgresql://cms@host/cms"

    assert load(CMS_DATABASE_URL=address, CMS_QUEUE_URL=address).queue_url == address


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_postgresql_queue_may_name_its_driver_as_the_database_does(scheme):
    storage = open_storage("cms", f"{scheme}://cms:s%40fe@host:5433/name")

    assert storage.dsn == "postgresql://cms:s%40fe@host:5433/name"


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("nonsense", "it must begin with redis://, postgresql:// or sqlite:///"),
        ("amqp://host", "it must begin with redis://, postgresql:// or sqlite:///"),
        ("sqlite://", "it must begin with redis://, postgresql:// or sqlite:///"),
        ("redis://host:port/0", "it must begin with redis://, postgresql:// or sqlite:///"),
        ("mariadb://host/name", "it must begin with redis://, postgresql:// or sqlite:///"),
        ("sqlite:////no/such/folder/queue.db", "unable to open database file"),
    ],
)
def test_an_address_of_no_queue_is_named(address, problem):
    with pytest.raises(BadSetting) as caught:
        open_storage("cms", address)

    assert str(caught.value) == f"CMS_QUEUE_URL: {problem}"


# Secrets in files


@pytest.fixture
def file_of(tmp_path):
    def go(content):
        path = tmp_path / "secret"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return str(path)

    return go


@pytest.mark.parametrize("name", config.IN_FILES)
def test_a_secret_may_stand_in_a_file(load, file_of, name):
    value = f"redis://{KEY}"
    read = getattr(load(**{f"CMS_{name.upper()}_FILE": file_of(f"{value}\n")}), name)

    assert read in (value, SecretStr(value), (SecretStr(value),))


def test_one_line_end_is_not_part_of_it(load, file_of):
    settings = load(CMS_METRICS_TOKEN_FILE=file_of(" token \n\n"))

    assert settings.metrics_token == SecretStr(" token \n")


def test_a_file_of_the_environment_gives_way_to_an_argument(load, file_of, monkeypatch):
    monkeypatch.setenv("CMS_SECRET_KEY_FILE", file_of("of the environment"))

    assert load(CMS_SECRET_KEY=KEY).secret_key == SecretStr(KEY)


def test_an_empty_name_of_a_file_names_none(load):
    assert load(CMS_SECRET_KEY=KEY, CMS_SECRET_KEY_FILE="").secret_key == SecretStr(KEY)


def test_a_secret_is_given_once(load, file_of):
    with pytest.raises(BadSetting) as caught:
        load(CMS_SECRET_KEY=KEY, CMS_SECRET_KEY_FILE=file_of("hunter2"))

    assert str(caught.value) == "CMS_SECRET_KEY: CMS_SECRET_KEY_FILE is set as well: give one"


@pytest.mark.parametrize(
    ("content", "problem"), [(None, "No such file or directory"), (b"hunter2\xff", "it is no text")]
)
def test_a_file_that_cannot_be_read_is_named_and_not_repeated(load, file_of, content, problem):
    path = "/no/such/file" if content is None else file_of(content)
    with pytest.raises(BadSetting) as caught:
        load(CMS_SECRET_KEY_FILE=path)

    assert str(caught.value) == f"CMS_SECRET_KEY_FILE: {path}: {problem}"


def test_what_is_no_secret_stands_in_no_file(load, file_of):
    with pytest.raises(BadSetting, match=r"^CMS_LOCALE_FILE: there is no such setting$"):
        load(CMS_LOCALE_FILE=file_of("en"))


# As processes: the web server's, the worker's and the operator's


def run(folder, *command, **settings):
    return subprocess.run(
        command,
        cwd=TOP,
        env={**os.environ, "CMS_DATA_DIR": str(folder), **settings},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("command", "name", "value"),
    [
        (("flask", "cms", "demo"), "CMS_COLOUR", "blue"),
        (("huey_consumer", "cms.tasks.huey"), "CMS_UPLOAD_MAX_MB", "many"),
        (("huey_consumer", "cms.tasks.huey"), "CMS_STORAGE_URL", "ftp://host"),
        (("huey_consumer", "cms.tasks.huey"), "CMS_MAIL_URL", "http://host"),
        (("huey_consumer", "cms.tasks.huey"), "CMS_APP", "no_such_module:app"),
    ],
)
def test_a_process_ends_with_that_one_line_and_no_trace(folder, command, name, value):
    program, *arguments = command
    done = run(folder, str(BIN / program), *arguments, **{name: value})

    assert done.returncode == config.CANNOT_START
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"{name}: ")
    assert done.stdout == ""


def test_gunicorn_gives_up_rather_than_trying_again_for_ever(folder):
    gunicorn = (
        BIN / "gunicorn",
        "--bind=127.0.0.1:0",
        "--workers=3",  # the second and third must not be taken for another fault
        "--config=deploy/gunicorn.conf.py",
        "wsgi:app",
    )
    done = run(folder, *map(str, gunicorn), CMS_COLOUR="blue")

    assert done.returncode == config.CANNOT_START
    assert "CMS_COLOUR: there is no such setting\n" in done.stderr
    assert "Traceback" not in done.stderr


# Production


def test_production_starts_with_everything_named(load):
    assert load(**PRODUCTION).env == "production"


def test_production_takes_embedded_parts_that_are_accepted_by_name(load, folder):
    given = {k: v for k, v in PRODUCTION.items() if not k.endswith("_URL")}
    settings = load(**given, CMS_ALLOW_EMBEDDED="database,queue,storage,mail")

    assert settings.database_url == f"sqlite:///{folder}/cms.db"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CMS_SECRET_KEY", ""),
        ("CMS_SECRET_KEY", KEY[1:]),
        ("CMS_SECRET_KEY", "change-me" * 4),
        ("CMS_SITE_URL", "http://cms.example.org"),
        ("CMS_SECOND_FACTOR_KEYS", ""),
        ("CMS_SECOND_FACTOR_KEYS", f"{KEY},{KEY[1:]}"),
        ("CMS_TRUSTED_HOSTS", ""),
        ("CMS_DATABASE_URL", ""),
        ("CMS_QUEUE_URL", ""),
        ("CMS_STORAGE_URL", ""),
        ("CMS_MAIL_URL", ""),
        ("CMS_MAIL_FROM", ""),
        ("CMS_METRICS_TOKEN", "0123456789abcde"),
    ],
)
def test_production_refuses_what_is_unsafe(load, folder, name, value):
    with pytest.raises(BadSetting, match=f"^{name}: "):
        load(**PRODUCTION | {name: value})
    assert not (folder / "secret_key").exists()


# The key that development makes for itself


def test_the_key_is_kept_so_that_a_restart_logs_nobody_out(load, folder):
    first, second = load().secret_key, load().secret_key

    assert first == second
    assert len(first.get_secret_value()) >= config.SHORTEST_SECRET
    assert stat.S_IMODE((folder / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["secret_key"]


def test_a_key_that_is_given_wins_and_none_is_made(load, folder):
    assert load(CMS_SECRET_KEY=KEY).secret_key == SecretStr(KEY)
    assert list(folder.iterdir()) == []


def test_processes_that_start_together_have_one_key(load):
    with ThreadPoolExecutor(8) as pool:
        keys = {future.result().secret_key for future in [pool.submit(load) for _ in range(32)]}

    assert len(keys) == 1
    assert keys != {SecretStr("")}


def test_the_key_is_not_in_what_is_printed(load):
    settings = load(CMS_SECRET_KEY="hunter2" * 8)

    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(settings.model_dump())


# Folders with odd names


@pytest.mark.parametrize("name", ["a b", "50%41", "what?", "no#1", "数据", "a@b:c&d=e"])
def test_a_folder_may_have_any_name(tmp_path, name):
    settings = config.load({"CMS_DATA_DIR": str(tmp_path / name)})
    folder = tmp_path / name

    assert with_driver(settings.database_url).database == str(folder / "cms.db")
    assert open_storage("cms", settings.queue_url).filename == str(folder / "queue.db")
    assert storage.from_url(settings.storage_url, tmp_path).folder == folder / "files"
    assert (folder / "queue.db").is_file()
    assert [path.name for path in tmp_path.iterdir()] == [name]
