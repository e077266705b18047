"""How a reply or a forward begins (RFC 5322, 3.6.4; RFC 3676, 4.5)."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import formataddr

from django.utils.translation import gettext as _

from webmail.models import Message
from webmail.reading import Letter


def begin(how: str, letter: Letter, message: Message, own: Sequence[str]) -> dict[str, str]:
    """Return a draft's fields; ``how`` is reply, all or forward, ``own`` the addresses of who answers."""
    subject = letter.subject or message.subject
    if how == "forward":
        text = "\n\n" + _("---- Forwarded letter ----") + f"\n{_head(letter)}\n\n{letter.text}"
        return {"subject": _prefixed("Fwd: ", subject), "text": text, "sender": _sender(letter, own)}
    writers = letter.reply_to or ([letter.sender] if letter.sender[1] else [])
    others = [one for one in [*letter.to, *letter.cc] if one[1] not in own] if how == "all" else []
    quoted = "\n".join(
        f"> {line}" if not line.startswith(">") else f">{line}" for line in letter.text.split("\n")
    )
    who = letter.sender[0] or letter.sender[1]
    head = _("%(who)s wrote on %(date)s:") % {"who": who, "date": letter.date}
    return {
        "sender": _sender(letter, own),
        "to": _line(writers),
        "cc": _line([one for one in others if one[1] not in {address for _name, address in writers}]),
        "subject": _prefixed("Re: ", subject)[:1000],
        "text": f"\n\n{head}\n{quoted}" if letter.text else "",
        "in_reply_to": letter.message_id[:998],
        "references": f"{letter.references} {letter.message_id}".strip()[-4000:],
    }


def _sender(letter: Letter, own: Sequence[str]) -> str:
    met = [address for _name, address in [*letter.to, *letter.cc] if address in own]
    return (met or [*own, ""])[0]


def _head(letter: Letter) -> str:
    return f"From: {_line([letter.sender])}\nTo: {_line(letter.to)}\nDate: {letter.date}\nSubject: {letter.subject}"


def _line(people: Sequence[tuple[str, str]]) -> str:
    return ", ".join(
        formataddr(one, "utf-8") if one[0].isascii() else f'"{_plain(one[0])}" <{one[1]}>' for one in people
    )


def _plain(name: str) -> str:
    return "".join(sign for sign in name if sign.isprintable() and sign not in '"\\<>')


def _prefixed(prefix: str, subject: str) -> str:
    return subject if subject.lower().startswith(prefix.strip().lower()) else prefix + subject
