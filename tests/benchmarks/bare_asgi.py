"""The floor of `start`: uvicorn with an application that answers 200 to everything."""

from __future__ import annotations

import socket
from typing import Any

import uvicorn


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"{}"})


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)  # connections queue until it accepts
    uvicorn.Server(uvicorn.Config(application, lifespan="off", log_level="error")).run(sockets=[listener])
