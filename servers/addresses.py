"""Addresses of a header field as ENVELOPE shows them (RFC 3501, 7.4.2): name, route, mailbox, host.

A reader for what mail really holds: what is no address becomes one as well as it can, nothing raises.
"""

from __future__ import annotations

import re

Address = tuple[str | None, str | None, str | None, str | None]
"""Name, route, mailbox, host. A group begins with (None, None, its name, None) and ends with four None."""

MOST = 1000
"""Addresses of one field that are told."""

_token = re.compile(
    r"""(?P<space>\s+)
    |"(?P<quoted>(?:[^"\\]|\\.)*)(?:"|$)
    |(?P<literal>\[[^\]]*(?:\]|$))
    |(?P<special>[<>@,:;])
    |(?P<comment>\()
    |(?P<atom>[^\s"\[<>@,:;(]+)
    |(?P<odd>.)""",
    re.VERBOSE | re.DOTALL,
)
_escape = re.compile(r"\\(.)", re.DOTALL)


def parse(text: str) -> list[Address]:
    """The addresses of an unfolded field value."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self.found: list[Address] = []
        self.tokens = _tokens(text)
        self.in_group = False
        self._clear()

    def read(self) -> list[Address]:
        """Walk over the tokens; each of ``, : ; < > @`` means something, the rest is collected."""
        for kind, value in self.tokens:
            if len(self.found) >= MOST:
                return self.found
            if kind == "comment":
                self.comment = value
            elif kind == "special":
                self._special(value)
            else:
                self._word(kind, value)
        self._finish()
        if self.in_group:
            self.found.append((None, None, None, None))
        return self.found

    def _special(self, sign: str) -> None:
        if sign == "<":
            self.angle, self.local, self.host = True, [], None
        elif sign == ">":
            self.closed = True
        elif sign == "@":
            self._at()
        elif sign == ":":
            self._colon()
        elif sign == "," and self.angle and not self.closed and self.route is not None and not self.local:
            self.route += ","
        elif sign in ",;":
            self._finish()
            if sign == ";" and self.in_group:
                self.found.append((None, None, None, None))
                self.in_group = False

    def _at(self) -> None:
        if self.angle and not self.local and not self.closed:
            self.route = (self.route or "") + "@"
        else:
            self.host = self.host or ""
            self.at = True

    def _colon(self) -> None:
        if self.angle:
            self.at = False
            self.route_done = True
        elif not self.in_group:
            self.found.append((None, None, "".join(self.words).strip(), None))
            self.in_group = True
            self._clear()

    def _word(self, kind: str, value: str) -> None:
        if self.angle and not self.closed:
            if kind == "space":
                return
            if self.route is not None and not self.route_done:
                self.route += value
            elif self.at:
                self.host = (self.host or "") + value
            else:
                self.local.append(value)
        elif self.at and not self.angle:
            self.host = (self.host or "") + value.strip()
        elif not self.closed:
            self.words.append(" " if kind == "space" else value)

    def _finish(self) -> None:
        name = "".join(self.words).strip()
        if self.angle:
            local = "".join(self.local)
            if local or self.host or name:
                self.found.append((name or self.comment, self.route, local, self.host or ""))
        elif self.at:
            self.found.append((self.comment, None, name.replace(" ", ""), self.host or ""))
        elif name:
            self.found.append((self.comment, None, name, ""))
        self._clear()

    def _clear(self) -> None:
        self.words: list[str] = []
        self.local: list[str] = []
        self.host: str | None = None
        self.route: str | None = None
        self.comment: str | None = None
        self.angle = self.closed = self.at = self.route_done = False


def _tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(text):
        match = _token.match(text, at)
        if match is None:
            break
        at = match.end()
        kind = match.lastgroup or "odd"
        value = match[kind]
        if kind == "comment":
            value, at = _comment(text, at)
        elif kind == "quoted":
            value = _escape.sub(r"\1", value)
        found.append((kind, value))
    return found


def _comment(text: str, at: int) -> tuple[str, int]:
    """Read to the matching parenthesis; ``at`` stands after the opening one."""
    depth, begun = 1, at
    while at < len(text):
        sign = text[at]
        if sign == "\\":
            at += 1
        elif sign == "(":
            depth += 1
        elif sign == ")":
            depth -= 1
            if not depth:
                return _escape.sub(r"\1", text[begun:at]).strip(), at + 1
        at += 1
    return _escape.sub(r"\1", text[begun:]).strip(), len(text)
