"""A body without its Content-Encoding (RFC 9110 section 8.4), bounded: a small one may unpack without end."""

from __future__ import annotations

import zlib

from protocols.errors import Garbled, TooMuch, WireError
from protocols.http.client import Answer

LARGEST = 8 * 1024 * 1024
PIECE = 64 * 1024
CODINGS = ("gzip", "x-gzip", "deflate")


def unpacked(answer: Answer) -> tuple[bytes, WireError | None]:
    """Return the body, LARGEST bytes of it at most, and why it is not the whole, None where it is.

    A coding that is not known here stays as it is.
    """
    coding = answer.value("content-encoding").lower().strip()
    if coding not in CODINGS or not answer.body:
        return answer.body, None
    # Servers send "deflate" with zlib's two bytes before it, and without.
    bare = coding == "deflate" and answer.body[:1] != b"\x78"
    unpacker = zlib.decompressobj(-zlib.MAX_WBITS if bare else zlib.MAX_WBITS | 32)
    whole = bytearray()
    broken = Garbled("the body could not be unpacked", cause="unpack", coding=coding)
    for at in range(0, len(answer.body), PIECE):
        try:
            # One byte more than is kept: 0 would mean "without a bound".
            whole += unpacker.decompress(answer.body[at : at + PIECE], LARGEST - len(whole) + 1)
        except zlib.error:
            return bytes(whole) or answer.body, broken
        if len(whole) > LARGEST:
            del whole[LARGEST:]
            return bytes(whole), TooMuch("the body unpacks without end", cause="unpacked", bytes=LARGEST)
        if unpacker.eof:
            break
    return bytes(whole), None if unpacker.eof or answer.trouble else broken
