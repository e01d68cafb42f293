"""The process: bind, serve, stop; `serve.py` and `spamfilter serve` both end here."""

from __future__ import annotations

import logging
import signal
import socket
import sys
import threading
from types import FrameType
from typing import Final, NoReturn

from spamfilter.errors import InputError, MissingExtraError
from spamfilter.settings import Settings, read_settings

try:
    import uvicorn
    from fastapi import FastAPI

    from spamfilter.http.app import create_app
except ModuleNotFoundError as error:
    raise MissingExtraError(error.name or "fastapi", "serve", "the HTTP service") from error

EXIT_STOPPED: Final = 0
EXIT_SETTING: Final = 2
EXIT_ADDRESS: Final = 3
EXIT_MODEL: Final = 4

_BACKLOG: Final = 2048


def main() -> int:
    """Serve by the environment's settings; the exit code of `python serve.py`."""
    try:
        settings = read_settings()
    except InputError as error:
        return _refuse(str(error), EXIT_SETTING)
    return run(settings)


def run(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; what was accepted is answered first.

    Returns:
        The exit code: 0 stopped by a signal, 3 the address cannot be bound, 4 the model was refused; a sentence
        on the standard error says why.
    """
    logging.basicConfig(
        level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr
    )
    try:
        listener = bind(settings.host, settings.port)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "no such host"
        return _refuse(
            f"cannot listen on {settings.host}:{settings.port} ({why}): stop what uses the port, "
            "or choose another by SPAMFILTER_HOST and SPAMFILTER_PORT",
            EXIT_ADDRESS,
        )
    failed = threading.Event()

    def stop() -> None:
        failed.set()
        server.should_exit = True

    server = make_server(create_app(settings, on_failure=stop), settings)
    logging.getLogger("spamfilter.http").info("listening on http://%s:%d", settings.host, listener.getsockname()[1])
    if threading.current_thread() is threading.main_thread():
        # uvicorn raises the signal that stopped it once more when it is done; to this process that is no failure.
        signal.signal(signal.SIGTERM, _leave)
        signal.signal(signal.SIGINT, _leave)
    with listener:
        server.run(sockets=[listener])
    return _refuse("the model was refused: see the log", EXIT_MODEL) if failed.is_set() else EXIT_STOPPED


def make_server(app: FastAPI, settings: Settings) -> uvicorn.Server:
    """The server of `app`, for `server.run(sockets=[bind(...)])`."""
    # It writes addresses with their queries, and takes `access_log=False` back where a handler is added later.
    logging.getLogger("uvicorn.access").disabled = True
    return uvicorn.Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            ws="none",
            backlog=_BACKLOG,
            timeout_graceful_shutdown=settings.shutdown_timeout_s,
        )
    )


def bind(host: str, port: int) -> socket.socket:
    """A listening socket. Bound before anything is loaded: a port in use must not cost a model's start.

    Raises:
        OSError: if the address is taken, forbidden or unknown.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _leave(_signal: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(EXIT_STOPPED)


def _refuse(sentence: str, code: int) -> int:
    sys.stderr.write(f"spamfilter: {sentence}\n")
    return code
