"""The service: routes, and one line of log when it starts."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

from app.settings import Settings


class Berth(BaseModel):
    """A place at the quay; `ship` is empty while nobody lies there."""

    number: int
    ship: str | None = None


BERTHS = {berth.number: berth for berth in (Berth(number=1, ship="Halcyon"), Berth(number=2), Berth(number=3))}


def create_app(settings: Settings) -> FastAPI:
    """An application of its own for every caller, so that tests need not share one."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        # Cloud Logging reads one JSON object per line: `severity` and `message` are its words, the rest can be searched.
        print(json.dumps({"severity": "INFO", "message": "started", **asdict(settings)}), flush=True)
        yield

    app = FastAPI(title="Harbour", lifespan=lifespan)

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok", "environment": settings.environment}

    @app.get("/")
    def index() -> dict[str, str]:
        return {"service": settings.service, "revision": settings.revision, "environment": settings.environment}

    @app.get("/api/berths/{number}")
    def berth(number: int) -> Berth:
        if number not in BERTHS:
            raise HTTPException(status_code=404, detail=f"There is no berth {number}")
        return BERTHS[number]

    return app
