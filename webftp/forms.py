"""What a person may ask to be done with files: every name is the name of an entry, every path comes from the root."""

from __future__ import annotations

import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from protocols.ftp import names
from webftp import listing
from webftp.models import Folder, Job, key_of

MOST = 1000
"""Entries that one piece of work takes by name; all of a folder may be more."""

PARENTS = "-p"
"""Target of a mkdir whose names are whole paths: make what is missing, as ``mkdir -p`` does (folders were dropped)."""


def path_of(text: str) -> str:
    """Return ``text`` as a path from the root; ValidationError for one that no command may hold."""
    if len(text) > 4096 or any(sign in text for sign in "\r\n\0") or names.storable(text) != text:
        raise ValidationError(_("A path cannot hold a line break, and is at most 4,096 signs long."))
    return names.clean(text)


class Changed(Exception):
    """A folder was listed anew since somebody chose all of it."""


def chosen_in(site, path: str, values) -> list[str]:
    """The names chosen in a folder: those of ``name``, or with ``whole`` all that its filter ``q`` shows.

    ``as_of`` says which listing was looked at; Changed where it is another by now, for nobody chose what came since.
    """
    if "whole" not in values:
        return values.getlist("name")
    found = Folder.objects.filter(site=site, key=key_of(path)).first()
    if found is None or values.get("as_of") != listing.as_of(found):
        raise Changed
    rows = listing.arranged(listing.unpack(bytes(found.rows)), "name", False, values.get("q", ""))
    return [row.name for row in rows if row.usable]


class WorkForm(forms.Form):
    """Work on the entries ``name`` of a folder. After ``is_valid``: ``job`` is the Job to be saved."""

    verb = forms.ChoiceField(choices=Job.Verb.choices)
    path = forms.CharField(strip=False)
    target = forms.CharField(required=False, strip=False)

    def __init__(self, data, site) -> None:
        super().__init__(data)
        self.site, self.names, self.whole = site, data.getlist("name"), "whole" in data

    def clean(self):
        values = self.cleaned_data
        if self.errors:
            return values
        verb, target = values["verb"], values["target"]
        folder = path_of(values["path"])
        try:
            chosen = chosen_in(self.site, folder, self.data) if self.whole else self.names
        except Changed:
            raise ValidationError(_("The folder has changed meanwhile: choose again.")) from None
        if verb == Job.Verb.MKDIR and target:
            chosen = [target.strip()]
        if not chosen:
            raise ValidationError(_("Choose a file or folder first."))
        if len(chosen) > MOST and not self.whole:
            raise ValidationError(_("That is too much at once: at most %(most)d."), params={"most": MOST})
        parts = [part for name in chosen for part in (name.split("/") if verb == Job.Verb.MKDIR else [name])]
        if not all(map(names.plain, parts)) or (verb == Job.Verb.MKDIR and "/" in target):
            raise ValidationError(_("A name cannot be empty, “.” or “..”, and holds no slash or line break."))
        self.job = Job(site=self.site, verb=verb, folder=folder, names=chosen, total=len(chosen))
        self.job.target = getattr(self, f"_{verb}")(target, folder, chosen)
        return values

    def _mkdir(self, target: str, folder: str, chosen: list[str]) -> str:
        return "" if target else PARENTS

    def _delete(self, target: str, folder: str, chosen: list[str]) -> str:
        return ""

    def _rename(self, target: str, folder: str, chosen: list[str]) -> str:
        if len(chosen) != 1 or not names.plain(target):
            raise ValidationError(_("A name cannot be empty, “.” or “..”, and holds no slash or line break."))
        return target

    def _move(self, target: str, folder: str, chosen: list[str]) -> str:
        place = path_of(target if target.startswith("/") else names.join(folder, target))
        if any(f"{place}/".startswith(f"{names.join(folder, name)}/") for name in chosen):
            raise ValidationError(_("A folder cannot be moved into itself."))
        if place == folder:
            raise ValidationError(_("They are there already: name another folder."))
        return place

    def _chmod(self, target: str, folder: str, chosen: list[str]) -> str:
        if not re.fullmatch("[0-7]{3,4}", target):
            raise ValidationError(_("Permissions are three digits from 0 to 7, such as 644."))
        return target
