"""What is in deploy/ fits the application, and the linters of its formats."""

import re
import subprocess

import crossplane
import pytest
import yaml
from supervisor.options import ProcessConfig, ServerOptions

from cms import edge
from cms.api.access import MULTIPART
from cms.config import PREFIX, Settings, load
from tests.processes import BIN, TOP

DEPLOY = TOP / "deploy"


@pytest.fixture(scope="module")
def services():
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]


@pytest.mark.parametrize(
    ("linter", "file"),
    [
        (("hadolint",), "Dockerfile"),
        (("check-jsonschema", "--builtin-schema=vendor.compose-spec"), "compose.yaml"),
        (("gixy",), "nginx.conf"),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)
def test_a_file_passes_its_linter(linter, file):
    name, *options = linter
    done = subprocess.run(
        [BIN / name, *options, DEPLOY / file], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_nginx_knows_each_directive_in_its_place(tmp_path):
    around = tmp_path / "nginx.conf"
    around.write_text(f"events {{}} http {{ include {DEPLOY}/nginx.conf; }}")
    assert crossplane.parse(str(around), strict=True)["errors"] == []


UNITS = [it for kind in ("service", "socket", "timer") for it in sorted(DEPLOY.glob(f"*.{kind}"))]


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_knows_each_setting(unit):
    done = subprocess.run(
        [BIN / "systemdlint", "--norootfs", unit], capture_output=True, text=True, check=False
    )
    found = set(re.findall(r"\[[\w.]+\] - (.+)", done.stdout + done.stderr))
    assert found <= {
        "Service should have Delegate being set",  # no one else manages our control group
        "OOMPolicy is not supported in section Service",  # it is, since systemd 243
        "Files created by service are world-writeable",  # as it says of any UMask
    }


@pytest.mark.parametrize("unit", sorted(DEPLOY.glob("*@.service")), ids=lambda path: path.name)
def test_what_goes_on_is_begun_again_whatever_ends_it(unit):
    text = unit.read_text()
    assert {"Restart=always", "StartLimitIntervalSec=0", "OOMPolicy=continue"} <= set(text.split())


def test_a_shell_reads_the_sample_of_settings_as_systemd_does(tmp_path):
    """It takes what is between two single quotes for the value, as a shell does."""
    sample = (DEPLOY / "environment.example").read_text()
    lines = [line for line in sample.splitlines() if not line.startswith("#")]
    as_systemd = dict(re.fullmatch(r"(CMS_[A-Z_]+)='([^']*)'", line).groups() for line in lines)
    command = "set -a; . ./environment.example; env -0"
    read = subprocess.run(
        ["bash", "-c", command], cwd=DEPLOY, env={}, capture_output=True, text=True, check=True
    )
    as_shell = dict(it.split("=", 1) for it in read.stdout.split("\0") if it.startswith("CMS_"))

    assert as_shell == as_systemd
    keys = {name: "0123456789abcdef" * 4 for name, value in as_shell.items() if not value}
    assert set(keys) == {"CMS_SECRET_KEY", "CMS_SECOND_FACTOR_KEYS"}
    here = {"CMS_DATA_DIR": str(tmp_path), "CMS_STORAGE_URL": f"file://{tmp_path}/files"}
    assert load(as_shell | keys | here).env == "production"


def test_no_image_has_settings_in_it():
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().split()
    assert {"**/*.env", "**/.env*", "environment", "var", ".git"} <= set(ignored)


def test_supervisor_reads_its_file_and_waits_for_what_runs(tmp_path, monkeypatch):
    text = (DEPLOY / "supervisor.conf").read_text()
    known = {*ProcessConfig.req_param_names, "user", "environment"}
    known |= {"process_name", "numprocs", "numprocs_start"}
    assert set(re.findall(r"^(\w+)=", text, re.MULTILINE)) <= known
    # Users and folders of a machine that it is installed on.
    here = re.sub(r"^user=.*$", "", text, flags=re.MULTILINE).replace("/var/log/supervisor", ".")
    (tmp_path / "supervisor.conf").write_text("[supervisord]\n" + here)
    monkeypatch.chdir(tmp_path)

    options = ServerOptions()
    options.realize(["-c", "supervisor.conf"], doc="")
    programs = [
        program for group in options.process_group_configs for program in group.process_configs
    ]
    assert [it.name for it in programs] == ["qscms-web-1", "qscms-web-2", "qscms-worker"]
    assert [it.environment.get("PORT") for it in programs] == ["8001", "8002", None]
    assert {program.stopwaitsecs for program in programs} == {60}


def test_containers_run_with_nothing_but_what_they_need(services):
    ours = {name: it for name, it in services.items() if it["image"] == "qscms"}
    assert set(ours) == {"migrate", "web1", "web2", "worker1", "worker2"}
    for service in ours.values():
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["stop_grace_period"] == "60s"
        known = {PREFIX + name.upper() for name in Settings.model_fields}
        assert {n for n in service["environment"] if n.startswith(PREFIX)} <= known
    assert "USER 10001" in (DEPLOY / "Dockerfile").read_text()


def test_images_of_others_are_pinned(services):
    images = {it["image"] for it in services.values()} - {"qscms"}
    assert [image for image in images if not re.search(r":v?\d", image)] == []


def test_every_secret_is_asked_for_and_none_is_written(services):
    given = (DEPLOY / "compose.env.example").read_text()
    text = (DEPLOY / "compose.yaml").read_text()
    for name in {part.partition(":?}")[0] for part in text.split("${")[1:]}:
        assert f"\n{name}=" in given, name
    secrets = ("DATABASE_PASSWORD", "QUEUE_PASSWORD", "STORAGE_SECRET")
    for name in ("CMS_SECRET_KEY", "CMS_SECOND_FACTOR_KEYS", *secrets):
        assert f"\n{name}=\n" in given


def test_the_proxy_streams_what_is_uploaded_and_nothing_else(app):
    """Anything else, sent slowly by a stranger, would keep a thread waiting."""
    conf = (DEPLOY / "nginx.conf").read_text()
    ((streamed, settings),) = re.findall(r"location ~ (\^/\(admin/\(\S+) \{([^}]*)\}", conf)
    large = {
        rule.rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint in edge._LARGE_BODIES
        or getattr(getattr(app.view_functions[rule.endpoint], "need", None), "takes", "")
        == MULTIPART
    }
    every = {rule.rule for rule in app.url_map.iter_rules()}
    assert {it for it in every if re.search(streamed, it)} == large
    assert "proxy_request_buffering off" in settings
    assert conf.count("proxy_request_buffering off") == 1
