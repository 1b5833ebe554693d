"""Who is at the other end of a loopback connection: from a TCP port to a process (Linux, /proc)."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import psutil

_PROC = Path("/proc")
_ESTABLISHED = "01"


class NobodyThereError(LookupError):
    """No process holds that end of the connection (any more)."""


def socket_inode(table: str, local_port: int, remote_port: int) -> str | None:
    """
    Find the socket of one end of an established connection.

    :param table: the text of ``/proc/net/tcp``.
    :return: its inode, as it stands in the links below ``/proc/PID/fd``.
    """
    for line in table.splitlines()[1:]:
        fields = line.split()
        ends = [int(address.rpartition(":")[2], 16) for address in fields[1:3]]
        if ends == [local_port, remote_port] and fields[3] == _ESTABLISHED:
            return fields[9]
    return None


def pid_at(local_port: int, remote_port: int) -> int:
    """
    Return the process that connected from ``local_port`` to ``remote_port``.

    A task process is not dumpable, so its ``/proc/PID/fd`` opens for root (or ``CAP_SYS_PTRACE``) alone.

    :raises NobodyThereError: there is none, or it may not be looked at.
    """
    inode = socket_inode(_PROC.joinpath("net", "tcp").read_text(), local_port, remote_port)
    if inode is not None and inode != "0":
        wanted = f"socket:[{inode}]"
        for process in _PROC.glob("[0-9]*"):
            with contextlib.suppress(OSError):
                for descriptor in process.joinpath("fd").iterdir():
                    with contextlib.suppress(OSError):
                        if os.readlink(descriptor) == wanted:
                            return int(process.name)
    raise NobodyThereError(f"no process at port {local_port} of the connection to {remote_port}")


def supervisor_of(pid: int) -> int:
    """Return the LocalExecutor worker that runs this task process: its parent."""
    parent = psutil.Process(pid).parent()
    if parent is None:
        raise NobodyThereError(f"process {pid} has no parent")
    return int(parent.pid)
