"""Errors: drawn as they are, each with a sentence for people."""

import pytest

from intake.wire import errors

CLASSES = [value for value in vars(errors).values() if isinstance(value, type)]


@pytest.mark.parametrize("kind", CLASSES)
def test_error_says_its_sentence(kind):
    assert issubclass(kind, errors.WireError)
    assert str(kind()) == kind.__doc__
    assert kind.__doc__.endswith(".")
    assert "\n" not in kind.__doc__
    assert str(kind("a detail")) == f"{kind.__doc__} (a detail)"


def test_every_error_is_drawn_in_the_tree():
    drawn = (errors.__doc__ or "").split("```")[1]
    assert [kind.__name__ for kind in CLASSES if f" {kind.__name__}" not in drawn.replace("\n", " ")] == []
    assert len(CLASSES) == len([line for line in drawn.splitlines() if line.strip()])


def test_tree_is_drawn_under_the_right_parents():
    lines = [line for line in (errors.__doc__ or "").split("```")[1].splitlines() if line.strip()]
    parents = [(0, errors.WireError)]
    for line in lines[1:]:
        name = line.lstrip("│├└─ ").split()[0]
        depth = line.index(name)
        parents = [(d, kind) for d, kind in parents if d < depth]
        kind = getattr(errors, name)
        assert kind.__bases__ == (parents[-1][1],)
        parents.append((depth, kind))
