"""What the form says by itself must not read as what a person said."""

from deploy.rehearsal.phone import Phone, browser


def test_time_nobody_chose_is_marked_in_the_report(make_machines, tmp_path):
    """The street form is set to "just now" beforehand; only a choice is testimony."""
    machines = make_machines()
    with machines.serving():
        for name, answers in (("untouched", {"who": "a"}), ("chosen", {"who": "b", "when": "today"})):
            with browser(tmp_path / name, "ru") as context:
                Phone(context.pages[0], machines.url + "/").report("saw", answers, [])
        machines.carry_to_laptop()
    by_who = {report["answers"]["who"]: report["answers"] for report in machines.reports()}
    assert by_who["a"] == {"who": "a", "when": "now", "when_preset": True}
    assert by_who["b"] == {"who": "b", "when": "today"}
