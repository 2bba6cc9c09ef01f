"""The listener: a message is acknowledged only after it has been stored (MLLP release 1, HL7 2.9.2)."""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from hl7.mllp import HL7StreamReader, HL7StreamWriter, InvalidBlockError, start_hl7_server

from idh_tasks.codes import Code
from idh_tasks.errors import RunRefusedError, as_idh_error
from idh_tasks.mllp.access import is_allowed, tls_context
from idh_tasks.mllp.acknowledgement import UnreadableHeaderError, acknowledge, read_header, reject
from idh_tasks.mllp.keys import message_key
from idh_tasks.settings import MllpSettings

log = logging.getLogger(__name__)

Store = Callable[[str, bytes], object]
"""Writes an object under a key, completely or not at all, and returns after it is durable."""
HANDSHAKE_S = 10


class Listener:
    """Receives messages from several peers at once.

    Parameters
    ----------
    prefix
        Prefix of the object keys; see `message_key`.
    store
        Called in a thread, with a key and the unchanged bytes of a message.
    """

    def __init__(self, settings: MllpSettings, prefix: str, store: Store) -> None:
        self._settings = settings
        self._prefix = prefix
        self._store = store
        self._connections: set[asyncio.Task[None]] = set()

    async def serve(self, stop: asyncio.Event) -> None:
        """Listen until `stop` is set; a message that is not acknowledged by then is left to its sender to repeat.

        Raises
        ------
        RunRefusedError
            ``E_MLLP`` if the port or a certificate cannot be used, or if messages would not be encrypted.
        """
        host, port, context = self._settings.host, self._settings.port, tls_context(self._settings)
        options = {"ssl": context, "ssl_handshake_timeout": HANDSHAKE_S} if context else {}
        try:
            server = await start_hl7_server(self._accept, host, port, limit=self._settings.max_bytes, **options)
        except OSError:
            raise RunRefusedError(Code.E_MLLP, f"port {port} of {host} cannot be opened") from None
        log.info("listening on %s, port %d%s", host, port, " with TLS" if context else "")
        await stop.wait()
        server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def _accept(self, reader: HL7StreamReader, writer: HL7StreamWriter) -> None:
        peer = writer.get_extra_info("peername")[0]
        if not is_allowed(self._settings, peer):
            log.warning("%s may not connect", peer)
            writer.close()
        elif len(self._connections) >= self._settings.max_connections:
            log.warning("%s was turned away: %d peers are connected", peer, len(self._connections))
            writer.close()
        else:
            connection = asyncio.get_running_loop().create_task(self._converse(reader, writer, peer))
            self._connections.add(connection)
            connection.add_done_callback(self._connections.discard)

    async def _converse(self, reader: HL7StreamReader, writer: HL7StreamWriter, peer: str) -> None:
        """Answer one message after the other, until the peer leaves or sends something that is not a frame."""
        try:
            # A peer that is gone, silent or interrupted repeats what was not acknowledged.
            with contextlib.suppress(OSError, TimeoutError, asyncio.IncompleteReadError):
                while (block := await self._next(reader, writer)) is not None:
                    await self._answer(writer, await self._receive(block, peer))
        finally:
            writer.close()

    async def _next(self, reader: HL7StreamReader, writer: HL7StreamWriter) -> bytes | None:
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                return bytes(await reader.readblock())
        except (ValueError, InvalidBlockError):
            limit = self._settings.max_bytes
            await self._answer(writer, reject(f"not a frame of at most {limit} bytes; the connection is closed"))
            return None

    async def _answer(self, writer: HL7StreamWriter, acknowledgement: bytes) -> None:
        writer.writeblock(acknowledgement)
        async with asyncio.timeout(self._settings.timeout_s):
            await writer.drain()

    async def _receive(self, content: bytes, peer: str) -> bytes:
        """Store a message and return its acknowledgement."""
        try:
            header = read_header(content)
        except UnreadableHeaderError as error:
            log.warning("rejected from %s: %s", peer, error)
            return reject(str(error))
        key = message_key(self._prefix, header, content)
        try:
            await asyncio.to_thread(self._store, key, content)
        except Exception as error:  # whatever it is, the sender must not take the message for stored
            code = as_idh_error(error).code
            log.warning("%s from %s is not stored: %s", key, peer, code)
            return acknowledge(header, "AE", f"the message was not stored ({code}); send it again")
        log.info("%s from %s is stored", key, peer)
        return acknowledge(header, "AA")
