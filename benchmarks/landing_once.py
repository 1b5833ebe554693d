"""Land one file in this process and tell what it took: ``python -m benchmarks.landing_once URL PLACE``."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.memory import peak, reset_peak
from benchmarks.processes import answer


def main(url: str, output_path: str) -> None:
    """Land a small file first, so that what is measured is the transfer and not the imports."""
    from airflow_provider_rivya.api.schemas import SUCCEEDED, Generation
    from airflow_provider_rivya.hooks.rivya import RivyaHook
    from airflow_provider_rivya.landing.land import land
    from airflow_provider_rivya.storage.place import OutputPlace

    parts = urlsplit(url)
    connection = {
        "conn_type": "rivya",
        "host": f"{parts.scheme}://{parts.netloc}",
        "password": "rvya_sk_sandbox",
        "extra": {"max_output_bytes": 10**12},
    }
    os.environ["AIRFLOW_CONN_BENCH"] = json.dumps(connection)
    hook = RivyaHook("bench")
    place = OutputPlace(output_path, "aws_default" if output_path.startswith("s3:") else None)

    def once(address: str) -> float:
        begun = time.perf_counter()
        [file] = land(hook, Generation(id="landed", status=SUCCEEDED, urls=(address,)), place)
        spent = time.perf_counter() - begun
        if output_path.startswith("file:"):
            Path(str(file.uri).removeprefix("file://")).unlink()
        return spent

    once(f"{url}?bytes=1000000")
    before, cpu = reset_peak(), time.process_time()
    spent = once(url)
    answer(seconds=spent, cpu_seconds=time.process_time() - cpu, growth_mb=(peak() - before) / 1e6)


if __name__ == "__main__":
    main(*sys.argv[1:])
