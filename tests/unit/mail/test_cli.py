"""`flask cms send-test-mail`: do the settings work?"""

from cms.extensions import db
from cms.mail.models import MailMessage
from tests.processes import free_port


def test_it_sends_at_once(server, runner):
    done = runner.invoke(args=["cms", "send-test-mail", "ada@example.com"])

    assert done.exit_code == 0, done.output
    assert "ada@example.com" in done.output
    assert len(server.taken) == 1
    assert db.session.query(MailMessage).one().sent_at is not None


def test_it_says_in_words_what_is_wrong(use_mail, runner):
    use_mail(f"smtp://127.0.0.1:{free_port()}")
    for address, words in (("ada@example.com", "does not answer"), ("ada", "not a mail address")):
        done = runner.invoke(args=["cms", "send-test-mail", address])
        assert done.exit_code == 1
        assert words in done.output
    db.session.rollback()
    assert db.session.query(MailMessage).count() == 0
