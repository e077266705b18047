"""A class list judged row by row, and made into people with mailboxes.

``judge`` asks who exists already; ``enrol`` writes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import names, passwords
from accounts.models import Roster, SchoolClass, User
from accounts.provision import address_of, provision_many
from accounts.roster_file import Row

KEPT = timedelta(hours=1)
"""How long an uploaded list waits to be imported."""

ROLES = {
    "": User.Role.STUDENT,
    "student": User.Role.STUDENT,
    "sinh viên": User.Role.STUDENT,
    "teacher": User.Role.TEACHER,
    "giáo viên": User.Role.TEACHER,
    "giảng viên": User.Role.TEACHER,
}


@dataclass(frozen=True, slots=True)
class Judged:
    """A row and what becomes of it: ``new``, ``joins`` (exists, comes into the class) or ``wrong``."""

    row: Row
    fate: str
    says: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Card:
    """What a person is handed on paper. It is shown once and kept nowhere; it does not print itself."""

    name: str
    username: str
    mailbox: str
    site_password: str = ""
    lab_password: str = ""

    def __repr__(self) -> str:
        return f"Card({self.username!r})"


def judge(rows: Iterable[Row], school_class: SchoolClass) -> list[Judged]:
    """Say of each row what becomes of it when it is imported into ``school_class``."""
    rows = list(rows)
    people = _existing(row.username for row in rows)
    inside = set(school_class.students.values_list("username", flat=True))
    inside |= set(school_class.teachers.values_list("username", flat=True))
    first: dict[str, int] = {}
    judged = []
    for row in rows:
        wrong = _faults(row)
        if row.username in first:
            wrong.append(_("This user name stands in line %(line)d already.") % {"line": first[row.username]})
        first.setdefault(row.username, row.line)
        judged.append(_judged(row, wrong, people.get(row.username), row.username in inside))
    return judged


def keep(rows: Iterable[Row], school_class: SchoolClass, by: User) -> Roster:
    """Store an uploaded list until it is confirmed, and throw away those that were forgotten."""
    Roster.objects.filter(made_at__lt=timezone.now() - KEPT).delete()
    return Roster.objects.create(by=by, school_class=school_class, rows=[asdict(row) for row in rows])


def kept(roster: Roster) -> list[Row]:
    """Return the rows of a stored list."""
    return [Row(**row) for row in roster.rows]


@transaction.atomic
def enrol(roster: Roster) -> list[Card]:
    """Make people of the stored list's good rows, give them mailboxes and a class, and forget the list.

    Returns a card for each new person, in the file's order. A list is imported once: of two requests the
    second finds nothing (``Roster.DoesNotExist``).
    """
    roster = Roster.objects.select_for_update().get(pk=roster.pk)
    rows = [judged.row for judged in judge(kept(roster), roster.school_class) if judged.fate != "wrong"]
    there = _existing(row.username for row in rows)
    new = [_person(row) for row in rows if row.username not in there]
    site = {person.username: passwords.generate() for person in new}
    for person in new:
        person.password = passwords.hash_generated(site[person.username])
    User.objects.bulk_create(new, batch_size=500)
    lab = provision_many(new)
    _enter(roster.school_class, [*new, *there.values()])
    roster.delete()
    return [card(person, site[person.username], lab[person.pk]) for person in new]


@transaction.atomic
def renew(people: Iterable[User]) -> list[Card]:
    """Give people new passwords, on the site and at the lab servers, and return their cards."""
    cards = []
    for person in people:
        site = passwords.generate()
        person.password = passwords.hash_generated(site)
        person.save(update_fields=["password"])
        lab = provision_many([person], passwords.generate(2))[person.pk]
        cards.append(card(person, site, lab))
    return cards


def card(person: User, site_password: str = "", lab_password: str = "") -> Card:
    """Return the card of one person."""
    return Card(person.display_name, person.username, address_of(person), site_password, lab_password)


def _existing(usernames: Iterable[str]) -> dict[str, User]:
    wanted = sorted(set(usernames))
    found: dict[str, User] = {}
    for start in range(0, len(wanted), 500):
        piece = User.objects.filter(username__in=wanted[start : start + 500])
        found.update({person.username: person for person in piece})
    return found


def _faults(row: Row) -> list[str]:
    checks = [
        (names.check_user_name, row.username, ""),
        (names.check_name, row.first_name, _("First name")),
        (names.check_name, row.last_name, _("Last name")),
    ]
    if row.email:
        checks.append((validate_email, row.email, ""))
    faults = []
    for check, value, title in checks:
        try:
            check(value)
        except ValidationError as error:
            faults.append(": ".join(filter(None, [title, *error.messages])))
    if max(len(row.first_name), len(row.last_name)) > 80 or len(row.email) > 254:
        faults.append(_("A name has at most 80 characters, an email address 254."))
    if row.role.lower() not in ROLES:
        faults.append(
            _("The role is student or teacher (empty: student), not “%(role)s”; an admin is made by hand.")
            % {"role": row.role[:40]}
        )
    return faults


def _judged(row: Row, wrong: list[str], person: User | None, inside: bool) -> Judged:
    if person is not None and person.role == User.Role.ADMIN:
        wrong.append(_("This is an admin; a roster leaves admins alone."))
    if wrong:
        return Judged(row, "wrong", tuple(wrong))
    if person is None:
        return Judged(row, "new")
    says = [_("Is in the class already.") if inside else _("Exists already and joins the class.")]
    if not person.is_active:
        says.append(_("Is disabled, and stays so."))
    if person.role != ROLES[row.role.lower()]:
        says.append(_("Stays %(role)s.") % {"role": person.get_role_display()})
    return Judged(row, "joins", tuple(says))


def _person(row: Row) -> User:
    person = User(
        username=row.username,
        first_name=row.first_name,
        last_name=row.last_name,
        email=row.email,
        role=ROLES[row.role.lower()],
    )
    person.grant()  # bulk_create calls no save
    return person


def _enter(school_class: SchoolClass, people: list[User]) -> None:
    school_class.students.add(*[person for person in people if person.role == User.Role.STUDENT])
    school_class.teachers.add(*[person for person in people if person.role == User.Role.TEACHER])
