"""SASL as the lab's servers speak it: PLAIN (RFC 4616), LOGIN (an old draft), CRAM-MD5 (RFC 2195)."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable

from servers.authenticator import Person
from servers.service import Service

MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5")

Challenge = Callable[[bytes], Awaitable[bytes]]
"""Says a challenge (in base64 already) in the protocol's way and returns the line that answers it."""


class Malformed(Exception):
    """What the client sent is no answer of that mechanism, or it gave up with ``*``."""


async def converse(
    service: Service, protocol: str, mechanism: str, initial: str | None, challenge: Challenge, peer: str = ""
) -> Person | None:
    """Sign somebody in by ``mechanism`` (one of MECHANISMS); None for a wrong name or secret.

    ``initial`` is the initial response in base64, ``=`` for an empty one (RFC 4954 section 4). Malformed
    for what cannot be read; ``django.db.Error`` where the logins cannot be looked at.
    """
    check = service.authenticator.check
    if mechanism == "PLAIN":
        user, password = _plain(await _first(initial, challenge, b""))
        return await check(protocol, user, password, peer)
    if mechanism == "LOGIN":
        user = _text(await _first(initial, challenge, b"Username:"))
        return await check(protocol, user, _text(await _ask(challenge, b"Password:")), peer)
    if initial is not None:
        raise Malformed("CRAM-MD5 begins with the server's challenge")
    word = f"<{secrets.randbelow(10**9)}.{time.time():.0f}@{service.domain}>".encode()
    user, digest = _cram(await _ask(challenge, word))
    return await service.authenticator.prove(
        protocol,
        user,
        lambda secret: hmac.compare_digest(hmac.digest(secret, word, "md5").hex(), digest),
        peer,
    )


async def _first(initial: str | None, challenge: Challenge, words: bytes) -> bytes:
    if initial is None:
        return await _ask(challenge, words)
    return b"" if initial == "=" else _decoded(initial.encode("utf-8", "surrogateescape"))


async def _ask(challenge: Challenge, words: bytes) -> bytes:
    answer = (await challenge(base64.b64encode(words))).strip()
    if answer == b"*":
        raise Malformed("Sign-in given up")
    return _decoded(answer)


def _decoded(answer: bytes) -> bytes:
    try:
        return base64.b64decode(answer, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Malformed("That is no base64") from error


def _plain(raw: bytes) -> tuple[str, str]:
    parts = raw.split(b"\0")
    if len(parts) != 3:
        raise Malformed("PLAIN is: NUL, user name, NUL, password, in base64")
    as_whom, user, password = (_text(part) for part in parts)
    if as_whom and as_whom.lower() != user.lower():
        return user, "\0"  # nobody may act as somebody else; no password holds NUL, so this is a no
    return user, password


def _cram(raw: bytes) -> tuple[str, str]:
    user, _, digest = _text(raw).rpartition(" ")
    if not user or not digest.isascii():
        raise Malformed("CRAM-MD5's answer is: user name, space, 32 hexadecimal digits, in base64")
    return user, digest.lower()


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
