"""The labels of fields and choices, from the one description that phone and laptop both read."""

import json
from functools import cache
from importlib.resources import files

from intake.wire.section import Answer

WHERE_FIELDS = ("where", "last_seen_where", "held_where")
WHEN_FIELDS = ("when", "when_words", "last_seen_when", "taken_when", "released_when")
WHO_FIELDS = ("who", "others_seen", "story")
_YES = {"kk": "иә", "ru": "да", "en": "yes"}


_PRESET = "_preset"
_UNCHANGED = {
    "kk": "(алдын ала қойылған, адам өзгертпеген)",
    "ru": "(стояло заранее, человек не менял)",
    "en": "(set by the form, not changed by the person)",
}


class Forms:
    """forms.json, asked for labels; ids it does not have are given back as they are."""

    def __init__(self, forms: dict[str, dict[str, str]], fields: dict[str, dict[str, str]]) -> None:
        self._forms = forms
        self._fields = fields

    def form(self, form: str, lang: str) -> str:
        """Return a form's title."""
        return self._forms.get(form, {}).get(lang, form)

    def field(self, field: str, lang: str) -> str:
        """Return a field's label; `<field>_preset` is the field's with the words that nobody chose it."""
        known = self._fields.get(field.removesuffix(_PRESET), {}).get(lang)
        if known is None or not field.endswith(_PRESET):
            return known or field
        return f"{known} {_UNCHANGED[lang]}"

    def answer(self, field: str, answer: Answer, lang: str) -> str:
        """Return an answer in words: text as it is, choices by their labels, a flag as yes."""
        if answer is True:
            return _YES[lang]
        texts = answer if isinstance(answer, tuple) else (str(answer),)
        return ", ".join(self._fields.get(f"{field}/{each}", {}).get(lang, each) for each in texts)


@cache
def load_forms() -> Forms:
    """Read forms.json once."""
    data = json.loads(files("intake.wire").joinpath("forms.json").read_text("utf-8"))
    fields = {each["id"]: each["label"] for each in data["fields"]}
    for each in data["fields"]:
        fields |= {f"{each['id']}/{choice['id']}": choice["label"] for choice in each.get("choices", [])}
    return Forms({each["id"]: each["title"] for each in data["forms"]}, fields)
