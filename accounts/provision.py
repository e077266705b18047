"""Give people their mailbox: a login at each of the lab's servers, all with one generated lab password."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import transaction

from accounts import passwords, secrets
from accounts.models import Login, SchoolClass, Server, User

DEMO = (
    ("ann", "Ann", "Nguyễn", User.Role.STUDENT),
    ("ben", "Ben", "Trần", User.Role.STUDENT),
    ("friend", "Friend", "", User.Role.STUDENT),
    ("tom", "Tom", "Hall", User.Role.TEACHER),
    ("admin", "", "", User.Role.ADMIN),
)
"""``friend`` is the course's own: friend@example.com, to whom its first letter goes."""
DEMO_CLASS = "Network Programming"


def address_of(person: User) -> str:
    """Return the mail address of ``person`` in the lab."""
    return f"{person.username}@{settings.DOMAIN}"


def lab_password(person: User) -> str:
    """Return the lab password of ``person``, empty where there is none or the key that opens it is gone."""
    return _known_passwords([person]).get(person.pk, "")


def provision(person: User, lab_password: str | None = None) -> str:
    """Give ``person`` a login at every lab server and return their lab password.

    Without ``lab_password`` they keep the one they have, or get a generated one. Where the lab servers have
    never run there is nothing to log in to: the answer is empty, and ``provision_all`` makes up for it.
    """
    return provision_many([person], lab_password)[person.pk]


def renew(person: User) -> str:
    """Give ``person`` a new lab password and return it, empty where there are no lab servers yet."""
    return provision(person, passwords.generate(2))


def provision_all() -> int:
    """Provision everybody who lacks a login at a lab server; return how many people that were.

    Where NETLAB_DEMO_PASSWORD is set, it becomes the lab password of the demo people again.
    """
    people = [person for person in User.objects.all() if _demo_password(person)]
    count = Server.objects.filter(lab=True).count()
    have = Login.objects.filter(server__lab=True).values_list("person_id", flat=True)
    logins: dict[int, int] = {}
    for pk in have:
        logins[pk] = logins.get(pk, 0) + 1
    lacking = [person for person in User.objects.all() if logins.get(person.pk, 0) < count]
    provision_many({person.pk: person for person in [*people, *lacking]}.values())
    return len(lacking)


@transaction.atomic
def provision_many(people: Iterable[User], lab_password: str | None = None) -> dict[int, str]:
    """As ``provision`` for many people, in few queries; return each one's lab password by primary key."""
    people = list(people)
    servers = list(Server.objects.filter(lab=True))
    known = _known_passwords(people)
    given: dict[int, str] = {}
    rows = []
    for person in people:
        secret = lab_password or _demo_password(person) or known.get(person.pk) or passwords.generate(2)
        given[person.pk] = secret if servers else ""
        rows += [_login(person, server, secret) for server in servers]
    Login.objects.bulk_create(
        rows,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["person", "server"],
        update_fields=["user_name", "addresses", "sealed"],
    )
    return given


def demo() -> list[tuple[str, str, str | None]]:
    """Make the demo people and their class; return ``(user name, role, site password)`` of each.

    The password is None for those who were there already and keep theirs. NETLAB_DEMO_PASSWORD sets
    everybody's, on the site and at the lab servers, at every start.
    """
    made = [_demo_person(*row) for row in DEMO]
    provision_all()
    return made


def _demo_person(username: str, first: str, last: str, role: str) -> tuple[str, str, str | None]:
    person, new = User.objects.get_or_create(
        username=username, defaults={"first_name": first, "last_name": last, "role": role}
    )
    password = None
    if settings.DEMO_PASSWORD:
        password = settings.DEMO_PASSWORD
        if not person.check_password(password):
            person.set_password(password)
    elif new:
        password = passwords.generate()
        person.password = passwords.hash_generated(password)
    if password:
        person.save(update_fields=["password"])
    if new:
        _enrol(person)
    return username, str(person.role), password


def _enrol(person: User) -> None:
    group, _ = SchoolClass.objects.get_or_create(name=DEMO_CLASS)
    if person.role == User.Role.TEACHER:
        group.teachers.add(person)
    elif person.role == User.Role.STUDENT:
        group.students.add(person)


def _demo_password(person: User) -> str:
    demo = settings.DEMO and person.username in {row[0] for row in DEMO}
    return settings.DEMO_PASSWORD if demo else ""


def _known_passwords(people: list[User]) -> dict[int, str]:
    """The lab passwords people have; asked in pieces, for SQLite takes a bounded number of parameters."""
    found: dict[int, str] = {}
    for start in range(0, len(people), 500):
        piece = people[start : start + 500]
        for login in Login.objects.filter(server__lab=True, person__in=piece):
            with suppress(InvalidToken):  # a database that came back without its keys: a new one is made
                found.setdefault(login.person_id, login.secret)
    return found


def _login(person: User, server: Server, secret: str) -> Login:
    return Login(
        person=person,
        server=server,
        user_name=person.username,
        addresses=[address_of(person)],
        sealed=secrets.seal(secret),
    )
