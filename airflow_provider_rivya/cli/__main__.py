"""``python -m airflow_provider_rivya.cli``."""

from __future__ import annotations

import sys

from airflow_provider_rivya.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
