"""What can be told of a paid call that was repeated, by its times alone."""

from __future__ import annotations

import pytest

from airflow_provider_rivya.submission.paid_call import made_by_repeat


@pytest.mark.parametrize(
    ("made", "sent_at", "by_repeat"),
    [
        pytest.param(100.2, 161.0, False, id="made when it was first sent"),
        pytest.param(161.3, 161.0, True, id="made when it was repeated"),
        pytest.param(159.4, 161.0, True, id="the gateway's clock is known by whole seconds"),
        pytest.param(103.2, 101.6, False, id="a slow first one, a quick repeat and a rounded clock"),
        pytest.param(104.1, 104.5, True, id="far enough apart"),
    ],
)
def test_what_the_repeat_has_made(made: float, sent_at: float, by_repeat: bool) -> None:
    assert made_by_repeat(made, begun=100.0, sent_at=sent_at) is by_repeat
