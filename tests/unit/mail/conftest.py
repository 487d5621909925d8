import email
import email.policy
import ssl
from pathlib import Path

import pytest
import trustme

from cms.config import settings
from cms.mail import transport
from tests import receivers


@pytest.fixture(scope="session")
def authority():
    return trustme.CA()


@pytest.fixture
def certificate(authority, tmp_path, monkeypatch):
    """The certificate of 127.0.0.1, by an authority that this process trusts."""
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.fixture
def use_mail(ctx, monkeypatch):
    """Send mail to an address from now on."""

    def go(url):
        monkeypatch.setitem(ctx.extensions, "cms.mail", transport.from_url(url))

    return go


@pytest.fixture
def server(use_mail):
    """An SMTP server without encryption, in use."""
    with receivers.mail_receiver() as server:
        use_mail(f"smtp://{server.address}?starttls=no")
        yield server


@pytest.fixture
def written(ctx):
    """The mail that is in the folder, parsed."""

    def go():
        paths = sorted(Path(settings().data_dir, "mail").glob("*.eml"))
        return [parsed(path.read_bytes()) for path in paths]

    return go


def parsed(content):
    return email.message_from_bytes(content, policy=email.policy.default)
