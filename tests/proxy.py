"""A TCP proxy that hurts a connection: cut after some bytes, or silent for ever."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Proxy:
    """Relays to a port; after `spared` whole connections, `cut_after` bytes from the server, one is cut, once."""

    target: int
    spared: int = 0
    cut_after: int | None = None
    stalls: bool = False
    port: int = 0
    largest: int = 0
    cuts: int = 0
    _open: list[socket.socket] = field(default_factory=list)

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self._open.append(client)
            if self.stalls:
                continue
            self.spared -= 1
            cut = self.spared < 0
            server = socket.create_connection(("127.0.0.1", self.target))
            self._open.append(server)
            threading.Thread(target=self._relay, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._relay, args=(server, client, cut), daemon=True).start()

    def _relay(self, source: socket.socket, sink: socket.socket, may_cut: bool) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while chunk := source.recv(4096):
                passed += len(chunk)
                if may_cut:
                    self.largest = max(self.largest, passed)
                    if self.cut_after is not None and self.cuts == 0 and passed > self.cut_after:
                        self.cuts += 1
                        break
                sink.sendall(chunk)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextmanager
def proxied(target: int, **how: int | bool) -> Iterator[Proxy]:
    """Run a proxy to a port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = Proxy(target, **how)  # type: ignore[arg-type]  # the names are the fields'
        proxy.port = listener.getsockname()[1]
        threading.Thread(target=proxy.serve, args=(listener,), daemon=True).start()
        yield proxy
        for end in proxy._open:
            end.close()
