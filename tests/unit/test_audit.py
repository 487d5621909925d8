"""What `make audit` looks at without asking anybody."""

from tests import audit


def test_everything_that_is_installed_is_pinned_by_hash_and_from_nowhere_in_particular():
    assert list(audit.unpinned()) == []


def test_bandit_finds_nothing_in_our_code():
    assert list(audit.suspicious()) == []
