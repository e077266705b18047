"""The transcripts' pages: who reads what, and that no secret is on any of them."""

from __future__ import annotations

import pytest
from django.urls import reverse

from accounts.models import SchoolClass, User
from protocols import catalog
from tests.transcripts.conftest import SECRET
from transcripts import blocks
from transcripts.models import Conversation, Transcript


def body_number(row):
    return next(line.number for line, _ in blocks.read(row.conversation, 1) if line.kind == "body")


def page(client, row, name="transcript"):
    return client.get(reverse(name, args=[row.pk]))


def test_the_owner_reads_lines_explanations_and_bodies(client, ann, send):
    row = send()
    client.force_login(ann)
    html = page(client, row).content.decode()
    assert 'id="L1"' in html and "hidden, " in html and "Reveal mine" in html and SECRET not in html
    letter = client.get(reverse("transcript-body", args=[row.pk, body_number(row)]))
    assert "love letter" in letter.content.decode()
    hexed = client.get(reverse("transcript-body", args=[row.pk, body_number(row)]), {"as": "hex"})
    assert hexed.content.startswith(b"000000  ")


def test_only_the_owner_reveals_the_present_password(client, ann, send):
    row = send()
    number = next(line.number for line, _ in blocks.read(row.conversation, 1) if line.hidden)
    where = reverse("transcript-reveal", args=[row.pk, number, 0])
    client.force_login(ann)
    assert client.post(where).content.decode() == SECRET
    assert client.get(where).status_code == 405
    login = ann.logins.get()
    login.secret = "another"
    login.save()
    assert client.post(where).status_code == 404
    client.force_login(User.objects.create_user("eve"))
    assert client.post(where).status_code == 404


def test_a_teacher_reads_lines_and_no_letter_until_it_is_shared(client, ann, send):
    row, tom = send(), User.objects.create_user("tom", role="teacher")
    group = SchoolClass.objects.create(name="NP")
    group.students.add(ann)
    group.teachers.add(tom)
    client.force_login(tom)
    html = page(client, row).content.decode()
    assert "folded, " in html and "love letter" not in html and "Reveal" not in html
    where = reverse("transcript-body", args=[row.pk, body_number(row)])
    assert client.get(where).status_code == 404
    client.force_login(ann)
    client.post(reverse("transcript-share", args=[row.pk]), {"class": group.pk})
    client.force_login(tom)
    assert client.get(where).status_code == 200
    assert page(client, row, "transcript-project").status_code == 200
    client.force_login(ann)
    client.post(reverse("transcript-share", args=[row.pk]))
    client.force_login(tom)
    assert client.get(where).status_code == 404


def test_a_stranger_gets_404_everywhere(client, send):
    row = send()
    client.force_login(User.objects.create_user("eve"))
    for name in ("transcript", "transcript-export", "transcript-project"):
        assert page(client, row, name).status_code == 404
    for name in ("transcript-share", "transcript-pin", "transcript-delete"):
        assert client.post(reverse(name, args=[row.pk])).status_code == 404


def test_the_export_keeps_its_speakers_folds_bodies_and_hides_secrets(client, ann, send):
    row = send()
    client.force_login(ann)
    text = page(client, row, "transcript-export").content.decode()
    assert (
        text.startswith("# netlab transcript")
        and "\nS: 220 " in text
        and "\nC: QUIT" in text.replace("quit", "QUIT")
    )
    assert "[body, " in text and "[hidden " in text and "love letter" not in text and SECRET not in text


@pytest.mark.parametrize("query", ["", "?protocol=smtp", "?outcome=done", "?q=Send", "?page=x&q=%00"])
def test_the_list_is_filtered(client, ann, send, query):
    row = send()
    client.force_login(ann)
    assert row.get_absolute_url() in client.get(reverse("transcripts") + query).content.decode()


def test_an_empty_list_says_what_to_do_and_the_card_too(client, ann):
    client.force_login(ann)
    assert b"No transcripts here" in client.get(reverse("transcripts")).content
    assert b"Send a mail" in client.get(reverse("transcripts-card")).content


def test_deleting_the_last_transcript_of_a_connection_deletes_its_lines(client, ann, send):
    row = send()
    client.force_login(ann)
    client.post(reverse("transcript-delete", args=[row.pk]))
    assert not Transcript.objects.exists() and not Conversation.objects.exists()


def test_what_a_line_means_in_full_is_asked_for_when_it_is_chosen(client, ann, send):
    row = send()
    client.force_login(ann)
    number = next(line.number for line, _ in blocks.read(row.conversation, 1) if b"rcpt" in line.raw)
    told = client.get(reverse("transcript-line", args=[row.pk, number])).content.decode()
    assert "RFC 5321" in told and "May come next" in told and "Type this yourself" in told
    assert "RFC 5321" not in page(client, row).content.decode()
    assert client.get(reverse("transcript-line", args=[row.pk, 9999])).status_code == 404
    client.force_login(User.objects.create_user("eve"))
    assert client.get(reverse("transcript-line", args=[row.pk, number])).status_code == 404


def test_a_class_finds_what_was_shared_with_it(client, ann, send):
    group = SchoolClass.objects.create(name="NP")
    group.students.add(ann)
    shared, own = send(), send()
    Transcript.objects.filter(pk=shared.pk).update(shared_with=group)
    client.force_login(ann)
    found = client.get(reverse("transcripts"), {"whose": group.pk}).content.decode()
    assert shared.get_absolute_url() in found and f'"{own.get_absolute_url()}"' not in found
    ben = User.objects.create_user("ben")
    group.students.add(ben)
    client.force_login(ben)
    assert shared.get_absolute_url() in client.get(reverse("transcripts")).content.decode()
    assert (
        shared.get_absolute_url()
        not in client.get(reverse("transcripts"), {"whose": "mine"}).content.decode()
    )


def test_counted_things_stand_in_the_singular_where_there_is_one():
    assert catalog.phrase("imap.data.SEARCH", {"count": 1}) == "1 message matches."
    assert catalog.phrase("imap.data.SEARCH", {"count": 0}) == "0 messages match."
    assert catalog.phrase("imap.data.SEARCH", {"count": "1"}, "vi") == "1 thư phù hợp."


def test_who_reads_on_gets_each_line_explained_as_who_reads_it_whole(ann, send):
    row = send()
    whole = list(blocks.read(row.conversation, 1))
    reading, parts = blocks.Reading(row.conversation), []
    for first in range(1, len(whole) + 1, 3):
        parts += reading.read(first, first + 2)
    assert parts == whole and list(reading.read(5, 6)) == whole[4:6]
