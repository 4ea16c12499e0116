"""Who reaches the server: this machine, and no other site in its browser."""

from __future__ import annotations

import socket
import sys

import pytest

pytestmark = pytest.mark.browser

UPGRADE = (
    "GET /_stcore/stream HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def answer(server, origin: str, host: str) -> int:
    """The status with which the server answers somebody who wants to drive the app."""
    with socket.create_connection(("localhost", server.port), timeout=10) as connection:
        connection.sendall(UPGRADE.format(origin=origin, host=host).encode())
        return int(connection.recv(64).split(b" ")[1])


def test_the_server_is_bound_to_this_machine_alone(server):
    own = socket.gethostbyname(socket.gethostname())
    if own.startswith("127."):
        if sys.platform != "linux":
            pytest.skip("this machine has no address but its own")
        # Another address of the same machine: who listens everywhere answers there as well.
        own = "127.0.0.2"
    with pytest.raises(OSError, match=r"refused|timed out|unreachable"):
        socket.create_connection((own, server.port), timeout=3).close()


def test_another_site_in_the_browser_can_not_drive_the_app(server):
    here = f"localhost:{server.port}"
    assert answer(server, f"http://{here}", here) == 101
    assert answer(server, "http://evil.example", here) == 403
    # A name that was turned to this machine is no other case.
    assert answer(server, f"http://evil.example:{server.port}", f"evil.example:{server.port}") == 403
