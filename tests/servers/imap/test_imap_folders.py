"""Folders at the lab's IMAP server: selected, made, renamed, deleted under somebody's hands."""


def test_select_tells_all_that_rfc_3501_asks_for(ann):
    talk = ann(select="")
    talk.append()
    told = "\n".join(talk.ok("SELECT inbox"))
    for line in ("* FLAGS (", "* 1 EXISTS", "* 1 RECENT", "[UNSEEN 1]", "[UIDVALIDITY ", "[UIDNEXT 2]"):
        assert line in told
    assert r"PERMANENTFLAGS (\Answered" in told and r"\*" in told
    assert "a OK [READ-WRITE]" in told


def test_recent_is_shown_to_one_session_only(ann):
    first = ann()
    first.append()
    second = ann(select="")
    assert "* 0 RECENT" in second.ok("SELECT INBOX")
    assert r"\Recent" in first.ok("FETCH 1 FLAGS")[0]
    assert r"\Recent" not in second.ok("FETCH 1 FLAGS")[0]


def test_examine_changes_nothing(ann):
    writer = ann(select="")
    writer.append()
    reader = ann(select="")
    assert "a OK [READ-ONLY]" in reader.ok("EXAMINE INBOX")[-1]
    reader.ok("FETCH 1 BODY[]")
    assert reader.ask(r"STORE 1 +FLAGS (\Seen)")[-1].startswith("a NO [READ-ONLY]")
    assert reader.ask("EXPUNGE")[-1].startswith("a NO [READ-ONLY]")
    assert "* 1 RECENT" in writer.ok("SELECT INBOX")
    assert r"\Seen" not in writer.ok("FETCH 1 FLAGS")[0]


def test_folders_are_created_listed_subscribed_renamed_and_deleted(ann):
    talk = ann(select="")
    talk.ok("CREATE work/2026")
    told = talk.ok('LIST "" %')
    assert '* LIST (\\Noselect \\HasChildren) "/" work' in told
    assert '* LIST (\\HasNoChildren \\Sent) "/" Sent' in told
    talk.ok('RENAME work/2026 "Th&AbA-"')
    assert '* LIST (\\HasNoChildren) "/" Th&AbA-' in talk.ok('LIST "" Th*')
    talk.ok("SUBSCRIBE Th&AbA-")
    assert '* LSUB () "/" Th&AbA-' in talk.ok('LSUB "" *')
    talk.ok("UNSUBSCRIBE Th&AbA-")
    talk.ok("DELETE Th&AbA-")
    assert talk.ask("DELETE Th&AbA-")[-1].startswith("a NO [NONEXISTENT]")
    assert talk.ask("CREATE inbox")[-1].startswith("a NO [ALREADYEXISTS]")
    assert talk.ask("SELECT Th&AbA-")[-1].startswith("a NO [NONEXISTENT]")


def test_a_delete_that_is_refused_leaves_the_mailbox_selected(ann):
    talk = ann()
    assert talk.ask("DELETE INBOX")[-1].startswith("a NO")
    talk.ok("CHECK")  # which only a selected mailbox can be asked


def test_a_folder_deleted_under_a_session_ends_it_with_a_word(ann):
    talk = ann(select="")
    talk.ok("CREATE brief")
    other = ann(select="brief")
    talk.ok("DELETE brief")
    other.send("b NOOP\r\n")
    assert "was deleted" in other.line()
