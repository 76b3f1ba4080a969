"""A short sample of the suite bad-link: the phone's own sending over a lossy line that goes dark."""

import os

import pytest

from tests.suites import bad_link
from tests.suites.bad_line import Kind, bad_line

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a bad line between namespaces")


@pytest.fixture(autouse=True)
def namespaces(need_tool):
    for tool in ("ip", "nft"):
        need_tool(tool)
    try:
        with bad_line(Kind(64_000)):
            pass
    except OSError as error:
        pytest.skip(f"no bad line can be made here: {error}")


def test_upload_over_a_lossy_line_that_goes_dark_arrives_whole(tmp_path):
    found = bad_link.upload(bad_link.Part(Kind(1_600_000, 50, 4, 1), 1_000_000), tmp_path)
    assert found["passed"], found
    assert found["black_outs"] >= 1
    assert found["arrived_share"] >= 1


def test_report_over_64_kbit_is_acknowledged_in_time(tmp_path):
    found = bad_link.reports(1, tmp_path)
    assert found["passed"], found
    assert found["worst_s"] > 0.5, "the line was not slow"
