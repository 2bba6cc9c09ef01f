"""A TCP proxy that disturbs a connection: it is cut after some bytes, or gets no answer at all."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Proxy:
    """Relays to a port; after `spared` intact connections, the next one is cut once, after `cut_after` server bytes."""

    target: int
    spared: int = 0
    cut_after: int | None = None
    stalls: bool = False
    port: int = 0
    largest: int = 0
    cuts: int = 0
    sockets: list[socket.socket] = field(default_factory=list)

    def serve(self, listener: socket.socket) -> None:
        """Accept connections until the listener is closed."""
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.sockets.append(client)
            if self.stalls:
                continue
            self.spared -= 1
            cut = self.spared < 0
            server = socket.create_connection(("127.0.0.1", self.target))
            self.sockets.append(server)
            threading.Thread(target=self._relay, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self._relay, args=(server, client, cut), daemon=True).start()

    def _relay(self, sender: socket.socket, receiver: socket.socket, may_cut: bool) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while chunk := sender.recv(4096):
                passed += len(chunk)
                if may_cut:
                    self.largest = max(self.largest, passed)
                    if self.cut_after is not None and self.cuts == 0 and passed > self.cut_after:
                        self.cuts += 1
                        break
                receiver.sendall(chunk)
        for end in (sender, receiver):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self) -> None:
        """Close all connections."""
        for end in self.sockets:
            end.close()


@contextmanager
def proxied(target: int, spared: int = 0, cut_after: int | None = None, stalls: bool = False) -> Iterator[Proxy]:
    """Run a proxy to a port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = Proxy(target, spared, cut_after, stalls, port=listener.getsockname()[1])
        threading.Thread(target=proxy.serve, args=(listener,), daemon=True).start()
        yield proxy
        proxy.close()
