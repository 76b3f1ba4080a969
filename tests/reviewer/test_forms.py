"""Labels of fields: from forms.json, of presets, and of ids nobody knows."""

from __future__ import annotations

import pytest

from intake.reviewer.forms import load_forms


@pytest.mark.parametrize("lang", ["kk", "ru", "en"])
def test_preset_says_that_nobody_chose_it(lang):
    forms = load_forms()
    label = forms.field("when", lang)
    assert label != "when"
    assert forms.field("when_preset", lang).startswith(f"{label} (")
    assert forms.field("when_preset", lang) != forms.field("when", lang)


def test_unknown_ids_are_shown_as_they_are():
    assert load_forms().field("something_else", "ru") == "something_else"
    assert load_forms().field("something_preset", "ru") == "something_preset"
