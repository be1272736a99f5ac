"""`python -m app`: the server on `$PORT`, started without a shell so that Cloud Run's SIGTERM reaches it."""

import uvicorn

from app.main import create_app
from app.settings import Settings

if __name__ == "__main__":
    settings = Settings.read()
    # Cloud Run writes a log entry for every request already.
    uvicorn.run(create_app(settings), host="0.0.0.0", port=settings.port, access_log=False)
