"""The batch's trigger: what it says where the batch stands, by what the worker has told it."""

from __future__ import annotations

import json

from airflow_provider_rivya.batch.progress import Standing
from airflow_provider_rivya.triggers.batch import RivyaBatchTrigger, ToApisBatchTrigger


def test_it_says_the_whole_batch_and_not_its_own_part_alone() -> None:
    standing = Standing(
        rows=300, landed=120, failed=2, running=80, credits=240, budget=500, seconds_left=90.0
    ).to_json()
    for kind in (RivyaBatchTrigger, ToApisBatchTrigger):
        _, arguments = kind({"image": ["task_1"]}, "conn", 2000.0, standing).serialize()
        again = kind(**json.loads(json.dumps(arguments)))
        assert again._line(35, 80, 30.0) == (
            "120 of 300 rows stored, 80 running (35 of them ended), 2 failed; "
            "240 of 500 credits; about 60 s left."
        )
        assert again._line(35, 80, 300.0).endswith("about 0 s left.")
