"""``rivya batch`` as data, like ``cli/commands.py``. Light: every call of ``airflow`` reads it."""

from __future__ import annotations

from typing import Final

from airflow_provider_rivya.cli.options import (
    CONNECTION,
    FORMAT,
    GATEWAYS,
    PRICE,
    REQUEST,
    Command,
    Group,
    Option,
    amount,
    count,
    positive,
    share,
)

MOST_RUNNING: Final = 1_000

_JSON = Option("--json", help="short for --format json", action="store_true")
_TABLE = (
    Option(
        "table",
        help="the table: .csv, .jsonl, .ndjson or .parquet; one file, a folder, a glob in quotes, or a URI",
        metavar="FILE",
    ),
    Option(
        "--key",
        help="the column that identifies a row: texts or whole numbers, each only once",
        required=True,
        metavar="COLUMN",
    ),
    *REQUEST,
    Option(
        "--file-name",
        help="what a row's file is called, without extension (%(default)s)",
        default="{row_key}",
        metavar="NAME",
    ),
    Option(
        "--carry",
        help="a column that the manifest repeats; may be repeated",
        action="append",
        default=[],
        metavar="COLUMN",
    ),
    Option(
        "--rows-conn-id",
        help="Airflow connection that opens the table, where it is a URI",
        metavar="ID",
    ),
    Option(
        "--max-credits-total",
        help="the most that all rows may cost, over all runs of this command",
        type=amount,
        metavar="CREDITS",
    ),
    *PRICE,
    Option(
        "--max-running",
        help=f"generations at the gateway at once, up to {MOST_RUNNING:,} (%(default)s)",
        type=count(MOST_RUNNING),
        default=100,
        metavar="N",
    ),
    Option("--skip-invalid", help="leave invalid rows out, and make the others", action="store_true"),
    Option(
        "--check-references", help="open all reference files before anything is paid for", action="store_true"
    ),
)
_ROWS = (
    "In the prompt, the parameters, the references and --file-name, {column} stands for a row's value. A "
    "value that is {column} alone keeps its type; a parameter or reference with an empty column is left out."
)
_URI = Option(
    "uri",
    help="the folder of the outputs, that of a state_path, or a manifest; a path or a URI",
    metavar="URI",
)

BATCH: Final = Group(
    "batch",
    "a generation for each row of a table",
    (
        Command(
            "plan",
            "check and price every row; nothing is sent",
            "batch.planning:plan",
            (
                *_TABLE,
                Option(
                    "-o",
                    "--output",
                    help="the folder of the files; it is checked if you give it",
                    metavar="DIR",
                ),
                Option(
                    "--gateway",
                    help=f"the gateway whose rules apply ({GATEWAYS[0]}, or that of --conn-id)",
                    choices=GATEWAYS,
                ),
                FORMAT,
                _JSON,
                Option(
                    "--conn-id",
                    help="Airflow connection, which decides the gateway; --check-references needs one",
                    metavar="ID",
                ),
            ),
            f"Check and price every row of a table. Nothing is sent and nothing is charged. {_ROWS}",
        ),
        Command(
            "run",
            "make a generation for each row and store the files; this costs credits",
            "batch.running:run",
            (
                *_TABLE,
                Option(
                    "-o",
                    "--output",
                    help="the folder of the files; the manifest and the record of what is paid lie in it",
                    required=True,
                    metavar="DIR",
                ),
                Option(
                    "--name",
                    help="name of the batch, for more than one in a folder (that of the table)",
                    metavar="NAME",
                ),
                Option(
                    "--new-plan",
                    help="read the table again although an earlier run was interrupted; what it has paid "
                    "for is stored where the row still asks for the same",
                    action="store_true",
                ),
                Option(
                    "--limit",
                    help="make the first N rows; the same command without it makes the rest",
                    type=count(),
                    metavar="N",
                ),
                Option(
                    "--max-failed-rows",
                    help="rows that may be without a result: a number, or a share such as 0.05 (%(default)s)",
                    type=share,
                    default=0,
                    metavar="N",
                ),
                Option(
                    "--on-uncertain-submission",
                    help="what is done with a request whose answer was lost, where the gateway does not "
                    "know its key: send it again, which may pay twice, or leave it to you (Rivya: "
                    "resubmit, under the same key; ToAPIs: fail)",
                    choices=("resubmit", "fail"),
                ),
                Option(
                    "--timeout",
                    help="stop waiting after this long; the same command goes on (%(default)s)",
                    type=positive,
                    default=86_400.0,
                    metavar="SECONDS",
                ),
                FORMAT,
                _JSON,
                CONNECTION,
            ),
            "Make a generation for each row of a table. This costs credits. The same command goes on where "
            "an interrupted one was, and pays for nothing twice; after its end it makes failed, new and "
            f"changed rows alone. {_ROWS}",
        ),
        Command(
            "status",
            "show how far a batch is, of a command or of a task",
            "batch.reporting:status",
            (_URI, FORMAT, _JSON),
        ),
        Command(
            "failed",
            "list the rows without a result, and why",
            "batch.reporting:failed",
            (_URI, FORMAT, _JSON),
        ),
    ),
)
