"""
The commands as data: one description for ``rivya`` and for ``airflow rivya``.

Light on purpose: every call of ``airflow`` reads it.
"""

from __future__ import annotations

from typing import Final

from airflow_provider_rivya.cli.batch_commands import BATCH
from airflow_provider_rivya.cli.options import (
    CONNECTION,
    FORMAT,
    GATEWAY,
    GATEWAYS,
    PRICE,
    REQUEST,
    Command,
    Group,
    Option,
    positive,
)

_LANDING = (
    Option(
        "-o",
        "--output",
        help="where the files go: a folder, a file name with its extension, or an object storage URI",
        required=True,
        metavar="DIR",
    ),
    Option(
        "--timeout",
        help="give up waiting after this long; the generation goes on at the gateway (%(default)s)",
        type=positive,
        default=3600.0,
        metavar="SECONDS",
    ),
    Option(
        "--verify",
        help="how a file is checked before it is stored: by its structure, or decoded to its end as well, "
        "which needs the extra 'verify' (%(default)s)",
        choices=("structure", "decode"),
        default="structure",
    ),
    FORMAT,
    CONNECTION,
)

MODELS: Final = Group(
    "models",
    "the model catalogue",
    (
        Command(
            "list",
            "list the models",
            "models:list_models",
            (
                Option("--category", help="only models that make this", choices=("image", "video", "audio")),
                GATEWAY,
                FORMAT,
            ),
        ),
        Command(
            "show",
            "show what a model accepts and what it costs",
            "models:show_model",
            (Option("model", help="model id", metavar="ID"), GATEWAY, FORMAT),
        ),
    ),
)

COMMANDS: Final[tuple[Command | Group, ...]] = (
    MODELS,
    Command(
        "validate",
        "check a request without sending it",
        "requests:validate",
        (
            *REQUEST,
            Option(
                "--gateway",
                help=f"the gateway whose rules apply ({GATEWAYS[0]}, or that of --conn-id)",
                choices=GATEWAYS,
            ),
            FORMAT,
            Option(
                "--conn-id",
                help="Airflow connection, which decides the gateway and opens references that are URLs (the "
                "gateway's default connection)",
                metavar="ID",
            ),
        ),
        "Check a request against the model's rules. Nothing is sent and nothing is charged. A connection is "
        "only needed where one is named, and for references that are URLs.",
    ),
    Command(
        "check",
        "check the generate and batch tasks of DAGs without running them",
        "check:run",
        (Option("dags", help="a folder of DAG files, or one of them", metavar="DAGS"), FORMAT),
        "Read the files as Airflow does, and check what is written down in each generate or batch task: "
        "model, parameters, prompt, output place. What is known only when a task runs is left out. "
        "Nothing is sent or written.",
    ),
    Command(
        "generate",
        "generate and store the files; this costs credits",
        "requests:generate",
        (
            *REQUEST,
            Option(
                "--idempotency-key",
                help="send the request under this key: the same command with the same key is paid for once. "
                "Rivya answers a repeated key with the first generation; at ToAPIs the key is looked up "
                "first, and what was sent under it is not sent again, as the record beside the same "
                "--output tells; choose a key for one request",
                metavar="KEY",
            ),
            *PRICE,
            *_LANDING,
        ),
        "Check the request, upload the references, submit, wait and store the files. This costs credits. "
        "Ctrl-C ends the waiting, not the generation: 'fetch' continues it.",
    ),
    Command(
        "fetch",
        "wait for a generation that was submitted before, and store its files",
        "requests:fetch",
        (
            Option(
                "generation_id",
                help="the gateway's task id; at ToAPIs also the key that it was submitted under",
                metavar="GENERATION_ID",
            ),
            Option(
                "--category",
                help="at ToAPIs: what the generation makes (if you do not say, both are tried)",
                choices=("image", "video"),
            ),
            *_LANDING,
        ),
        "Store the files of a generation that is already paid for. This costs nothing.",
    ),
    BATCH,
    Command(
        "credits",
        "show the balance of the account, or of its key",
        "account:show_credits",
        (FORMAT, CONNECTION),
    ),
    Command(
        "sandbox",
        "run a local imitation of both gateways for tests: nothing is charged",
        "account:run_sandbox",
        (
            # The sandbox's own command line checks what is typed here.
            Option("--port", help="port to listen on, 0 = a free one (%(default)s)", default="8765"),
            Option(
                "--speed",
                help="how many times faster than the real gateways (%(default)s)",
                default="1",
                metavar="FACTOR",
            ),
            Option("--credits", help="starting balance at each gateway (%(default)s)", default="1000"),
            Option("--quiet", help="no access log", action="store_true"),
        ),
    ),
)
