"""
Defers scheduled task instances as if workers had done it: ``deferring.py DAG RUN CONN ID...``.

A program of its own, in the environment of an Airflow with a database. Triggerers see what they would see;
the minutes of the workers, which hundreds of tasks need, are saved.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta

from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import Trigger
from airflow.settings import configure_orm
from airflow.utils.session import create_session
from sqlalchemy import select

from airflow_provider_rivya.triggers.rivya import RivyaTaskTrigger

HOUR = 3600.0


def main(dag_id: str, run_id: str, conn_id: str, *generations: str) -> None:
    """Give each instance the trigger of one generation."""
    configure_orm()
    now = time.time()
    moment = datetime.fromtimestamp(now, UTC)
    with create_session() as session:
        wanted = (TaskInstance.dag_id == dag_id, TaskInstance.run_id == run_id)
        found = session.scalars(select(TaskInstance).where(*wanted).order_by(TaskInstance.map_index)).all()
        for instance, generation in zip(found, generations, strict=True):
            row = Trigger.from_object(RivyaTaskTrigger(generation, conn_id, "image", now, now + HOUR, 1))
            session.add(row)
            session.flush()
            instance.state, instance.trigger_id = "deferred", row.id
            instance.try_number, instance.start_date = 1, moment
            instance.trigger_timeout = moment + timedelta(seconds=2 * HOUR)
            instance.next_method, instance.next_kwargs = "execute_complete", {}


if __name__ == "__main__":
    main(*sys.argv[1:])
