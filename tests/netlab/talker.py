"""Somebody at a running lab's Chat, without a browser: a socket, what it was told, and the history."""

from __future__ import annotations

import json
import threading
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.netlab.visitor import Visitor


class Talker:
    """A tab of ``visitor``'s. ``told`` grows while it is open."""

    def __init__(self, port: int, visitor: Visitor) -> None:
        self.visitor = visitor
        visitor.get("/chat/")
        self.told: list[dict[str, Any]] = []
        self._socket = connect(
            f"ws://127.0.0.1:{port}/ws/chat/",
            origin=f"http://127.0.0.1:{port}",
            additional_headers={"Cookie": visitor.cookie},
        )
        self._number = 0
        threading.Thread(target=self._read, daemon=True).start()

    def channel(self, name: str) -> dict[str, Any] | None:
        """How the window of a channel stands, as it was told last."""
        found = None
        for one in list(self.told):
            if one["told"] == "state":
                found = next((row for row in one["windows"] if row["name"] == name), found)
            elif one["told"] == "window" and one["name"] == name:
                found = one
        return found

    def say(self, talk: int, text: str) -> int:
        """Say something; return the number under which it is answered."""
        self._number += 1
        self._socket.send(json.dumps({"do": "say", "c": talk, "text": text, "n": self._number}))
        return self._number

    def look(self) -> None:
        """Ask how everything stands, as a page does that is told to look anew."""
        self._socket.send(json.dumps({"do": "state"}))

    def answer(self, number: int) -> str:
        """How words were answered: taken, refused, or "" while they are not."""
        return next((one["told"] for one in list(self.told) if one.get("n") == number and "k" not in one), "")

    def history(self, talk: int) -> list[str]:
        """What was said, as the page reads it."""
        told = json.loads(self.visitor.get(f"/chat/talk/{talk}/history/"))
        return [one["x"] for one in told["lines"] if one["k"] == "privmsg"]

    def close(self) -> None:
        self._socket.close()

    def _read(self) -> None:
        try:
            for text in self._socket:
                self.told.extend(json.loads(text))
        except ConnectionClosed:
            return
