"""Demonstration pictures: the same each time, and no two alike."""

from __future__ import annotations

from cms.imaging.probe import probe
from cms.imaging.samples import draw_sample


def drawn(tmp_path, seed, size=(320, 200)):
    path = tmp_path / "sample.jpg"
    draw_sample(seed, size, path)
    return path.read_bytes()


def test_a_sample_is_a_jpeg_of_the_size_asked_for(tmp_path):
    drawn(tmp_path, 3, (300, 401))
    found = probe(tmp_path / "sample.jpg", max_pixels=1_000_000)
    assert (found.format.name, found.width, found.height) == ("jpeg", 300, 401)


def test_the_same_seed_draws_the_same_picture(tmp_path):
    assert drawn(tmp_path, 5) == drawn(tmp_path, 5)


def test_other_seeds_draw_other_pictures(tmp_path):
    assert len({drawn(tmp_path, seed) for seed in range(9)}) == 9
