"""A short, fixed run of `make fuzz`."""

from cms.imaging.presets import SHIPPED
from cms.imaging.workshop import render, run
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


def test_a_picture_taller_than_some_formats_can_be_is_made_smaller(tmp_path):
    """Found by `make fuzz`."""
    for name in ("tall.png", "tall.gif"):
        source, folder = tmp_path / name, tmp_path / f"{name}-made"
        source.write_bytes(samples.drawn()[name])
        folder.mkdir()
        made = render(source, SHIPPED, folder, max_pixels=25_000_000)
        assert max(file.height for file in made.files) == 16_383


def test_a_seed_makes_the_same_damage_each_time(tmp_path):
    one, other = (Trial(samples.drawn(), seed=7, folder=tmp_path) for _ in range(2))
    assert [one.damaged(number) for number in range(20)] == [
        other.damaged(number) for number in range(20)
    ]
