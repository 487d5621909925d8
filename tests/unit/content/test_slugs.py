"""Slugs: what stands for a title in an address."""

import pytest

from cms.content import slugs
from cms.content.models import LONGEST_SLUG
from cms.content.slugs import SlugInvalid, SlugTaken


def taken(*names):
    return lambda slugs: [slug for slug in slugs if slug in names]


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Harbour at dawn", "harbour-at-dawn"),
        ("运河边的老茶馆", "运河边的老茶馆"),
        ("第一章：序", "第一章-序"),
        ("Café, “now” – 50%", "café-now-50"),
        ("ＡＢＣ　全角", "abc-全角"),
        ("a/b/../c?d#e", "a-b-c-d-e"),
        ("<b>bold</b>", "b-bold-b"),
        ("🙂", "article"),
        ("", "article"),
    ],
)
def test_a_slug_is_made_of_the_title_in_its_own_script(title, slug):
    assert slugs.slug_from(title, "article") == slug


def test_a_long_title_is_cut_between_words():
    slug = slugs.slug_from("word " * 50, "article")
    assert len(slug) <= LONGEST_SLUG
    assert set(slug.split("-")) == {"word"}


def test_a_title_that_others_have_gets_a_number():
    assert slugs.choose("Harbour", "article", taken("harbour", "harbour-2")) == "harbour-3"
    many = taken("harbour", *(f"harbour-{number}" for number in range(2, 500)))
    assert slugs.choose("Harbour", "article", many) == "harbour-500"
    assert slugs.choose("Café", "article", lambda _slugs: ["cafe"]) == "café-2"
    long = "x" * LONGEST_SLUG
    assert slugs.choose(long, "article", taken(long)) == "x" * (LONGEST_SLUG - 2) + "-2"


def test_a_typed_slug_that_is_taken_is_refused_with_one_that_is_free():
    with pytest.raises(SlugTaken) as refused:
        slugs.check("harbour", "article", taken("harbour"))
    assert (refused.value.field, refused.value.facts["free"]) == ("slug", "harbour-2")
    assert slugs.check(" Harbour ", "article", taken()) == "harbour"


@pytest.mark.parametrize("slug", ["a b", "a/b", "a--b", "-a", "a?b", "%2e", "..", "a.b", "a_b"])
def test_a_typed_slug_that_is_none_is_refused_with_one_that_is(slug):
    with pytest.raises(SlugInvalid) as refused:
        slugs.check(slug, "article", taken())
    free = refused.value.facts["free"]
    assert slugs.check(free, "article", taken()) == free
