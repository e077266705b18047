"""A class list as a file: CSV as spreadsheets write it, read into rows; and a class written out again.

Knowledge only: bytes in, ``Row`` values out. ``accounts.roster`` says what becomes of them.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts import names
from accounts.models import SchoolClass

MAX_BYTES = 1024 * 1024
"""Bytes of a file; 5,000 rows need about 300 kB."""

MAX_ROWS = 5000
"""People of one file."""

# What spreadsheets call the columns, in the lab's two languages; spaces, hyphens, underscores do not count.
COLUMNS = {
    "username": ("username", "user", "login", "account", "tênđăngnhập", "tàikhoản", "mãsinhviên", "mãsv"),
    "first_name": ("firstname", "givenname", "first", "tên"),
    "last_name": ("lastname", "familyname", "surname", "last", "họ", "họđệm", "họvàtênđệm"),
    "email": ("email", "mail", "emailaddress", "địachỉemail", "thưđiệntử"),
    "role": ("role", "vaitrò"),
}
NEEDED = ("username", "first_name", "last_name")
TITLES = ("user name", "first name", "last name", "email", "role")
"""The header of the example and of the export."""


@dataclass(frozen=True, slots=True)
class Row:
    """One person of the file, ``line`` counted from 1 with the header."""

    line: int
    username: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    role: str = ""


def read(raw: bytes) -> list[Row]:
    """Return the rows of a CSV file; ValidationError where the file as a whole cannot be read.

    UTF-8 with or without a byte order mark, or UTF-16 with one; commas, semicolons or tabs between columns.
    """
    if len(raw) > MAX_BYTES:
        raise ValidationError(
            _("The file is larger than %(limit)d kB. Split it and import the parts one after another."),
            params={"limit": MAX_BYTES // 1024},
        )
    text = _decode(raw)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        places = _places(next(reader, []))
        rows = [_row(reader.line_num, cells, places) for cells in reader if any(map(str.strip, cells))]
    except csv.Error as error:
        raise ValidationError(
            _("Line %(line)d is no CSV: %(error)s."), params={"line": reader.line_num, "error": error}
        ) from error
    if not rows:
        raise ValidationError(_("There is nobody in the file: it has a header and no rows below it."))
    if len(rows) > MAX_ROWS:
        raise ValidationError(
            _("The file has %(rows)d people; %(limit)d at a time are the most."),
            params={"rows": len(rows), "limit": MAX_ROWS},
        )
    return rows


def export(school_class: SchoolClass) -> str:
    """Return the class as CSV that a spreadsheet opens and ``read`` takes back.

    A cell that a spreadsheet would run as a formula gets an apostrophe before it (OWASP, CSV injection).
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(TITLES)
    for person in [*school_class.teachers.order_by("username"), *school_class.students.order_by("username")]:
        cells = (person.username, person.first_name, person.last_name, person.email, person.role)
        writer.writerow([harmless(cell) for cell in cells])
    return "\ufeff" + out.getvalue()


def harmless(cell: str) -> str:
    """Return ``cell`` so that no spreadsheet takes it for a formula."""
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def _decode(raw: bytes) -> str:
    wide = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        return raw.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValidationError(
            _(
                "The file is not in UTF-8, so names would come out wrong. "
                "Save it anew as “CSV UTF-8” (Excel) or with the character set UTF-8 (LibreOffice)."
            )
        ) from error


def _delimiter(text: str) -> str:
    """The sign that stands most often in the header: spreadsheets of many countries write semicolons."""
    header = text.lstrip("\r\n").partition("\n")[0]
    return max(",;\t", key=header.count)


def _places(header: list[str]) -> dict[str, int]:
    plain = ["".join(sign for sign in cell.lower() if sign not in " -_\t") for cell in header]
    places = {
        name: at
        for at, cell in reversed(list(enumerate(plain)))
        for name, words in COLUMNS.items()
        if cell in words
    }
    missing = [
        name.replace("_", " ").replace("username", "user name") for name in NEEDED if name not in places
    ]
    if missing:
        raise ValidationError(
            _("The first line must name the columns; missing: %(missing)s. It reads: %(header)s"),
            params={"missing": ", ".join(missing), "header": ", ".join(header)[:200] or "–"},
        )
    return places


def _row(line: int, cells: list[str], places: dict[str, int]) -> Row:
    found = {name: _cell(cells, at) for name, at in places.items()}
    found["username"] = names.normal(found["username"])
    return Row(line=line, **found)


def _cell(cells: list[str], at: int) -> str:
    text = cells[at].strip() if at < len(cells) else ""
    return text[1:] if text.startswith("'") and harmless(text[1:]) != text[1:] else text
