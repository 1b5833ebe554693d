"""
Submits and lands generations: ``python -m benchmarks.account.worker MODE FOLDER FIRST END STEP``.

Does with each what a task does: it prepares and submits. A submission that is told to wait gives its slot to
the next one, as a deferral does. What was submitted is told on stdout; its end comes on stdin, and then the
files are landed. In mode ``tasks`` each generation has a pace of its own and knows of no other, as a task of
Airflow has; in mode ``workers`` the process has one, as a batch has, and waits where it is.
"""

from __future__ import annotations

import heapq
import json
import logging
import queue
import random
import sys
import threading
import time
from contextlib import closing, suppress
from tempfile import TemporaryDirectory
from typing import Any

from uuid6 import uuid7

from airflow_provider_rivya.exceptions import GatewayError, GenerationError
from airflow_provider_rivya.generation.job import GenerationJob
from airflow_provider_rivya.hooks.toapis import ToApisHook
from airflow_provider_rivya.request.prepare import RequestArguments
from airflow_provider_rivya.storage.place import OutputPlace
from airflow_provider_rivya.submission.context import SubmissionContext, SubmissionPolicy, TryFacts
from airflow_provider_rivya.submission.identity import Identity
from airflow_provider_rivya.submission.keeper import RecordKeeper
from airflow_provider_rivya.submission.messages import TaskWords
from airflow_provider_rivya.submission.stores import FileRecords
from airflow_provider_rivya.submission.turn import told_to_wait
from airflow_provider_rivya.waiting.decide import Finished
from airflow_provider_rivya.waiting.pace import PACES
from benchmarks.account.tempo import as_elsewhere


class Worker:
    """One slot, and the tasks that it plays one after the other."""

    def __init__(self, mode: str, folder: str, numbers: range) -> None:
        self._folder = folder
        self._alone = mode == "tasks"
        self._left = len(numbers)
        self._due = [(0.0, number, 0) for number in numbers]
        self._ended: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._dice = random.SystemRandom()
        self._carried: dict[int, tuple[str, str]] = {}

    def listen(self) -> None:
        for line in sys.stdin:
            self._ended.put(json.loads(line))

    def run(self) -> None:
        threading.Thread(target=self.listen, daemon=True).start()
        while self._left:
            # What is due to be submitted comes before what is to be landed.
            wait = max(0.0, self._due[0][0] - time.time()) if self._due else None
            if wait == 0:
                self._submit(*heapq.heappop(self._due)[1:])
                continue
            with suppress(queue.Empty):
                self._land(self._ended.get(timeout=wait))

    def _submit(self, number: int, times: int) -> None:
        with closing(self._hook()) as hook, TemporaryDirectory() as folder:
            job = self._job(hook, number)
            try:
                submission = job.submit(job.prepare(self._arguments(number), folder))
            except GatewayError as error:
                pause = told_to_wait(error, times, self._dice.random())
                if pause is None:
                    self._failed(number, error)
                    return
                say(told_to_wait=number, seconds=round(pause, 2))
                if not self._alone:
                    time.sleep(pause)
                    pause = 0.0
                heapq.heappush(self._due, (time.time() + pause, number, times + 1))
            except GenerationError as error:
                self._failed(number, error)
            else:
                record = submission.record
                self._carried[number] = submission.generation_id, record.model
                say(submitted=number, id=submission.generation_id, at=record.submitted_at or time.time())

    def _land(self, ended: dict[str, Any]) -> None:
        number, (generation_id, model) = ended["number"], self._carried.pop(ended["number"])
        with closing(self._hook()) as hook:
            job = self._job(hook, number)
            try:
                submission = job.resume(generation_id, model)
                finished = Finished(ended["event"]["status"], code=ended["event"]["code"])
                place = OutputPlace(self._arguments(number).output_path or "")
                result = job.land(submission, finished, place)
            except GenerationError as error:
                self._failed(number, error)
                return
        self._left -= 1
        say(delivered=number, sha256=result.outputs[0].sha256)

    def _failed(self, number: int, error: GenerationError) -> None:
        self._left -= 1
        say(failed=number, error=str(error)[:500])

    def _hook(self) -> ToApisHook:
        if self._alone:
            PACES.clear()
        return ToApisHook("bench")

    def _arguments(self, number: int) -> RequestArguments:
        return RequestArguments(
            model="gpt-image-2", prompt=f"Number {number}", output_path=f"{self._folder}/{number}/"
        )

    def _job(self, hook: ToApisHook, number: int) -> GenerationJob:
        identity = Identity("", "bench", "run", "make", number)
        store = FileRecords(OutputPlace(f"{self._folder}/.rivya/{number}/"), identity)
        facts = TryFacts(2, 1, 2, try_id=str(uuid7()))
        context = SubmissionContext(
            client=hook,
            records=RecordKeeper(store, "bench"),
            identity=identity,
            words=TaskWords(store.durable, 2, hook.api.capabilities.replays_keys, True),
            facts=facts,
            policy=SubmissionPolicy(),
        )
        return GenerationJob(context)


def say(**told: Any) -> None:
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    as_elsewhere()
    Worker(sys.argv[1], sys.argv[2], range(*(int(each) for each in sys.argv[3:6]))).run()
