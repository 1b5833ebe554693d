"""Installs a wheel into a fresh environment, without the checkout, and runs the README's DAG with it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tools.locks import Pair
from tools.release.packages import CHECKOUT, ReleaseError, call
from tools.venv import install_libraries, pip_install

OUTPUT = "/tmp/bicycles/"  # noqa: S108 - the README's own; another folder is put in its place
_READY = "Rivya sandbox listening on "
_WHERE = "import airflow_provider_rivya as it; print(it.__file__, it.__version__)"


def readme_dag(readme: str, output: Path) -> str:
    """The first DAG of the README, with an output folder of our own, and what runs it.

    :raises ReleaseError: if there is none, or it writes elsewhere.
    """
    dags = re.findall(r"^```python\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    if not dags or OUTPUT not in dags[0]:
        raise ReleaseError(f"the first DAG of the README does not write to {OUTPUT}")
    named = re.sub(r"^(with DAG\(.*\)):$", r"\1 as dag:", dags[0], flags=re.MULTILINE)
    return named.replace(OUTPUT, f"{output}/")


def install(pair: Pair, wheel: Path) -> Path:
    """Make the environment again, and install the wheel; its interpreter."""
    venv = CHECKOUT / ".venvs" / f"release-{pair.airflow}"
    install_libraries(CHECKOUT / "locks" / pair.name, venv)
    call([*pip_install(venv), wheel], CHECKOUT)
    return venv / "bin" / "python"


def run(python: Path, version: str, readme: str) -> str:
    """Run the README's DAG against the wheel's own sandbox; which file it has made.

    :raises ReleaseError: if it fails, or ran anything but the wheel.
    """
    with tempfile.TemporaryDirectory() as folder:
        home, output = Path(folder, "home"), Path(folder, "output")
        env = _environment(home, python)
        where, found = call([python, "-c", _WHERE], Path(folder), env).split()[-2:]
        if found != version or not Path(where).is_relative_to(python.parents[1]):
            raise ReleaseError(f"{where} of version {found} was imported, not the wheel's {version}")
        listed = call([python, "-m", "airflow", "providers", "list", "--output", "plain"], Path(folder), env)
        if not re.search(rf"^airflow-provider-rivya .*\b{re.escape(version)}\b", listed, re.MULTILINE):
            raise ReleaseError(f"Airflow does not list the provider:\n{listed}")
        call([python.parent / "rivya", "models", "show", "nano-banana-2"], Path(folder), env)
        call([python, "-m", "airflow", "db", "migrate"], Path(folder), env)
        dag = home / "dags" / "readme.py"
        dag.parent.mkdir(parents=True)
        dag.write_text(readme_dag(readme, output), encoding="utf-8")
        with _sandbox(python, Path(folder), env) as url:
            connection = {"conn_type": "rivya", "host": url, "password": "rvya_sk_sandbox"}
            env["AIRFLOW_CONN_RIVYA_DEFAULT"] = json.dumps(connection)
            told = call([python, "-m", "airflow", "dags", "test", "bicycle"], Path(folder), env)
        made = list(output.glob("*.png")) if output.is_dir() else []
        if len(made) != 1 or not made[0].read_bytes().startswith(b"\x89PNG"):
            raise ReleaseError(f"the README's DAG has made {made or 'nothing'}:\n{told}")
        return f"{made[0].name}, {made[0].stat().st_size:,} bytes"


def _environment(home: Path, python: Path) -> dict[str, str]:
    """An environment that knows neither this checkout nor another Airflow."""
    foreign = ("AIRFLOW", "PYTHON", "VIRTUAL_ENV")
    env = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return {
        **env,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "NO_PROXY": "127.0.0.1,localhost",
        "PATH": f"{python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "SCARF_ANALYTICS": "false",
    }


@contextlib.contextmanager
def _sandbox(python: Path, folder: Path, env: dict[str, str]) -> Iterator[str]:
    """The address of a sandbox that ends with the block."""
    command = [str(python), "-m", "airflow_provider_rivya.sandbox", "--port", "0", "--speed", "10"]
    with (folder / "sandbox.log").open("w") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**env, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            for line in process.stdout or ():
                if line.startswith(_READY):
                    yield line.removeprefix(_READY).strip()
                    return
            raise ReleaseError(f"the sandbox did not start:\n{(folder / 'sandbox.log').read_text()}")
        finally:
            process.terminate()
            process.communicate()


def python_of(pair: Pair) -> None:
    """Refuse to go on with an interpreter that has no lock.

    :raises ReleaseError: if so.
    """
    if not (CHECKOUT / "locks" / pair.name).exists():
        raise ReleaseError(
            f"there is no lock {pair.name}: choose another Python than {sys.version.split()[0]}"
        )
