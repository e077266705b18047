"""Pages that say what went wrong: in the house's look and the reader's language."""

from __future__ import annotations

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("language", "words"), [("en", "There is nothing here"), ("vi", "Ở đây không có gì")]
)
def test_an_address_that_leads_nowhere_is_told_in_the_readers_language(client, language, words):
    answer = client.get("/nothing/here", headers={"accept-language": language})
    page = answer.content.decode()
    assert answer.status_code == 404 and words in page and 'href="/"' in page and "shell.css" in page


def test_a_page_that_is_not_open_to_a_student_says_so(as_ann):
    answer = as_ann.get("/class/")
    assert answer.status_code == 403 and "your role does not open this page" in answer.content.decode()


def test_a_form_without_its_sign_says_what_to_do(ann):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ann)
    answer = strict.post("/preferences/", {"theme": "dark"})
    assert answer.status_code == 403 and "load the page again" in answer.content.decode()


def test_a_fault_of_the_lab_is_called_one(as_ann, monkeypatch):
    def broken(request):
        raise RuntimeError

    monkeypatch.setattr("accounts.home.programs", broken)
    as_ann.raise_request_exception = False
    answer = as_ann.get("/")
    assert answer.status_code == 500 and "a fault of the lab, not yours" in answer.content.decode()
