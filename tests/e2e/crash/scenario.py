"""What a scenario of the crash matrix is."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tests.e2e.crash.gateways import RIVYA, Gateway
from tools.stack.config import CHECKOUT

if TYPE_CHECKING:
    from tests.e2e.crash.proxy import Proxy
    from tests.e2e.crash.scenario_run import ScenarioRun

PHOTO = CHECKOUT / "example_dags" / "data" / "coffee.jpg"
WITH_REFERENCE = {"model": "nano-banana-2", "reference_media": str(PHOTO)}

Stage = Literal["together", "alone"]
RowsBy = Literal["the_dag_file", "a_task"]


@dataclass(frozen=True)
class Expected:
    """
    How a scenario has to end.

    :param paid: charges that are wished for: one a generation that somebody asked for, and one more for
        every clear that asks for a new one. Refunded ones are not counted.
    :param refunded: charges that came back.
    :param abandoned: generations that a person left behind by asking for something else.
    :param files: images in the output folder; what succeeded must be among them, byte for byte.
    :param state: of the DAG run.
    :param says: texts that the task's logs must show, which name the fate.
    """

    paid: int = 1
    refunded: int = 0
    abandoned: int = 0
    files: int = 1
    state: str = "success"
    says: tuple[str, ...] = ()


@dataclass(frozen=True)
class NotPromised:
    """
    What a scenario comes to that the gateway's contract does not let the provider promise the best of.

    :param moment: row of the table in ``docs/recover.md``.
    :param where: column of it.
    :param outcome: its cell.
    :param decided_by: the parameter, or the person, that makes it so.
    """

    moment: str
    where: str
    outcome: str
    decided_by: str


@dataclass(frozen=True)
class Scenario:
    """
    One scenario.

    :param name: also its DAG's id and its account at the sandbox.
    :param play: makes the run happen and returns when it has ended for good.
    :param arguments: of the operator, beside the usual ones; spans as seconds, ``{output}`` stands for the
        scenario's output folder.
    :param die_at: moments beside the record store at which the task process dies, see the DAG file.
    :param dies_when_told: it waits there until :meth:`ScenarioRun.let_die`.
    :param rows: prompts of a mapped task.
    :param batch: the task is a batch; ``arguments`` has its table.
    :param rows_by: they stand in the DAG file, or a task before the mapped one returns them.
    :param backstop: seconds by which Airflow's own deferral timeout comes after the trigger's deadline.
    :param stage: ``together`` with others on one Airflow, or ``alone``, as it kills components.
    :param stored_connection: the connection is in Airflow's database, where it can be changed.
    :param connection: further fields of its extra.
    :param options: further options of Airflow, as (section, name, value); who has the same shares a stack.
    :param needs_postgresql: two components of a kind lock rows, which SQLite cannot.
    :param needs_state_store: of Airflow 3.3 and later, where the record is kept.
    :param gateway: which one its connection leads to.
    :param assumptions: of the sandbox, as (name, value); who has the same shares a sandbox.
    :param instead: of one charge and one stored result: it is listed apart then.
    """

    name: str
    expected: Expected
    play: Callable[[ScenarioRun], None]
    arguments: dict[str, Any] = field(default_factory=dict)
    die_at: tuple[str, ...] = ()
    dies_when_told: bool = False
    rows: tuple[str, ...] | None = None
    rows_by: RowsBy = "the_dag_file"
    backstop: float | None = None
    stage: Stage = "together"
    stored_connection: bool = False
    connection: dict[str, Any] = field(default_factory=dict)
    options: tuple[tuple[str, str, str], ...] = ()
    needs_postgresql: bool = False
    needs_state_store: bool = False
    gateway: Gateway = RIVYA
    assumptions: tuple[tuple[str, str], ...] = ()
    batch: bool = False
    instead: NotPromised | None = None

    def __post_init__(self) -> None:
        if not self.expected.says:
            raise ValueError(f"{self.name}: no log line is awaited that names the fate")

    def lacks(self, *, postgresql: bool, state_store: bool) -> str:
        """Return what it needs and does not have, if there is anything."""
        if self.needs_postgresql and not postgresql:
            return "PostgreSQL"
        return "a task state store" if self.needs_state_store and not state_store else ""

    @property
    def map_indexes(self) -> Sequence[int]:
        """Of the task instances of ``make``."""
        return (-1,) if self.rows is None else range(len(self.rows))

    @property
    def key(self) -> str:
        """Its API key, which is also the name of its account with the gateway's prefix before it."""
        return f"{self.gateway.key_prefix}{self.name}"

    @property
    def conn_id(self) -> str:
        return f"crash_{self.name}"

    def conn(self, proxy: Proxy, key: str | None = None) -> dict[str, Any]:
        """The Airflow connection through a proxy."""
        polls = {"poll_first": 0.5, "poll_interval": 1, "poll_max": 1}
        return {
            "conn_type": self.gateway.name,
            "host": proxy.url,
            "password": key or self.key,
            "extra": json.dumps({**polls, **self.connection}),
        }

    def write(self, specs: Path, output: Path, **changes: Any) -> None:
        """Write the file that its DAG is made from."""
        usual: dict[str, Any] = {
            "model": self.gateway.model,
            "prompt": f"A lighthouse, {self.name}",
            f"{self.gateway.name}_conn_id": self.conn_id,
            "output_path": "file://{output}/",
            "deferrable": True,
            "retries": 2,
            "retry_delay": 1,
            "timeout": 600,
        }
        given = {**usual, **self.arguments, **changes.pop("arguments", {})}
        for name, value in given.items():
            if isinstance(value, str):
                given[name] = value.replace("{output}", str(output))
        spec = {
            "dag_id": self.name,
            "gateway": self.gateway.name,
            "arguments": given,
            "die_at": list(self.die_at),
            "dies_when_told": self.dies_when_told,
            "backstop": self.backstop,
            "rows": None if self.rows is None else list(self.rows),
            "rows_by": self.rows_by,
            "batch": self.batch,
            **changes,
        }
        part = specs / f"{self.name}.part"
        part.write_text(json.dumps(spec, indent=1))
        part.replace(specs / f"{self.name}.json")
