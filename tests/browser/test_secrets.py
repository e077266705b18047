"""What is typed into a password field, or stands in an address, is in no row and in no transcript."""

from __future__ import annotations

import json

import pytest
from django.core.management import call_command

from browser.models import Exchange, SignIn
from transcripts import blocks
from transcripts.models import Conversation, Transcript
from transcripts.writer import writer

SECRET = "hunter2-and-more"


def everything_stored(tmp_path) -> str:
    """Every row of every table, and every recorded line."""
    out = tmp_path / "dump.json"
    call_command("dumpdata", "browser", "transcripts.Transcript", output=str(out), verbosity=0)
    writer().flush()
    lines = [line.raw for one in Conversation.objects.all() for line, _ in blocks.read(one, 1)]
    return out.read_text() + b"\n".join(lines).decode("utf-8", "replace")


def fill(web, method: str, enctype: str = "", name: str = "geheim", action: str = "/request"):
    entries = [{"name": "user", "value": "ann"}, {"name": name, "value": SECRET}, {"name": "x", "value": "1"}]
    return web.press(
        "/web/fill/", action=f"{web.site}{action}", method=method, enctype=enctype, entries=json.dumps(entries),
        secret=json.dumps([name]),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("method", "enctype"),
    [("get", ""), ("post", ""), ("post", "multipart/form-data")],
    ids=["get", "post", "parts"],
)
@pytest.mark.parametrize("name", ["geheim", "mật khẩu", "p[0]"])
def test_a_password_field_is_hidden_by_its_type_whatever_its_name(web, tmp_path, method, enctype, name):
    fill(web, method, enctype, name)
    assert web.last.code == 200
    # The server got it: its page repeats the address, or counts the body.
    assert (SECRET in web.body) == (
        method == "get"
    ) and f"body of {len(web.last.asked['body'])} bytes" in web.body
    stored = everything_stored(tmp_path)
    assert SECRET not in stored and "user" in stored and "ann" in stored
    for pane in ("page", "headers", "source", "cookies", "history"):
        page = web.show(pane)
        assert pane == "source" or SECRET not in page
    assert SECRET not in web.said()


def test_an_address_with_a_secret_is_masked_and_still_the_same_when_it_is_asked_again(web, tmp_path):
    web.open(f"/request?user=ann&code={SECRET}&access_token={SECRET}#top")
    shown = f"{web.site}/request?user=ann&code=***&access_token=***#top"
    assert web.last.url == shown and web.last.whole == shown.replace("***", SECRET)
    assert f'data-address="{shown.replace("&", "&amp;")}"' in web.html and SECRET in web.body
    for again in (lambda: web.press("/web/go/", verb="reload"), lambda: web.open(shown)):
        again()
        assert web.last.whole.count(SECRET) == 2 and web.body.count(SECRET) == 2
    assert SECRET not in everything_stored(tmp_path) and Transcript.objects.count() == 3


def test_a_redirect_that_carries_a_secret_is_followed_whole_and_shown_masked(web, tmp_path):
    web.open(f"/cookies/set?name=token&value=x&password={SECRET}")
    fill(web, "post", action="/redirect/307")
    assert SECRET not in everything_stored(tmp_path)
    assert web.exchanges[1].method == "POST" and SECRET.encode() in web.exchanges[1].asked["body"]


def test_a_name_and_password_in_an_address_become_a_sign_in(web, tmp_path, lab):
    site = web.site.replace("http://", f"http://ann:{lab.passwords['ann']}@")
    web.open(f"{site}/private/")
    assert web.last.code == 200 and "You are <strong>ann" in web.body
    assert web.last.url == f"{web.site}/private/" and "taken out of the address" in web.html
    assert SignIn.objects.get().user == "ann"
    assert lab.passwords["ann"] not in everything_stored(tmp_path)


def test_a_name_and_password_for_a_site_that_is_not_listed_are_not_kept(web, tmp_path):
    web.open(f"http://ann:{SECRET}@elsewhere.example/")
    assert web.last.state == "failed" and not SignIn.objects.exists()
    assert "taken out of the address" not in web.show("page") and SECRET not in everything_stored(tmp_path)


def test_a_copy_of_another_secret_address_is_not_taken_for_this_one(web):
    web.open("/cache/fresh?key=one-secret").open("/cache/fresh?key=two-secrets")
    assert not web.last.kept and Exchange.objects.filter(url__endswith="key=***", kind="page").count() == 2
    assert web.open("/cache/fresh?key=two-secrets").last.kept
