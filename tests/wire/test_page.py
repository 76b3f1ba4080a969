"""Stamping pages: deterministic, exact blocks, one released hash for all manifests."""

import hashlib

import pytest

from intake.wire.errors import PageInvalid
from intake.wire.page import read_blocks, released_hash, stamp

TEMPLATE = (
    b'<html><script type="application/json" id="intake-deployment"></script>x'
    b'<script type="text/plain" id="intake-manifest"></script></html>'
)


def test_stamped_blocks_are_read_back():
    page = stamp(TEMPLATE, '{"a":1}', "note қ\n".encode())
    assert read_blocks(page) == ('{"a":1}', "note қ\n".encode())
    assert stamp(TEMPLATE, '{"a":1}', "note қ\n".encode()) == page


def test_stamping_again_replaces_the_blocks():
    once = stamp(TEMPLATE, '{"a":1}', b"old\n")
    assert stamp(once, '{"a":1}', b"new\n") == stamp(TEMPLATE, '{"a":1}', b"new\n")


def test_released_hash_ignores_the_manifest_only():
    one, two = stamp(TEMPLATE, '{"a":1}', b"one\n"), stamp(TEMPLATE, '{"a":1}', b"two\n")
    assert released_hash(one) == released_hash(two) == hashlib.sha256(stamp(TEMPLATE, '{"a":1}', b"")).hexdigest()
    assert released_hash(stamp(TEMPLATE, '{"a":2}', b"one\n")) != released_hash(one)


@pytest.mark.parametrize("template", [b"", TEMPLATE + TEMPLATE, TEMPLATE.replace(b"intake-manifest", b"manifest")])
def test_template_without_exact_blocks_is_refused(template):
    with pytest.raises(PageInvalid):
        stamp(template, "{}", b"note\n")


@pytest.mark.parametrize("text", ["</script>", "<!--", "<"])
def test_text_with_markup_is_refused(text):
    with pytest.raises(PageInvalid):
        stamp(TEMPLATE, "{}", text.encode())
    with pytest.raises(PageInvalid):
        stamp(TEMPLATE, text, b"note\n")


def test_page_whose_deployment_is_not_utf8_is_refused():
    page = stamp(TEMPLATE, '{"a":1}', b"note\n").replace(b'{"a":1}', b"\xff")
    with pytest.raises(PageInvalid):
        read_blocks(page)
