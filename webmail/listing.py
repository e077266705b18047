"""A page of a folder's list, out of the index: counted, cut and dated so that 20,000 letters cost what 50 do."""

from __future__ import annotations

from functools import cached_property

from django.core.paginator import Page, Paginator
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from webmail.models import Folder, Message

PAGE = 50
CHIPS = {"all": {}, "unread": {"seen": False}, "flagged": {"flagged": True}, "files": {"has_files": True}}


class Pages(Paginator):
    """Letters of a folder, newest first, but for those on their way elsewhere."""

    def __init__(self, folder: Folder, chip: str, query: str) -> None:
        self._folder, self._chip = folder, CHIPS.get(chip, {})
        self._words = query.replace("\0", "").casefold().split()
        rows = folder.letters.filter(leaving=None, **self._chip).order_by("-uid")
        for word in self._words:
            rows = rows.filter(words__contains=word)
        super().__init__(rows.defer("words", "trouble", "message_id"), PAGE)

    @cached_property
    def count(self) -> int:
        """Counted on indexes alone: asking each row whether it is leaving would read all of them."""
        if self._words:
            return self.object_list.count()
        rows = self._folder.letters.filter(**self._chip)
        return rows.count() - rows.filter(leaving__isnull=False).count()


def page_of(folder: Folder, chip: str, query: str, number: str | None) -> Page:
    """Return page ``number`` (the first or last where it is none) of what ``chip`` and ``query`` leave.

    Each row has ``when``, a short word for its time: of today the hour, of this year the day, else the date.
    """
    page = Pages(folder, chip, query).get_page(number)
    today = timezone.localdate()
    page.object_list = list(page.object_list)
    for row in page.object_list:
        _date(row, today)
    return page


def _date(row: Message, today) -> None:
    at = timezone.localtime(row.received)
    row.iso, row.full = at.isoformat(), formats.date_format(at, _("D j M Y, H:i"))
    form = "j M Y" if at.year != today.year else "j M" if at.date() != today else "H:i"
    row.when = formats.date_format(at, form)
