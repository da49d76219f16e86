"""Serve the pages of runs to browsers of this machine, and to no other."""

import json
import mimetypes
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cached_property
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from typing import Any
from urllib.parse import unquote

from harness.app.records import status
from harness.app.serving.follow import Follower
from harness.app.studies import no_run
from harness.config.runtime import Runtime
from harness.core.errors import HarnessError
from harness.core.files import finite
from harness.core.own_folder import PAGES, make_folder, remove_folder
from harness.report.html import filled, scripted
from harness.runs import layout

HOST = "127.0.0.1"
PORT = 8600  # the first that is tried
TRIES = 20


class Server(ThreadingHTTPServer):
    """Pages of some runs."""

    daemon_threads = True

    def __init__(self, port: int, followers: Mapping[str, Follower], runtime: Runtime) -> None:
        self.followers, self.runtime = followers, runtime
        super().__init__((HOST, port), _Request)

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        return f"http://{HOST}:{self.server_port}/"

    def handle_error(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        """Go on where a browser has left in the middle of an answer; else the error is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    @cached_property
    def hosts(self) -> set[str]:
        """Names by which a browser of this machine asks: of other names, another site has made."""
        return {f"{name}:{self.server_port}" for name in (HOST, "localhost")}


@contextmanager
def serving(
    run_name: str | None,
    runtime: Runtime,
    port: int | None,
    warn: Callable[[str], None],
) -> Iterator[Server]:
    """A server of one run, or of all that have a plan; `serve_forever` answers until it is closed.

    `port`: None is the first free one from 8600 on. `warn` is called with a sentence where a run
    can no longer be shown. Raises HarnessError if there is no run of that name, or the port is
    taken.
    """
    names = layout.run_names(runtime) if run_name is None else [run_name]
    if not names:
        raise HarnessError("no study has been run here yet; start with: harness run quickstart")
    if run_name and not layout.plan_file(run_name, layout.holding(run_name, runtime)).exists():
        raise HarnessError(no_run(run_name, runtime))
    with ExitStack() as stack:
        pages = make_folder(PAGES)
        stack.callback(remove_folder, pages)
        renderer = ThreadPoolExecutor(1)  # the settings of a figure are the process's
        stack.callback(renderer.shutdown, cancel_futures=True)
        followers = {name: Follower(name, runtime, pages, warn, renderer) for name in names}
        server = stack.enter_context(_bound(port, followers, runtime))
        for follower in followers.values():
            stack.callback(follower.stop)
        yield server


def _bound(port: int | None, followers: Mapping[str, Follower], runtime: Runtime) -> Server:
    ports = range(PORT, PORT + TRIES) if port is None else [port]
    for number in ports:
        try:
            return Server(number, followers, runtime)
        except OSError as error:
            last = error.strerror
    name = f"--port {port}" if port is not None else f"ports {PORT} to {PORT + TRIES - 1}"
    raise HarnessError(f"{name}: {last}; choose another with --port")


class _Request(BaseHTTPRequestHandler):
    """`/` the list of runs, `/RUN/` its page, `/RUN/state`, and below `/RUN/report/` its files."""

    server: Server
    server_version = "harness"
    sys_version = ""

    def do_GET(self) -> None:
        if self.headers.get("Host") not in self.server.hosts:
            self._answer(403, b"", "text/plain")
            return
        name, _, rest = unquote(self.path.partition("?")[0]).lstrip("/").partition("/")
        follower = self.server.followers.get(name)
        if not name:
            self._list()
        elif follower is None:
            self._answer(404, b"no such run", "text/plain")
        elif rest == "":
            self._page(follower)
        elif rest == "state":
            self._answer(200, json.dumps(finite(dict(follower.state))).encode(), "application/json")
        elif rest.startswith("report/"):
            self._file(follower.folder, rest.removeprefix("report/"))
        else:
            self._answer(404, b"no such page", "text/plain")

    def do_HEAD(self) -> None:
        self.do_GET()

    def _list(self) -> None:
        followers = self.server.followers
        if len(followers) == 1:
            self._page(*followers.values())
        else:
            self._html(filled("runs.html.j2", runs=status(self.server.runtime)))

    def _page(self, follower: Follower) -> None:
        follower.start()  # pages that nobody asks for are not rendered
        script = scripted("live.js")
        self._html(filled("live.html.j2", name=follower.run_name, **follower.state, **script))

    def _html(self, text: str) -> None:
        self._answer(200, text.encode(), "text/html; charset=utf-8")

    def _file(self, folder: Path, name: str) -> None:
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()) or not path.is_file():
            self._answer(404, b"no such file", "text/plain")
            return
        kind = mimetypes.guess_type(path.name)[0] or "text/plain"
        try:
            content = path.read_bytes()
        except OSError:  # the page was rendered again, or withdrawn, a moment ago
            self._answer(404, b"no such file", "text/plain")
            return
        self._answer(200, content, kind)

    def _answer(self, status: int, content: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing of each request."""
