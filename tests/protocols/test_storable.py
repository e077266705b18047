"""What a database refuses is out of a server's words before anybody stores them; on SQLite it would be taken."""

from __future__ import annotations

from protocols.errors import Refused, Unreachable
from protocols.smtp.client import _reply
from protocols.storable import storable


def test_nul_and_halves_of_signs_are_out_of_all_that_a_value_holds():
    value = {"a\0": ["b\ud800", ("c", 1, None, True)], "d": "tiếng Việt 😀"}
    assert storable(value) == {"a\ufffd": ["b\ufffd", ["c", 1, None, True]], "d": "tiếng Việt 😀"}


def test_an_error_carries_none_of_them():
    error = Refused("5\0", "no\0pe", host="a\ud800b", seconds=3)
    assert (error.code, error.text, str(error)) == ("5\ufffd", "no\ufffdpe", "no\ufffdpe")
    assert error.params == {"code": "5\ufffd", "host": "a\ufffdb", "seconds": 3}
    assert Unreachable("x", cause="lost").key == "error.unreachable.lost"


def test_the_answer_that_a_recipient_is_shown_carries_none_of_them():
    assert _reply(250, b"2.0.0 queued as \0 7").text == "queued as \ufffd 7"
