"""A short, fixed run of `make fuzz`."""

from cms.imaging.workshop import run
from tests import toy_work
from tests.fuzz import samples
from tests.fuzz.trial import Trial


def test_damaged_pictures_are_refused_or_rendered_and_nothing_else(tmp_path):
    result = Trial(samples.drawn(), seed=1, folder=tmp_path).run(150)
    assert result.problems == []
    assert result.ends.total() == 150
    assert set(result.ends) >= {"refused", "failed", "rendered"}
    assert list(tmp_path.iterdir()) == []
    assert run(toy_work.answer, "still there") == "still there"


def test_a_seed_makes_the_same_damage_each_time(tmp_path):
    one, other = (Trial(samples.drawn(), seed=7, folder=tmp_path) for _ in range(2))
    assert [one.damaged(number) for number in range(20)] == [
        other.damaged(number) for number in range(20)
    ]
