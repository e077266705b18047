"""The store: what is kept survives crashes, UIDs stay, and what other programs do is noticed."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from servers.folder import Gone
from servers.maildir import FolderExists, Mailstore, NoFolder
from servers.names import BadName, check, from_disk, to_disk

LETTER = b"From: ann@lab.test\r\nSubject: hello\r\n\r\nbody\r\n"


def opened(root):
    """The inbox as a freshly started server finds it."""
    return Mailstore(root, durable=False).home("ann").folder("INBOX")


def test_a_home_is_made_lazily_with_its_special_folders(tmp_path):
    home = Mailstore(tmp_path, durable=False).home("ann")
    assert home.names() == ["INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash"]
    assert set(home.subscriptions()) == set(home.names())


def test_a_letter_keeps_its_bytes_uid_flags_and_date_across_a_restart(tmp_path):
    uid = opened(tmp_path).deliver(LETTER, ["\\Seen", "$Label1"], when=1_700_000_000)
    entry = opened(tmp_path).list()[0]
    assert (entry.uid, entry.size, entry.internaldate) == (uid, len(LETTER), 1_700_000_000)
    assert entry.flags == {"\\Seen", "$Label1"}
    assert opened(tmp_path).read(uid) == LETTER


def test_a_line_cut_by_a_crash_costs_no_uid_that_was_told(tmp_path):
    folder = opened(tmp_path)
    first, second = folder.deliver(LETTER), folder.deliver(LETTER)
    journal = folder.path / "netlab-index"
    third = folder.deliver(LETTER)
    raw = journal.read_bytes()
    journal.write_bytes(raw[:-7])  # the crash came while the third line was written
    again = opened(tmp_path)
    assert again.uidvalidity == folder.uidvalidity
    assert again.uids() == [first, second, third]
    assert again.deliver(LETTER) == third + 1
    assert opened(tmp_path).uids() == again.uids()


def test_a_crash_between_delivery_and_index_loses_no_letter(tmp_path):
    folder = opened(tmp_path)
    folder.deliver(LETTER)
    (folder.path / "new" / "1700000000.crash.lab").write_bytes(LETTER)
    (folder.path / "tmp" / "half").write_bytes(LETTER[:10])
    again = opened(tmp_path)
    assert again.messages == 2
    assert again.uids() == [1, 2]
    assert again.read(2) == LETTER


def test_a_damaged_index_is_built_anew_under_another_uidvalidity(tmp_path):
    folder = opened(tmp_path)
    folder.deliver(LETTER, ["\\Flagged"])
    (folder.path / "netlab-index").write_bytes(b"\0\0garbage")
    again = opened(tmp_path)
    assert again.uidvalidity > folder.uidvalidity
    assert again.list()[0].flags == {"\\Flagged"}


@pytest.mark.parametrize(
    "what", ["in a line", "between lines", "in an expunge", "a line of noise", "a line twice"]
)
def test_an_index_that_lost_uids_it_told_is_built_anew_under_another_uidvalidity(tmp_path, what):
    folder = opened(tmp_path)
    for _ in range(6):
        folder.deliver(LETTER)
    folder.expunge([2])
    journal = folder.path / "netlab-index"
    lines = journal.read_bytes().splitlines(keepends=True)
    damaged = {
        "in a line": [*lines[:5], lines[5][:9]],
        "between lines": lines[:5],
        "in an expunge": [*lines[:-1], lines[-1][:4]],
        "a line of noise": [*lines[:4], b"\0" * 40 + b"\n", *lines[5:]],
        "a line twice": [*lines, lines[-2]],
    }[what]
    journal.write_bytes(b"".join(damaged))
    again = opened(tmp_path)
    assert again.uidvalidity > folder.uidvalidity  # RFC 9051, 2.3.1.1
    assert again.uids() == [1, 2, 3, 4, 5]
    assert opened(tmp_path).uidvalidity == again.uidvalidity


def test_files_of_other_programs_are_no_sign_of_a_damaged_index(tmp_path):
    folder = opened(tmp_path)
    folder.deliver(LETTER)
    for number in range(3):
        (folder.path / "new" / f"170000000{number}.other.host").write_bytes(LETTER)
    again = opened(tmp_path)
    assert (again.uidvalidity, again.uids()) == (folder.uidvalidity, [1, 2, 3, 4])


@given(cut=st.integers(0, 400), noise=st.binary(max_size=30))
def test_no_damage_to_the_index_raises_or_gives_a_uid_twice(tmp_path_factory, cut, noise):
    root = tmp_path_factory.mktemp("home")
    folder = opened(root)
    for _ in range(4):
        folder.deliver(LETTER)
    folder.expunge([2])
    journal = folder.path / "netlab-index"
    raw = journal.read_bytes()
    journal.write_bytes(raw[:cut] + noise + raw[cut + len(noise) :])
    again = opened(root)
    assert again.messages == 3
    assert len(set(again.uids())) == 3
    assert again.deliver(LETTER) == max(again.uids())


def test_an_expunged_uid_is_never_given_again(tmp_path):
    folder = opened(tmp_path)
    uid = folder.deliver(LETTER)
    folder.expunge([uid])
    assert opened(tmp_path).deliver(LETTER) == uid + 1


def test_a_file_that_another_program_drops_into_new_is_noticed(tmp_path):
    folder = opened(tmp_path)
    told = []
    folder.listen(told.append)
    (folder.path / "new" / "1700000000.other.host").write_bytes(b"A: b\n\nline\n")
    assert folder.refresh()
    assert folder.read(1) == b"A: b\r\n\r\nline\r\n"
    assert folder.list()[0].size == len(b"A: b\r\n\r\nline\r\n")
    assert told == [folder]
    assert not folder.refresh()


def test_flags_and_deletions_of_another_program_are_noticed(tmp_path):
    folder = opened(tmp_path)
    folder.deliver(LETTER)
    folder.deliver(LETTER)
    before = folder.modseq
    first, second = (entry.path for entry in folder.list())
    Path(first).rename(first.replace("/new/", "/cur/") + ":2,FS")
    Path(second).unlink()
    folder.rescan()
    assert folder.uids() == [1]
    assert folder.entry(1).flags == {"\\Flagged", "\\Seen"}
    assert set(folder.changes(before)) == {1, 2}


def test_what_hides_behind_our_own_work_is_found_by_verify(tmp_path):
    folder = opened(tmp_path)
    folder.deliver(LETTER)
    (folder.path / "new" / "1700000000.other.host").write_bytes(LETTER)
    folder._stamp = folder._stamps()  # the other program came in the same tick of the clock
    folder.deliver(LETTER)
    folder.verify()
    assert folder.messages == 3


def test_recent_is_given_to_one_session_only_even_across_a_restart(tmp_path):
    folder = opened(tmp_path)
    folder.deliver(LETTER)
    assert folder.claim_recent() == {1}
    assert folder.claim_recent() == set()
    assert not list((folder.path / "new").iterdir())
    assert opened(tmp_path).claim_recent() == set()


def test_copying_keeps_flags_keywords_and_date(tmp_path):
    home = Mailstore(tmp_path, durable=False).home("ann")
    inbox, sent = home.folder("INBOX"), home.folder("Sent")
    inbox.deliver(LETTER, ["\\Seen", "work"], when=1_700_000_000)
    assert inbox.copy([1, 99], sent) == [(1, 1)]
    copied = sent.list()[0]
    assert (copied.flags, copied.internaldate) == ({"\\Seen", "work"}, 1_700_000_000)
    inbox.expunge([1])
    assert sent.read(1) == LETTER


def test_reading_a_message_that_is_gone_says_so(tmp_path):
    with pytest.raises(Gone):
        opened(tmp_path).read(7)


def test_renaming_takes_what_lies_below_along_and_inbox_keeps_its_place(tmp_path):
    home = Mailstore(tmp_path, durable=False).home("ann")
    home.create("work/2026")
    home.create("work")
    home.folder("work").deliver(LETTER)
    home.rename("work", "old")
    assert "old/2026" in home.names()
    assert home.folder("old").messages == 1
    home.deliver(LETTER)
    home.rename("INBOX", "kept")
    assert (home.folder("INBOX").messages, home.folder("kept").messages) == (0, 1)
    with pytest.raises(FolderExists):
        home.rename("old", "kept")
    with pytest.raises(BadName):
        home.rename("old", "old/inner")


def test_deleting_a_folder_leaves_those_below_it(tmp_path):
    home = Mailstore(tmp_path, durable=False).home("ann")
    home.create("a")
    home.create("a/b")
    home.delete("a")
    assert "a/b" in home.names()
    assert "a" not in home.names()
    with pytest.raises(NoFolder):
        home.folder("a")
    with pytest.raises(BadName):
        home.delete("INBOX")


def test_a_folder_made_again_has_another_uidvalidity(tmp_path):
    home = Mailstore(tmp_path, durable=False).home("ann")
    first = home.create("a").uidvalidity
    home.delete("a")
    assert home.create("a").uidvalidity > first


def test_removing_a_person_removes_their_mail(tmp_path):
    store = Mailstore(tmp_path, durable=False)
    store.home("ann").deliver(LETTER)
    store.remove("ann")
    assert not store.exists("ann")


@given(st.text(min_size=1, max_size=40))
def test_every_name_that_is_allowed_comes_back_from_the_disk(name):
    try:
        name = check(name)
        directory = to_disk(name)
    except (BadName, UnicodeEncodeError):
        return
    assert "/" not in directory
    assert name == "INBOX" or check(from_disk(directory)) == name


@pytest.mark.parametrize("name", ["", "/", "a//b", "/a", "a\nb", "a\0", "x" * 300, "é" * 120])
def test_names_that_cannot_be_are_refused_with_a_reason(name):
    with pytest.raises(BadName) as refused:
        check(name)
    assert "name" in str(refused.value)


def test_a_user_name_cannot_leave_the_mail_root(tmp_path):
    store = Mailstore(tmp_path / "mail", durable=False)
    for user in ("../out", "..", ".", "a/b"):
        assert (tmp_path / "mail") == store.home(user).path.parent


def test_twenty_thousand_letters_are_known_again_after_a_restart_and_warm_at_once(tmp_path):
    folder = opened(tmp_path)
    for number in range(20_000):
        (folder.path / "cur" / f"17{number:08}.M1P1Q{number}.lab,S=44,W=44:2,S").touch()
    folder.rescan()
    start = time.perf_counter()
    again = opened(tmp_path)
    assert time.perf_counter() - start < 5
    assert (again.messages, again.unseen) == (20_000, 0)
    assert min(_timed(again.refresh) for _ in range(20)) < 0.005


def _timed(work):
    start = time.perf_counter()
    assert not work()
    return time.perf_counter() - start
