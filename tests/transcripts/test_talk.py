"""What people said in IRC stays folded for whoever may not read bodies; the lines themselves do not."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import SchoolClass, Server, User
from protocols import tap
from protocols.line import Hidden, Line
from protocols.login import Address, Limits
from transcripts import shown
from transcripts.models import Transcript
from transcripts.pieces import Piece, cut
from transcripts.recorder import open_recording

WORDS = "the answer is forty-two"


@pytest.fixture
def chatted(transactional_db, ngircd):
    """Ann's recorded talk with Debian's ngIRCd."""
    ann = User.objects.create_user("ann", password="x")
    row = Server.objects.create(
        protocol="irc", name="t", host="localhost", port=ngircd.port, security="plain", address="127.0.0.1"
    )
    recording = open_recording(owner=ann, server=row)
    try:
        with recording.transcript("Chat") as action:
            address = Address("irc", "localhost", "127.0.0.1", ngircd.port, "plain")
            with tap.connect(address, recording.sink, Limits()) as sock, sock.makefile("rb") as heard:
                sock.sendall(
                    b"NICK ann\r\nUSER ann 0 * :Ann\r\nPRIVMSG NickServ :IDENTIFY old-shoe-77\r\nJOIN #lab\r\n"
                )
                sock.sendall(f"PRIVMSG #lab :{WORDS}\r\nTOPIC #lab :{WORDS}\r\n".encode())
                for line in heard:
                    if b"TOPIC #lab" in line:
                        break
    finally:
        recording.close()
    return Transcript.objects.get(pk=action.id)


def said(client, person, row, name="transcript"):
    client.force_login(person)
    return client.get(reverse(name, args=[row.pk])).content.decode()


def test_talk_is_folded_for_a_teacher_and_read_by_its_owner_and_the_class_it_is_shared_with(client, chatted):
    tom, ann = User.objects.create_user("tom", role="teacher"), chatted.owner
    group = SchoolClass.objects.create(name="NP")
    group.students.add(ann)
    group.teachers.add(tom)
    for name in ("transcript", "transcript-export"):
        own, seen = said(client, ann, chatted, name), said(client, tom, chatted, name)
        assert WORDS in own and WORDS not in seen
        assert f"folded {len(WORDS)} bytes" in seen or f"folded, {len(WORDS)} bytes" in seen
        assert "PRIVMSG #lab :" in seen and "JOIN" in seen and "old-shoe" not in own + seen
    assert WORDS not in said(client, ann, chatted, "transcript-project")
    chatted.shared_with = group
    chatted.save()
    assert WORDS in said(client, tom, chatted) and WORDS in said(client, tom, chatted, "transcript-export")


def test_no_view_of_the_lines_gives_away_what_is_folded(client, chatted):
    shut, opened = (repr(shown.lines(chatted, 1, bodies=bodies)) for bodies in (False, True))
    assert WORDS in opened and WORDS not in shut and "forty" not in shut
    rows = shown.bytes_of(chatted, 1)
    assert sum("folded" in piece for row in rows for piece in row["pieces"]) >= 2
    assert "74 68 65 20 61 6e 73 77" not in repr(rows) and "74 68 65 20" in repr(
        shown.bytes_of(chatted, 1, bodies=True)
    )


def test_every_line_of_a_real_conversation_is_explained(client, chatted):
    html = said(client, chatted.owner, chatted)
    assert "Nothing is known of this line." not in html
    assert "Registration is complete: you are ann here." in html
    assert '<span class="badge done">001</span>' in html and "+n: No messages from outside" not in html


@pytest.mark.parametrize(
    ("raw", "hidden", "fold", "pieces"),
    [
        (b"abcdef", (), None, [Piece(b"abcdef")]),
        (b"abcdef", (), (2, 4), [Piece(b"ab"), Piece(folded=2), Piece(b"ef")]),
        (b"abcdef", (3,), (2, 6), [Piece(b"ab"), Piece(folded=9), Piece(b"")]),
        (
            b"abcdef",
            (1,),
            (2, 6),
            [Piece(b"a"), Piece(hidden=5, index=0), Piece(b"b"), Piece(folded=4), Piece(b"")],
        ),
        (
            b"abcdef",
            (5,),
            (1, 3),
            [Piece(b"a"), Piece(folded=2), Piece(b"de"), Piece(hidden=5, index=0), Piece(b"f")],
        ),
    ],
)
def test_a_line_is_cut_at_its_secrets_and_at_its_talk(raw, hidden, fold, pieces):
    line = Line("C", raw, hidden=tuple(Hidden(at, 5, "password") for at in hidden))
    assert list(cut(line, fold)) == pieces
