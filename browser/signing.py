"""Signing in at a site (Basic, RFC 7617): what is said again to it, below the folder where it was asked for."""

from __future__ import annotations

import base64

from accounts.models import User
from browser.models import Fields, SignIn
from protocols.url import whatwg
from protocols.url.dissect import decoded


def remember(person: User, url: str, user: str, password: str) -> None:
    """Keep name and password, sealed, for the folder of ``url`` and what is below it (section 2.2)."""
    seen = whatwg.read(url)
    if seen is None:
        return
    where = {"person": person, "origin": seen.origin, "path": seen.pathname.rpartition("/")[0] + "/"}
    row = SignIn.objects.filter(**where).first() or SignIn(**where)
    row.user, row.field = user[:200], "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    row.save()


def forget(person: User, url: str) -> None:
    """Keep nothing for the site of ``url``: it is none that anybody here may ask."""
    if seen := whatwg.read(url):
        SignIn.objects.filter(person=person, origin=seen.origin).delete()


def going(person: User, url: str) -> Fields:
    """The field that goes along to ``url``; none where nobody signed in."""
    seen = whatwg.read(url)
    if seen is None:
        return []
    rows = SignIn.objects.filter(person=person, origin=seen.origin)
    below = [row for row in rows if seen.pathname.startswith(row.path)]
    return [("Authorization", max(below, key=lambda row: len(row.path)).field)] if below else []


def taken_out(url: str) -> tuple[str, str, str]:
    """``http://user:password@host/`` as the address without both, the user name and the password, decoded."""
    seen = whatwg.read(url)
    if seen is None or not (seen.username or seen.password):
        return url, "", ""
    return (
        f"{seen.protocol}//{seen.host}{seen.pathname}{seen.search}{seen.hash}",
        decoded(seen.username),
        decoded(seen.password),
    )
