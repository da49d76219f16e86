"""The servers of Ray that listen at an address; Ray itself asks a wrong one for very long."""

import os
import re
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from harness.execution.options import FORMS

PATIENCE = 5.0  # seconds for an address to answer
CLIENT = "ray://"
CLIENT_PORT = 10001  # of a head that was started without another one


class _Server(NamedTuple):
    """A server of Ray, and a harmless call that it knows and the other one does not."""

    name: str
    call: str
    request: bytes


_CLIENT = _Server("Ray's client server", "/ray.rpc.RayletDriver/ClusterInfo", b"\x08\x06")  # a ping
_GCS = _Server("Ray's GCS", "/ray.rpc.NodeInfoGcsService/CheckAlive", b"")


def with_port(address: str) -> str:
    """An address of the client server with its port, which gRPC would take for that of HTTPS."""
    if not address.startswith(CLIENT) or re.search(r":\d+$", address):
        return address
    return f"{address}:{CLIENT_PORT}"


def answers(address: str) -> bool:
    """Whether something listens there; Ray would ask for minutes, and a dead head leaves its note.

    An address without a port is left to Ray.
    """
    return not silence(address)


def silence(address: str) -> str:
    """Why nothing is heard from an address; empty: something listens there."""
    host, port = _parts(address)
    if not port:
        return ""
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE):
            return ""
    except socket.gaierror:
        return f"no machine of the name {host} is known here"
    except OSError:
        return "nothing answers there"


def settle_tokens(address: str) -> None:
    """Have Ray send the token of this machine if the cluster asks for one, unless its mode is set.

    Ray's own choice is whether the machine has a token, and the two may differ: then the cluster is
    joined, and no worker starts. It reads its mode once, when it is imported: call this before.
    """
    host, port = _parts(address)
    if "RAY_AUTH_MODE" in os.environ or not port or _tls():
        return
    wanted, _ = _servers(address)
    if mode := {"UNAUTHENTICATED": "token", "OK": "disabled"}.get(_asked(f"{host}:{port}", wanted)):
        os.environ["RAY_AUTH_MODE"] = mode


def fault(address: str) -> str:
    """Why a cluster cannot be joined at an address where something listens; empty: no reason found.

    A server says without asking for a token that a call is unknown to it.
    """
    host, port = _parts(address)
    if not port or _tls():
        return ""
    wanted, other = _servers(address)
    place = f"{host}:{port}"
    mode = os.environ.get("RAY_AUTH_MODE", "not set")
    with_tokens = mode == "token"
    code = _asked(place, wanted, _token() if with_tokens else [])
    if code == "UNAUTHENTICATED" and not with_tokens:
        return f"it asks for a token, but RAY_AUTH_MODE is {mode} here; give RAY_AUTH_MODE=token"
    if code == "UNAUTHENTICATED":
        of_head = "copy that of its head (ray get-auth-token there) to ~/.ray/auth_token"
        return f"it asks for a token, and {_lack()}; {of_head}"
    if code == "OK" and with_tokens and _asked(place, wanted) == "OK":
        return "it uses no tokens, but RAY_AUTH_MODE is token here; give RAY_AUTH_MODE=disabled"
    if code == "UNIMPLEMENTED" and _asked(place, other) != "UNIMPLEMENTED":
        return f"{other.name} listens there, not {wanted.name}; give {_instead(wanted, host, port)}"
    if code in ("UNIMPLEMENTED", "UNAVAILABLE", "DEADLINE_EXCEEDED"):
        return f"what listens there does not answer as {wanted.name} does; give {FORMS}"
    return ""


def _servers(address: str) -> tuple[_Server, _Server]:
    """The server that an address is meant for, and the other one."""
    return (_CLIENT, _GCS) if address.startswith(CLIENT) else (_GCS, _CLIENT)


def _tls() -> bool:
    """Whether Ray encrypts; its servers are not asked then."""
    return os.environ.get("RAY_USE_TLS", "0").lower() in ("1", "true")


def _instead(wanted: _Server, host: str, port: str) -> str:
    """The nearest valid choices for who gave the port of one server in the form of the other."""
    if wanted is _CLIENT:
        option = "unless its head has another --ray-client-server-port"
        return f"{CLIENT}{host}:{CLIENT_PORT}, {option}, or {host}:{port} on one of its nodes"
    option = "unless its head has another --port"
    return f"{host}:6379 on one of its nodes, {option}, or {CLIENT}{host}:{port} from elsewhere"


def _asked(place: str, server: _Server, header: Sequence[tuple[str, str]] = ()) -> str:
    """The status by which a place answers the call of a server, in the words of gRPC."""
    import grpc

    with grpc.insecure_channel(place, [("grpc.enable_http_proxy", 0)]) as channel:  # as Ray does
        try:
            channel.unary_unary(server.call)(server.request, timeout=PATIENCE, metadata=header)
        except grpc.RpcError as error:
            return str(error.code().name)
    return "OK"


def _token() -> list[tuple[str, str]]:
    """The header by which this machine shows its token; without one it shows none."""
    token = os.environ.get("RAY_AUTH_TOKEN", "")
    if not token and (path := token_file()).is_file():
        token = path.read_text()
    return [("authorization", f"Bearer {token.strip()}")] if token else []


def _lack() -> str:
    return "does not take that of this machine" if _token() else "this machine has none"


def token_file() -> Path:
    """Where Ray keeps the token of this machine."""
    return Path(os.environ.get("RAY_AUTH_TOKEN_PATH", "~/.ray/auth_token")).expanduser()


def _parts(address: str) -> tuple[str, str]:
    """Host and port of an address; without a port both are empty."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    return (host, port) if port.isdigit() else ("", "")
