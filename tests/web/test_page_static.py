"""The built page, read as the browser gets it: what it may contain, what it weighs, that it is the same each time."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

VARIANTS = ("kk", "ru", "en", "all")
BROTLI_MAX_BYTES = 60 * 1024
DEPLOYMENT_BLOCK = '<script type="application/json" id="intake-deployment"></script>'
MANIFEST_BLOCK = '<script type="text/plain" id="intake-manifest"></script>'
TYPED = ("input", "textarea", "select")


class Page(HTMLParser):
    """Every element of a page with its attributes, in order, and the text inside script and style."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inline: dict[str, list[str]] = {"script": [], "style": [], "title": []}
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes an element."""
        self.elements.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        """Notes that an element ended."""
        self._inside = ""

    def handle_data(self, data: str) -> None:
        """Notes the text of scripts, styles and the title."""
        if self._inside in self.inline:
            self.inline[self._inside].append(data)

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        """The attributes of every element of these kinds."""
        return [attributes for tag, attributes in self.elements if tag in tags]


def build(root: Path, out: Path, *arguments: str) -> dict[str, dict[str, dict[str, int]]]:
    """Builds into `out` and returns the sizes the build prints."""
    sys.path.insert(0, str(root / "deploy"))
    import setup

    command = [*setup.node_command(), str(root / "web" / "build.mjs"), "--out", str(out), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    sizes: dict[str, dict[str, dict[str, int]]] = json.loads(done.stdout)
    return sizes


@pytest.fixture(scope="module")
def built(root: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, dict[str, int]]]:
    folder = tmp_path_factory.mktemp("dist")
    return folder, build(root, folder)["pages"]


@pytest.fixture(params=VARIANTS)
def text(request: pytest.FixtureRequest, built: tuple[Path, dict[str, dict[str, int]]]) -> str:
    return (built[0] / f"page.{request.param}.html").read_text("utf-8")


@pytest.fixture
def page(text: str) -> Page:
    return Page(text)


def policy(page: Page) -> dict[str, str]:
    """The page's content security policy: directive -> value."""
    [content] = [m["content"] for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    return {name: value for name, _, value in (part.partition(" ") for part in (content or "").split("; "))}


def csp_hash(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


def test_fields_have_no_name_and_no_form(page: Page) -> None:
    assert page.all("form") == []
    fields = page.all(*TYPED, "button", "details")
    assert len(fields) > 40
    for field in fields:
        assert not {"name", "form", "formaction", "value"} & set(field), field


def test_fields_are_never_remembered_or_checked_by_the_browser(page: Page) -> None:
    for field in page.all(*TYPED):
        assert field["autocomplete"] == "off", field
    for field in [f for f in page.all("textarea", "input") if f.get("type") in (None, "text")]:
        assert field["spellcheck"] == "false"
        assert field["autocapitalize"] == "off"
        assert field["autocorrect"] == "off"
        assert field["translate"] == "no"


def test_buttons_do_nothing_by_themselves_and_wait_for_the_script(page: Page) -> None:
    for button in page.all("button"):
        assert button["type"] == "button"
    sends = [b for b in page.all("button") if b.get("data-t") in ("send", "answer-read", "wipe")]
    assert len(sends) == 5
    assert all("disabled" in b for b in sends)


def test_only_link_goes_to_the_forwarder_of_the_same_server(page: Page) -> None:
    assert [a["href"] for a in page.all("a")] == ["/forward"]


def test_page_asks_for_nothing_from_anywhere(page: Page, text: str) -> None:
    assert page.all("img", "iframe", "object", "embed", "audio", "video", "base") == []
    assert [link["href"] for link in page.all("link")] == ["data:,"]
    assert not any("src" in attributes for _, attributes in page.elements)
    outside = set(re.findall(r"https?://[a-z0-9.-]+", text))
    assert outside == set()


def test_policy_allows_this_script_and_style_and_nothing_else(page: Page) -> None:
    [style] = page.inline["style"]
    [script] = page.inline["script"]
    assert policy(page) == {
        "default-src": "'none'",
        "script-src": csp_hash(script),
        "style-src": csp_hash(style),
        "connect-src": "http: https:",
        "img-src": "blob: data:",
        "media-src": "blob:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
    }
    assert not any("style" in attributes or "onclick" in attributes for _, attributes in page.elements)


def test_script_uses_no_eval_markup_or_storage_of_text(page: Page) -> None:
    [script] = page.inline["script"]
    for word in ("eval(", "Function(", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"):
        assert word not in script, word
    for word in ("localStorage", "sessionStorage", "WebAssembly", "pushState", "replaceState", "location.hash"):
        assert word not in script, word


def test_blocks_are_exact_and_in_their_places(text: str) -> None:
    assert text.count(DEPLOYMENT_BLOCK) == 1
    assert text.count(MANIFEST_BLOCK) == 1
    assert text.endswith(MANIFEST_BLOCK + "</body></html>\n")
    assert text.index(DEPLOYMENT_BLOCK) < text.index("<script>") < text.index(MANIFEST_BLOCK)


def test_form_comes_before_the_script(text: str) -> None:
    assert text.index('data-t="released.story"') < text.index("<script>")


def test_title_says_nothing(page: Page) -> None:
    [title] = page.inline["title"]
    assert not re.search("protest|police|митинг|полици|акция|задерж|ұста|полиция|detain", title.lower())


def test_labels_and_descriptions_point_at_elements(page: Page) -> None:
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    for _, attributes in page.elements:
        for name in ("for", "aria-describedby", "aria-labelledby"):
            assert attributes.get(name, ids[0]) in ids, attributes
    named = {a["for"] for a in page.all("label") if "for" in a}
    for field in page.all(*TYPED):
        inside_label = field.get("type") == "checkbox" and field.get("data-t")
        assert field["id"] in named or inside_label, field


def test_page_without_a_known_language_says_everything_in_three(built: tuple[Path, object]) -> None:
    text = (built[0] / "page.all.html").read_text("utf-8")
    assert "<html lang=mul" in text
    counts = [text.count(f"<span lang={language}>") for language in ("kk", "ru", "en")]
    assert counts[0] == counts[1] == counts[2] > 100


def test_build_gives_the_same_bytes_twice(root: Path, built: tuple[Path, object], tmp_path: Path) -> None:
    build(root, tmp_path)
    for variant in VARIANTS:
        name = f"page.{variant}.html"
        assert (tmp_path / name).read_bytes() == (built[0] / name).read_bytes()


def test_build_knows_nothing_of_this_machine(root: Path, text: str) -> None:
    assert str(root) not in text
    assert "node_modules" not in text


def test_page_is_within_its_size_budget(built: tuple[Path, dict[str, dict[str, int]]]) -> None:
    assert set(built[1]) == set(VARIANTS)
    for variant, size in built[1].items():
        assert size["brotli"] <= BROTLI_MAX_BYTES, variant
        assert size["bytes"] == (built[0] / f"page.{variant}.html").stat().st_size


def test_build_of_one_language_has_no_other(root: Path, tmp_path: Path) -> None:
    sizes = build(root, tmp_path, "--only", "ru")["pages"]
    assert list(sizes) == ["ru"]
    text = (tmp_path / "page.ru.html").read_text("utf-8")
    assert "Отправить" in text
    assert "Жіберу" not in text
