"""The lab's post office: who may write as whom, who gets mail here, and putting a letter into mailboxes."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import secrets
from collections import OrderedDict
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

from servers import letter as written
from servers.authenticator import FRESH, SECOND_LOOK, Person, Roll
from servers.service import Service

if TYPE_CHECKING:
    from aiosmtpd.smtp import Session

    from servers.smtp import Conversation, Letter

log = logging.getLogger("netlab.smtp")

MOST_RECIPIENTS = 100  # RFC 5321 section 4.5.3.1.8
MOST_HOPS = 50
HALFWAY = 1_000
HEADER_LINE = re.compile(rb"[!-9;-~]+[ \t]*:")
RECEIVED = re.compile(rb"^Received[ \t]*:", re.IGNORECASE | re.MULTILINE)


class Post:
    """aiosmtpd's handler: asked at MAIL and RCPT, and given each letter."""

    def __init__(self, service: Service) -> None:
        self._service = service
        # Letters that some mailboxes had when another failed: when it is sent again they get no second.
        self._halfway: OrderedDict[bytes, set[str]] = OrderedDict()

    async def handle_MAIL(
        self, smtp: Conversation, session: Session, letter: Letter, address: str, options: list[str]
    ) -> str:
        """May this be the sender? Who signed in writes from own addresses, others from none of the lab's."""
        if not address.isascii() and not letter.smtp_utf8:
            return f"553 5.6.7 <{address}>: an address like this needs the parameter SMTPUTF8"
        if refusal := await self._refuse_sender(smtp.person, address):
            return refusal
        letter.mail_from = address
        letter.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def _refuse_sender(self, person: Person | None, address: str) -> str:
        refusal = ""
        for age in (FRESH, SECOND_LOOK):
            roll = await self._service.authenticator.roll(age)
            refusal = ""
            if address == "<>" or roll.any_sender:
                break
            if person and address.lower() not in person.addresses:
                refusal = f"553 5.7.1 <{address}>: {person.name} may not write from this address"
            elif not person and self._is_ours(address, roll):
                refusal = f"530 5.7.1 <{address}> is an address of this lab: sign in (AUTH) to write from it"
            if not refusal:
                break
        return refusal

    async def handle_RCPT(
        self, smtp: Conversation, session: Session, letter: Letter, address: str, options: list[str]
    ) -> str:
        """Does this address get mail here? Never is a letter passed on to another server."""
        if len(letter.rcpt_tos) >= MOST_RECIPIENTS:
            return f"452 4.5.3 Not more than {MOST_RECIPIENTS} recipients for one letter"
        roll = await self._service.authenticator.roll()
        if not self._is_ours(address, roll):
            roll = await self._service.authenticator.roll(SECOND_LOOK)  # the lab may just have got the name
        if not self._is_ours(address, roll):
            return (
                f"550 5.7.1 <{address}>: relaying denied, this server delivers only to {self._service.domain}"
            )
        people = await self._mailboxes(address, roll)
        if not people and address.lower() in roll.closed:
            return f"550 5.2.1 <{address}>: this mailbox is closed"
        if not people:
            return f"550 5.1.1 <{address}>: no such user here"
        if address.lower() not in (known.lower() for known in letter.rcpt_tos):
            letter.rcpt_tos.append(address)
            letter.mailboxes[address] = people
        return "250 2.1.5 Ok"

    async def deliver(self, smtp: Conversation, letter: Letter, raw: bytes) -> str:
        """Put ``raw`` into every recipient's mailbox, on the disk before this returns; the reply to DATA."""
        if b"\0" in raw:
            return "554 5.6.0 A letter cannot hold NUL"
        head = raw.partition(b"\r\n\r\n")[0]
        if len(RECEIVED.findall(head)) > MOST_HOPS:
            return "554 5.4.6 Too many hops: this letter goes round in circles"
        if refusal := await self._refuse_author(smtp.person, raw):
            return refusal
        number = secrets.token_hex(5).upper()
        whole = _stamps(smtp, letter, self._service.domain, number) + _parted(raw) + raw
        digest = hashlib.sha256(f"{letter.mail_from}\0".encode("utf-8", "surrogateescape") + raw).digest()
        served = self._halfway.pop(digest, set())
        wanted = {person.home: address for address, people in letter.mailboxes.items() for person in people}
        for home, address in wanted.items():
            if home in served:
                continue
            try:
                await asyncio.to_thread(self._put, home, whole)
            except Exception:
                log.exception("delivery of %s to %s failed", number, address)
                self._remember(digest, served)
                return "451 4.3.0 The letter could not be stored: local error, try again later"
            served.add(home)
        log.info(
            "%s: from %s to %s, %d bytes", number, letter.mail_from, ", ".join(wanted.values()), len(raw)
        )
        return f"250 2.0.0 Ok: queued as {number}"

    async def _refuse_author(self, person: Person | None, raw: bytes) -> str:
        """Who signed in is also in From: no one else; of strangers a server cannot know who they are."""
        strange = [one for one in written.authors(raw) if one not in person.addresses] if person else []
        if not strange or (await self._service.authenticator.roll(SECOND_LOOK)).any_sender:
            return ""
        shown = "".join(sign for sign in strange[0] if sign.isascii() and sign.isprintable())[:100]
        return f"550 5.7.1 From: <{shown}>: {person.name} may not write a letter as this author"

    def _put(self, home: str, raw: bytes) -> None:
        self._service.store.home(home).deliver(raw)

    def _is_ours(self, address: str, roll: Roll) -> bool:
        domain = address.rpartition("@")[2].lower().rstrip(".")
        return (
            address.lower() == "postmaster"
            or domain == self._service.domain.lower()
            or domain in roll.aliases
        )

    async def _mailboxes(self, address: str, roll: Roll) -> tuple[Person, ...]:
        local, _, domain = address.lower().rstrip(".").rpartition("@")
        if "postmaster" in (local, address.lower()):  # RFC 5321 section 4.5.1: there is always one
            return roll.postmasters or (await self._service.authenticator.roll(SECOND_LOOK)).postmasters
        own = self._service.domain.lower()
        found = await self._service.authenticator.mailbox(f"{local}@{domain}")
        if found is None and domain != own:
            found = await self._service.authenticator.mailbox(f"{local}@{own}")
        return (found,) if found else ()

    def _remember(self, digest: bytes, served: set[str]) -> None:
        if served:
            self._halfway[digest] = served
        while len(self._halfway) > HALFWAY:
            self._halfway.popitem(last=False)


