"""Where a person's files are: each FTP server they have a login at, and the lab's public folder."""

from __future__ import annotations

from django.conf import settings

from accounts import reach
from accounts.models import Login, Server, User
from protocols.errors import Unreachable
from protocols.login import Credentials
from webftp.models import Site


def of(person: User) -> list[Site]:
    """Return the sites of ``person``, made where they are new: the lab's first."""
    servers = Server.objects.filter(protocol="ftp", enabled=True)
    wanted = [(pk, False) for pk in servers.filter(logins__person=person).values_list("pk", flat=True)]
    wanted += [(pk, True) for pk in servers.filter(lab=True).values_list("pk", flat=True)]
    have = set(Site.objects.filter(person=person).values_list("server_id", "anonymous"))
    new = [Site(person=person, server_id=pk, anonymous=how) for pk, how in wanted if (pk, how) not in have]
    Site.objects.bulk_create(new, ignore_conflicts=True)
    rows = Site.objects.filter(person=person).select_related("server", "person")
    known = {(row.server_id, row.anonymous): row for row in rows}
    return sorted((known[key] for key in wanted if key in known), key=_rank)


def one(person: User, pk: int) -> Site | None:
    """Return that site of ``person``; None where it is not theirs (any more)."""
    return next((site for site in of(person) if site.pk == pk), None)


def meant(person: User, server: Server, user: str) -> Site | None:
    """Return the site that an address with this ``user`` means; None where the person has no such login.

    Without a user it is ``anonymous`` (RFC 1738, 3.2.1), or one's own where the server has no anonymous site.
    """
    here = [site for site in of(person) if site.server_id == server.pk]
    if user:
        return next((site for site in here if site.user_name == user), None)
    return next((site for site in here if site.anonymous), here[0] if here else None)


def place(path: str) -> tuple[str, str]:
    """Cut an address's path into the folder to show and the file to look for in it, "" for none.

    ``;type=a`` and ``;type=i`` mean a file (RFC 1738, 3.2.2). Of any other path only the server can tell: it is shown
    as a folder, and where it turns out to be a file, in the folder that it is in (``tasks.list_folder``).
    """
    path, _, kind = path.partition(";type=")
    path = f"/{path.strip('/')}"
    folder, _, last = path.rpartition("/")
    return (folder or "/", last) if kind in ("a", "i") else (path, "")


def credentials(site: Site) -> Credentials:
    """Return what to sign in with; Unreachable where the person is disabled or has no login there any more."""
    if site.anonymous:
        if not site.person.is_active:
            raise Unreachable("disabled", cause="not-in-use", host=site.server.host)
        # By custom one's own address (RFC 1635): a course's server greets by it, and it is no secret.
        return Credentials("anonymous", f"{site.person.username}@{settings.DOMAIN}")
    login = Login.objects.select_related("person", "server").filter(person=site.person, server=site.server)
    found = login.first()
    if found is None:
        raise Unreachable("no login there", cause="not-in-use", host=site.server.host)
    return reach.credentials(found)


def _rank(site: Site) -> tuple:
    return (not site.server.lab, site.anonymous, site.server.name, site.pk)
