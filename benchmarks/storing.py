"""moto's S3 server with an empty bucket ``bucket``: ``python benchmarks/storing.py``."""

from __future__ import annotations

import logging
import threading
from importlib import import_module

if __name__ == "__main__":
    logging.disable(logging.INFO)
    server = import_module("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    client = import_module("boto3").client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",  # noqa: S106 - moto takes any
    )
    client.create_bucket(Bucket="bucket")
    print(f"READY {endpoint}", flush=True)
    threading.Event().wait()