def _stamps(smtp: Conversation, letter: Letter, domain: str, number: str) -> bytes:
    """Return-Path (RFC 5321 section 4.4: the last server's) and Received, with the words of RFC 3848."""
    kind = "SMTP"
    if smtp.session.extended_smtp:
        utf8 = "UTF8SMTP" if letter.smtp_utf8 else "ESMTP"
        kind = utf8 + ("S" if smtp.secure else "") + ("A" if smtp.person else "")
    path = letter.mail_from if letter.mail_from == "<>" else f"<{letter.mail_from}>"
    whom = f"\r\n\tfor <{letter.rcpt_tos[0]}>" if len(letter.rcpt_tos) == 1 else ""
    now = format_datetime(datetime.now(UTC))
    text = (
        f"Return-Path: {path}\r\n"
        f"Received: from {smtp.session.host_name} ([{smtp.peer}])\r\n"
        f"\tby {domain} (netlab) with {kind} id {number}{whom};\r\n\t{now}\r\n"
    )
    return text.encode("utf-8", "surrogateescape")


def _parted(raw: bytes) -> bytes:
    """The empty line that a letter without a header lacks, or its text would become part of our Received."""
    return b"" if not raw or raw.startswith(b"\r\n") or HEADER_LINE.match(raw) else b"\r\n"
