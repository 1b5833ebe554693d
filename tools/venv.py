"""Sets up an environment from the lock of the running Python, with nothing but that Python and its pip.

``make`` runs it before everything else; a set-up that is up to date costs a few milliseconds. It must start
on any Python 3, so as to say what is wrong with an old one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
LOWEST = (3, 11)
LITTLE_USED = r"/(tests?|libcst|moto|mypyc?|pygments|selenium|setuptools)/"
"""Libraries whose modules are compiled when one of the few that are needed is imported."""
PIP = ["-m", "pip", "--disable-pip-version-check", "--no-input", "-q"]


def lock_for(airflow: str, python: tuple[int, int], locks: list[str]) -> str:
    """The name of the lock among ``locks`` to install.

    :raises SystemExit: with what to do, if the Python is too old or has no lock.
    """
    version = f"{python[0]}.{python[1]}"
    name = f"airflow-{airflow}-py{version}.txt"
    if python >= LOWEST and name in locks:
        return name
    if python < LOWEST:
        problem = f"Python {version} is too old: {LOWEST[0]}.{LOWEST[1]} or newer is needed."
    else:
        problem = f"There is no lock for Airflow {airflow} on Python {version} (locks/{name})."
    known = ", ".join(
        sorted(lock[len("airflow-") : -len(".txt")].replace("-py", " on Python ") for lock in locks)
    )
    choice = f"make PYTHON=python{_newest(locks)} ..."
    raise SystemExit(f"{problem}\nThere are locks for Airflow {known}.\nChoose a Python with: {choice}")


def _newest(locks: list[str]) -> str:
    return max(
        (lock.rpartition("-py")[2][: -len(".txt")] for lock in locks),
        key=lambda v: [int(p) for p in v.split(".")],
    )


def fingerprint(*what: str | Path) -> str:
    """Changes with any of these: texts, and files' contents."""
    digest = hashlib.sha256()
    for part in what:
        digest.update(part.read_bytes() if isinstance(part, Path) else f"{part}\n".encode())
    return digest.hexdigest()


def install_libraries(lock: Path, venv: Path, base: Path | None = None) -> None:
    """Make the environment again and install the lock into it.

    pip comes from the running Python, so that a Python without ensurepip (Debian's) will do.

    :param base: an environment whose libraries can be imported there, too.
    """
    if subprocess.run(
        [sys.executable, "-m", "pip", "--version"], stdout=subprocess.DEVNULL, check=False
    ).returncode:
        raise SystemExit(
            f"{sys.executable} has no pip. Install pip for it, or choose another Python: make PYTHON=..."
        )
    python = venv / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", str(venv)], check=True)
    # The bytecode is compiled below on all cores; pip would do it on one.
    subprocess.run([*pip_install(venv), "--no-compile", "--require-hashes", "-r", str(lock)], check=True)
    # Some libraries carry templates that are no Python of this version; that is not our concern.
    compiling = [str(python), "-m", "compileall", "-qq", "-j", "0", "-x", LITTLE_USED, _packages(venv)]
    subprocess.run(compiling, check=False)
    if base is not None:
        Path(_packages(venv), "base.pth").write_text(f"import site; site.addsitedir({_packages(base)!r})\n")


def _packages(venv: Path) -> str:
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return subprocess.check_output([str(venv / "bin" / "python"), "-c", code], text=True).strip()


def install_checkout(venv: Path) -> None:
    """Make the checkout importable, and its entry points known."""
    subprocess.run([*pip_install(venv), "--no-build-isolation", "-e", str(CHECKOUT)], check=True)


def pip_install(venv: Path) -> list[str]:
    """The running Python's pip, at work on another environment."""
    return [sys.executable, *PIP, "--python", str(venv / "bin" / "python"), "install", "--no-deps"]


def main(airflow: str, folder: str, executor: str = "", base: str = "") -> int:
    """Install if anything has changed since the last time.

    :param airflow: the release, e.g. ``3.3.2``; or a lock of tools, which need neither
        Airflow nor the checkout.
    :param folder: of the environment, below the checkout.
    :param executor: ``celery``, for an environment with its lock alone, on top of another one.
    :param base: the folder of that one, which is set up first.
    """
    if executor:
        main(airflow, base)
    tools = CHECKOUT / "locks" / f"{airflow}.txt"
    locks = [path.name for path in (CHECKOUT / "locks").glob("airflow-*.txt")]
    lock = tools if tools.exists() else CHECKOUT / "locks" / lock_for(airflow, sys.version_info[:2], locks)
    lock = lock.with_name(lock.name.replace("airflow", executor or "airflow", 1))
    if not lock.exists():
        raise SystemExit(f"There is no lock for Airflow {airflow} with {executor} (locks/{lock.name}).")
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # somebody else may be setting it up
        _set_up(lock, CHECKOUT / folder, CHECKOUT / base if executor else None)
        if not executor and lock != tools:
            _link_checkout(CHECKOUT / folder)
    return 0


def _set_up(lock: Path, venv: Path, base: Path | None) -> None:
    wanted = fingerprint(sys.version, sys.base_prefix, str(venv), str(base), lock)
    if _says(venv / ".libraries", wanted):
        return
    began = time.monotonic()
    folder = venv.relative_to(CHECKOUT)
    print(f"Setting up {folder} from locks/{lock.name} (a minute or two, once)", flush=True)
    install_libraries(lock, venv, base)
    (venv / ".libraries").write_text(wanted)
    print(f"{folder}: set up in {time.monotonic() - began:.0f} s", flush=True)


def _link_checkout(venv: Path) -> None:
    wanted = fingerprint(CHECKOUT / "pyproject.toml", CHECKOUT / "airflow_provider_rivya" / "__init__.py")
    if not _says(venv / ".checkout", wanted):
        install_checkout(venv)
        (venv / ".checkout").write_text(wanted)


def _says(stamp: Path, wanted: str) -> bool:
    return stamp.exists() and stamp.read_text() == wanted


if __name__ == "__main__":
    # The settings of an environment that happens to be active are not those of the one to set up.
    for name in (
        "PYTHONHOME",
        "PYTHONPATH",
        "PIP_TARGET",
        "PIP_PREFIX",
        "PIP_USER",
        "PIP_REQUIRE_VIRTUALENV",
    ):
        os.environ.pop(name, None)
    try:
        raise SystemExit(main(*sys.argv[1:]))
    except subprocess.CalledProcessError as error:
        raise SystemExit(f"Set-up failed (exit code {error.returncode}); run it again to retry.") from None
