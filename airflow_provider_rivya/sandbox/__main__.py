"""``python -m airflow_provider_rivya.sandbox``: the command line of the sandbox."""

from __future__ import annotations

import argparse
import importlib.util
import math
import socket
import sys
from collections.abc import Sequence

HOST = "127.0.0.1"
NEEDED = ("starlette", "uvicorn", "PIL", "multipart")


def main(
    arguments: Sequence[str] | None = None, program: str = "python -m airflow_provider_rivya.sandbox"
) -> int:
    """
    Run the sandbox until it is told to end.

    :param program: what it was called as, for the help.
    :return: 0 after SIGTERM or SIGINT, 2 when it could not start.
    """
    options = _parser(program).parse_args(arguments)
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        _complain(
            f"The sandbox needs packages that are not installed ({', '.join(missing)}): "
            "pip install 'airflow-provider-rivya[sandbox]'"
        )
        return 2
    listener = _listen(options.port)
    if listener is None:
        return 2
    # Only here, so that a missing package gets the sentence above and not a traceback.
    from airflow_provider_rivya.sandbox.server.run import serve

    serve(listener, speed=options.speed, credits=options.credits, quiet=options.quiet)
    return 0


def _listen(port: int) -> socket.socket | None:
    # asyncio turns Nagle's algorithm off only where the protocol is named; with it a keep-alive connection
    # waits 40 ms for the body of every answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        _complain(
            f"The sandbox cannot use port {port} on {HOST} ({error.strerror or error}): "
            "end the program that uses it, or choose another one with --port (0 takes a free port)."
        )
        return None
    return listener


def _complain(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _parser(program: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program,
        description="A stand-in for the gateways Rivya and ToAPIs on 127.0.0.1: nothing is real, nothing is "
        "charged. It prints a connection to each, ready to copy.",
    )
    parser.add_argument(
        "--port", type=_port, default=8765, help="port to listen on, 0 = a free one (%(default)s)"
    )
    parser.add_argument(
        "--speed",
        type=_positive,
        default=1.0,
        metavar="FACTOR",
        help="1 = an image takes about 20 seconds, 20 = twenty times as fast (%(default)s)",
    )
    parser.add_argument(
        "--credits", type=_credits, default=1000, help="starting balance at each gateway (%(default)s)"
    )
    parser.add_argument("--quiet", action="store_true", help="no access log")
    return parser


def _port(text: str) -> int:
    value = _number(text)
    if not (value.is_integer() and 0 <= value <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port, a whole number from 0 to 65535")
    return int(value)


def _positive(text: str) -> float:
    value = _number(text)
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return value


def _credits(text: str) -> int:
    value = _number(text)
    if not (value.is_integer() and value >= 0):
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0")
    return int(value)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


if __name__ == "__main__":
    sys.exit(main())
