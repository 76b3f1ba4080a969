"""The benchmark of reports says what it must say; its figures are for a quiet machine and not gated here."""

import json

import pytest

from tests.benches import server as bench

FIGURES = {"reports_per_s", "p99_ms", "failures", "cpu_ms_per_report", "ratio_to_async_session", "ratio_to_no_database"}


@pytest.mark.timeout(200)
def test_short_run_loses_no_report_and_prints_every_figure(capsys, need_tool):
    need_tool("wrk")
    assert bench.main(["--seconds", "1", "--rounds", "1"]) == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert set(figures) >= FIGURES
    assert figures["failures"] == 0
    assert set(figures["senders"]) == {"64", "500"}
    assert figures["reports_per_s"] > 0
    assert figures["cpu_ms_per_report"] > 0


def test_report_that_was_answered_and_is_not_stored_ends_the_benchmark(shared_server):
    with pytest.raises(SystemExit, match="1 reports were answered, 0 are stored"):
        bench.require_stored(shared_server, 1)
