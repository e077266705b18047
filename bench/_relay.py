"""The floor for bench.files: HTTP in, FTP out, twenty lines of asyncio that know no names, no tickets, no errors."""

from __future__ import annotations

import asyncio
import sys


async def carry(source: asyncio.StreamReader, target: asyncio.StreamWriter, left: int) -> None:
    while left > 0 and (chunk := await source.read(262_144)):
        target.write(chunk)
        await target.drain()
        left -= len(chunk)


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:  # somebody looked whether the port is open
        writer.close()
        return
    verb, path = head.split(" ")[:2]
    control, say = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
    for line in (f"USER {sys.argv[2]}", f"PASS {sys.argv[3]}", "TYPE I", "EPSV"):
        say.write(f"{line}\r\n".encode())
        while (answer := await control.readline())[:3] not in (b"331", b"230", b"200", b"229"):
            pass
    source, target = await asyncio.open_connection("127.0.0.1", int(answer.split(b"|||")[1].split(b"|")[0]))
    say.write(f"{'RETR' if verb == 'GET' else 'STOR'} {path}\r\n".encode())
    await control.readline()
    if verb == "GET":
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        await carry(source, writer, 1 << 62)
    else:
        await carry(reader, target, int(head.lower().split("content-length:")[1].split()[0]))
        target.close()
        await control.readline()
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    writer.close()


async def main() -> None:
    async with await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[4]), limit=262_144) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
