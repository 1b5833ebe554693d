"""Drives a paid task through crashes, retries and clears, and checks: paid once, nothing lost."""

from __future__ import annotations

from typing import ClassVar

from tests.unit.submission.submission_gateway import ANOTHERS, DAY, EPOCH, Delivery, Ended
from tests.unit.submission.submission_model import Process, run_out
from tests.unit.submission.submission_world import World


class Story:
    """
    What a task does and what happens to it. At most one charge a wish may stay, and nothing paid be lost.

    A wish is the first run, and every clear that asks for a new generation: of a delivered or failed one,
    or with another request.

    :param world: as it is before the first try.
    """

    MOST_ORPHANS: ClassVar = 3

    def __init__(self, world: World) -> None:
        self.world = world
        self.current: Process | None = Process(world)
        self.orphans: list[Process] = []
        self.delivered: str | None = None
        self._killed: list[Process] = []
        self._replaced: str | None = None
        self._needs_clear = False

    # -- what a task does ------------------------------------------------------------------------------

    def step(self, delivery: Delivery) -> None:
        if self.current is not None:
            self.current.step(delivery)
            if self.current.at == "ended":
                self._ended(self.current)
                self.current = None

    def step_an_orphan(self, which: int, delivery: Delivery) -> None:
        if self.orphans:
            self.orphans[which % len(self.orphans)].step(delivery)

    def retry(self) -> None:
        if self.current is None and self.delivered is None and not self._needs_clear:
            self.current = Process(self.world)

    def _ended(self, process: Process) -> None:
        self.world.try_over()
        # The operator's InvalidRequestError, which no retry follows.
        self._needs_clear = process.end == "stopped" and process.error is None
        if process.end == "delivered":
            self.delivered = process.delivered
            assert self.delivered != self._replaced, "a person asked for a new generation"

    # -- what happens to it -------------------------------------------------------------------------------

    def kill_the_process(self) -> None:
        if self.current is not None:
            self._killed.append(self.current)
            self.world.try_over()
        self.current = None

    def kill_its_worker(self) -> None:
        if self.current is not None and len(self.orphans) < self.MOST_ORPHANS:
            self.current.orphan()
            self.orphans.append(self.current)
            self.world.try_over()
            self.current = None

    def the_gateway_ends_a_generation(self, outcome: Ended) -> None:
        for made in self.world.gateway.made:
            if made.state == "running":
                made.state = "succeeded" if outcome == "succeeded" else "failed"
                made.refunded = outcome == "refunded"
                return

    def time_passes(self, minutes: int) -> None:
        # Beyond a day a key may be forgotten, and the record is no longer sent: another test's matter.
        if self.world.now + minutes * 60 < EPOCH + 0.9 * DAY:
            self.world.now += minutes * 60

    def the_templates_render_otherwise(self, fingerprint: str | None) -> None:
        """``None``: to nothing that can be made, say as a reference is gone."""
        self.world.fingerprint = fingerprint

    def the_connection_changes(self, conn_id: str, namespace: str) -> None:
        self.world.conn_id = conn_id
        if self.world.store == "state_store":
            self.world.namespace = namespace

    def a_person_clears(self) -> None:
        self.kill_the_process()  # Airflow ends the running try of a task that is cleared
        for orphan in self.orphans:
            if orphan.asks:  # between the time that it notes and the noting there are microseconds
                orphan.step()
        if self._fetched_by_hand():
            return
        anew = self.delivered is not None and self.world.on_rerun == "regenerate"
        self._replaced = self.delivered if anew and not self.orphans else None
        self.delivered = None
        self._needs_clear = False
        self.world.clear()

    def _fetched_by_hand(self) -> bool:
        """A person who was asked looks into the account: what is there is fetched, and the task is done."""
        record = self.world.place.read()
        if record is None or record.asked_at is None:
            return False
        found = [
            made
            for made in self.world.gateway.made
            if (made.key, made.account) == (record.key, record.conn_id) and made.wish != ANOTHERS
        ]
        for made in found:
            made.state, made.stored = "succeeded", True
            self.delivered = made.id
        return bool(found)

    # -- what must hold --------------------------------------------------------------------------------

    def check(self) -> None:
        """No wish is paid twice."""
        paid = {wish: self.world.paid(wish) for wish in self.world.wishes}
        assert all(count <= 1 for count in paid.values()), (paid, self.world.gateway.made)

    def finish(self) -> None:
        """Let everything run to its end, as retries and clears do; nothing paid may be missing then."""
        for orphan in self.orphans:
            run_out(self.world, orphan)
        if self.current is not None:
            run_out(self.world, self.current)
            self._ended(self.current)
            self.current = None
        self._lands_without_a_request()
        self.world.fingerprint = self.world.fingerprint or "a"
        for _ in range(5):
            if self.delivered is None:
                self._its_own_connection()
                self._retries()
            if self.delivered is None:
                self.a_person_clears()
        assert self.delivered is not None, "neither retries nor clears bring a result"
        self.check()
        assert self.world.lost == [], self.world.gateway.made

    def _its_own_connection(self) -> None:
        """Give the task the connection back that its record names, as its errors say."""
        record = self.world.place.read()
        if record is not None:
            self.world.conn_id = record.conn_id

    def _lands_without_a_request(self) -> None:
        """What an earlier try has paid for needs no request that could be made now."""
        record = self.world.place.read()
        if self.world.fingerprint is not None or record is None or self.delivered is not None:
            return
        if record.state != "submitted" or record.epoch != self.world.epoch:
            return
        self._its_own_connection()
        process = Process(self.world)
        run_out(self.world, process)
        self._ended(process)
        failed = self.world.gateway.get(record.generation_id or "").state == "failed"
        assert failed or process.end == "delivered", process.error

    def _retries(self) -> None:
        for _ in range(5):
            if self._needs_clear:
                return
            process = Process(self.world)
            run_out(self.world, process)
            self._ended(process)
            if process.end != "retry":
                return
        raise AssertionError("the gateway works, and retries lead nowhere")
