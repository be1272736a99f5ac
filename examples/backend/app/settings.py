"""What the service is told by its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """Cloud Run sets `PORT`, `K_SERVICE` and `K_REVISION`; `ENVIRONMENT` is ours."""

    environment: str
    service: str
    revision: str
    port: int

    @classmethod
    def read(cls, environ: Mapping[str, str] = os.environ) -> "Settings":
        return cls(
            environment=environ.get("ENVIRONMENT", "local"),
            service=environ.get("K_SERVICE", "backend"),
            revision=environ.get("K_REVISION", "local"),
            port=int(environ.get("PORT", "8080")),
        )
