"""The page *Gallery*: static files, which Airflow serves to everybody. They hold nothing of any task."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.staticfiles import StaticFiles

from airflow_provider_rivya import gallery

_FOLDER: Final = Path(__file__).parent / "static"
_SHARED: Final = Path(gallery.__file__).parent / "static"
"""The style of the page that is a file beside the outputs."""
_HEADERS: Final = {
    # A store's pre-signed URLs are on any host, and of a store on one's own network often plain http.
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' https: http:; media-src 'self' https: http:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


@cache
def app() -> FastAPI:
    """Return the app; nothing but files is ever to be added to it, as Airflow authenticates nobody for it."""
    made = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)

    @made.middleware("http")
    async def with_headers(request: Request, call_next: Any) -> Any:
        answer = await call_next(request)
        answer.headers.update(_HEADERS)
        return answer

    made.mount("/shared", StaticFiles(directory=_SHARED))
    made.mount("/", StaticFiles(directory=_FOLDER, html=True))
    return made
