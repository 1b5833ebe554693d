"""What no log line, exception, deferral or terminal may show."""

from __future__ import annotations

import re

from tests.integration.gateways import GATEWAYS

KEYS = "|".join(gateway.key for gateway in GATEWAYS.values())
SECRETS = re.compile(rf"{KEYS}|https?://[^\s'\"]*/(?:results|cdn|generated)/[^\s'\"]+")
"""The API keys of the tests, and the URLs of results."""
