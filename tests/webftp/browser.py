"""What a browser does with files, without one: its requests go through the whole ASGI application, chunk by chunk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from asgiref.sync import async_to_sync

from netlab.asgi import application
from webftp import warm


@dataclass
class Answer:
    """An HTTP answer; ``whole`` False where it broke off."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    whole: bool = False


class Once:
    """Something that is done, in a thread, once so many bytes are there."""

    def __init__(self, size: int = 0, do: Callable[[], object] | None = None) -> None:
        self._size, self._do = size, do

    async def take(self, size: int) -> None:
        if self._do is not None and size >= self._size:
            do, self._do = self._do, None
            await asyncio.to_thread(do)


class Tab:
    """A tab of the person whom ``client`` is signed in as."""

    def __init__(self, client) -> None:
        self.client = client

    def ask(self, url: str, **more) -> Answer:
        """One request for a file's URL; see ``talk``."""

        async def whole() -> Answer:
            try:
                return await self.talk(url, **more)
            finally:
                await warm.close()  # what stands idle belongs to this loop, which ends here

        return async_to_sync(whole)()

    async def talk(
        self,
        url: str,
        method: str = "GET",
        chunks: Iterable[bytes] = (),
        length: int | None = None,
        leave_after: int | None = None,
        after: tuple[int, Callable[[], object]] | None = None,
        pause: float = 0,
        **headers: str,
    ) -> Answer:
        """``leave_after``: go away after that many chunks sent, or (for GET) bytes received.

        ``after``: once that many bytes were received, do something; nothing more is taken before it is done.
        ``pause``: seconds before each chunk that is sent.
        """
        answer, left = Answer(), asyncio.Event()
        once = Once(*after) if after else Once()
        chunks = list(chunks)
        said = {**headers, "cookie": "; ".join(f"{k}={m.value}" for k, m in self.client.cookies.items())}
        if method == "PUT":
            said["content-length"] = str(length if length is not None else sum(map(len, chunks)))
        sending = iter(enumerate(chunks))

        async def receive():
            if method == "PUT":
                for at, chunk in sending:
                    if leave_after is not None and at >= leave_after:
                        return {"type": "http.disconnect"}
                    last = at == len(chunks) - 1
                    await asyncio.sleep(pause)
                    return {"type": "http.request", "body": chunk, "more_body": not last}
                if not chunks:
                    return {"type": "http.request", "body": b"", "more_body": False}
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            if message["type"] == "http.response.start":
                answer.status = message["status"]
                answer.headers = {
                    name.decode(): value.decode("latin-1") for name, value in message["headers"]
                }
                return
            answer.body += message.get("body", b"")
            answer.whole = not message.get("more_body")
            await once.take(len(answer.body))
            if leave_after is not None and method == "GET" and len(answer.body) >= leave_after:
                left.set()
            await asyncio.sleep(0)

        scope = {
            "type": "http",
            "method": method,
            "path": url,
            "query_string": b"",
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in said.items()],
        }
        await application(scope, receive, send)
        return answer
