"""HTTP and IRC by hand: requests that end with a blank line, a connection that is kept, a PING that wants its PONG."""

from __future__ import annotations

from tests.console.conftest import text


async def test_an_http_1_0_request_by_hand_ends_with_the_connection(ann, console):
    hand = await console(ann, "http")
    await hand.say("GET / HTTP/1.0", "")
    status = await hand.seen("200", "S")
    assert text(status).startswith("HTTP/1.") and status["outcome"] == "done"
    assert (await hand.closed())["why"] == ""
    request = next(one for one in hand.lines if text(one) == "GET / HTTP/1.0")
    assert request["known"] and request["text"] and request["end"] == "CR LF"
    assert any("text/html" in said for said in hand.texts("S"))
    assert all(one["known"] for one in hand.lines if one["kind"] != "body")


async def test_an_http_1_1_connection_is_kept_and_says_why_it_was_refused(ann, console):
    hand = await console(ann, "http")
    for number in (1, 2):
        await hand.say("GET /request HTTP/1.1", "Host: www.example.com", "")
        await hand.until(
            lambda number=number: sum(said.startswith("HTTP/1.1 200") for said in hand.texts("S")) == number
        )
    assert not any(one["type"] == "closed" for one in hand.told)
    connected = [one for one in hand.texts("-") if "Connected to" in one]
    assert len(connected) == 1
    await hand.say("GET / HTTP/1.1", "")  # RFC 9112, 3.2: without a Host it is 400
    refused = await hand.seen("HTTP/1.1 400", "S")
    assert refused["outcome"] == "refused" and refused["text"]
    await hand.closed()
    assert all(one["known"] for one in hand.lines if one["kind"] != "body")


async def test_irc_by_hand_registers_joins_and_answers_the_ping(ann, console, lab):
    hand = await console(ann, "irc")
    await hand.say(f"PASS ann:{lab.passwords['ann']}", "NICK ann-by-hand", "USER ann 0 * :Ann by hand")
    welcome = await hand.seen(" 001 ann-by-hand ", "S")
    assert welcome["known"] and "lab ann secret" not in str(hand.lines)
    await hand.until(lambda: "JOIN" in hand.hint["next"])
    await hand.say("JOIN #by-hand")
    await hand.seen(" 366 ann-by-hand #by-hand ", "S")
    await hand.say("PING netlab", "PRIVMSG #by-hand :Xin chào")
    assert (await hand.seen("PONG", "S"))["text"]
    await hand.say("QUIT :bye")
    await hand.seen("ERROR", "S")
    assert (await hand.closed())["why"] == ""
    assert all(one["known"] for one in hand.lines)


async def test_a_servers_ping_is_shown_with_what_to_answer(ann, console, scripted):
    async def behave(reader, writer):
        writer.write(b":irc.test 001 ann :Welcome\r\nPING :a1b2\r\n")
        scripted.heard += await reader.readline()
        writer.close()

    hand = await console(ann, server=await scripted.open(behave, "irc"))
    ping = await hand.seen("PING", "S")
    assert "PONG" in ping["text"] + " ".join(ping["details"]) + " ".join(hand.hint["next"])
    await hand.say("PONG :a1b2")
    await hand.closed()
    assert bytes(scripted.heard) == b"PONG :a1b2\r\n"
