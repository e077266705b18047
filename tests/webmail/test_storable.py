"""Words of a mail server that PostgreSQL would refuse stop nothing."""

from __future__ import annotations

import pytest

from accounts.models import Login, Server, User
from protocols.imap.responses import Folder as Listed
from webmail.index import store_folders
from webmail.models import Folder, Mailbox


@pytest.mark.django_db
def test_a_folder_with_nul_in_its_name_is_listed_like_any_other():
    server = Server.objects.create(protocol="imap", name="t", host="localhost", port=1, security="plain")
    login = Login(person=User.objects.create_user("ann"), server=server, user_name="ann")
    login.secret = "ann-secret-1"
    login.save()
    mailbox = Mailbox.objects.create(login=login)
    told = [Listed("INBOX", "/", (), ""), Listed("a\0b", "\0", (), ""), Listed("c\ud800d", "/", (), "")]
    for _ in range(2):
        store_folders(mailbox, told)
        assert sorted(Folder.objects.values_list("name", flat=True)) == ["INBOX", "a\ufffdb", "c\ufffdd"]
