"""Somebody at a running lab, without a browser: signs in, reads pages, sends forms."""

from __future__ import annotations

import http.client
import re
from http.cookies import SimpleCookie
from urllib.parse import urlencode


class Visitor:
    """A session with the site on ``port`` of this machine."""

    def __init__(self, port: int, name: str, password: str) -> None:
        self._port, self._cookies = port, SimpleCookie()
        self.get("/sign-in/")
        status, _, _ = self.post("/sign-in/", {"username": name, "password": password})
        assert status == 302, status

    @property
    def cookie(self) -> str:
        """The Cookie header of this session."""
        return "; ".join(f"{one.key}={one.value}" for one in self._cookies.values())

    def get(self, path: str) -> str:
        """The page at ``path``, redirects followed."""
        status, place, page = self._ask("GET", path)
        if status in (301, 302):
            return self.get(place)
        assert status == 200, (status, page)
        return page

    def post(self, path: str, fields: dict[str, str]) -> tuple[int, str, str]:
        """Send a form; return status, Location and body."""
        return self._ask("POST", path, urlencode(fields))

    def send(self, to: str, subject: str, **fields: str) -> str:
        """Write a letter and press Send; return the path of its page."""
        _, place, _ = self._ask("GET", "/mail/compose/")
        sender = re.search(r'<option value="([^"]+@[^"]+)"', self.get(place))
        form = {
            "sender": sender[1],
            "to": to,
            "cc": "",
            "bcc": "",
            "subject": subject,
            "text": "hello",
            **fields,
        }
        status, there, page = self.post(place, form)
        assert status == 302, (status, page)
        return there

    def _ask(self, verb: str, path: str, body: str = "") -> tuple[int, str, str]:
        token = self._cookies["csrftoken"].value if "csrftoken" in self._cookies else ""
        headers = {
            "Cookie": self.cookie,
            "X-CSRFToken": token,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        try:
            connection.request(verb, path, body, headers)
            answer = connection.getresponse()
            for value in answer.headers.get_all("Set-Cookie") or ():
                self._cookies.load(value)
            return answer.status, answer.headers.get("Location", ""), answer.read().decode()
        finally:
            connection.close()
