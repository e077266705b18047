"""What a person may ask to be done with files: every name is the name of an entry, every path comes from the root."""

from __future__ import annotations

import re

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from protocols.ftp import names
from webftp.models import Job

MOST = 1000
"""Entries that one piece of work takes."""


def path_of(text: str) -> str:
    """Return ``text`` as a path from the root; ValidationError for one that no command may hold."""
    if len(text) > 4096 or any(sign in text for sign in "\r\n\0"):
        raise ValidationError(_("A path cannot hold a line break, and is at most 4,096 signs long."))
    return names.clean(text)


class WorkForm(forms.Form):
    """Work on the entries ``name`` of a folder. After ``is_valid``: ``job`` is the Job to be saved."""

    verb = forms.ChoiceField(choices=Job.Verb.choices)
    path = forms.CharField(strip=False)
    target = forms.CharField(required=False, strip=False)

    def __init__(self, data, site) -> None:
        super().__init__(data)
        self.site, self.names = site, data.getlist("name")

    def clean(self):
        values = self.cleaned_data
        if self.errors:
            return values
        verb, target = values["verb"], values["target"]
        folder = path_of(values["path"])
        chosen = [target.strip()] if verb == Job.Verb.MKDIR else self.names
        if not chosen:
            raise ValidationError(_("Choose a file or folder first."))
        if len(chosen) > MOST:
            raise ValidationError(_("That is too much at once: at most %(most)d."), params={"most": MOST})
        if not all(map(names.plain, chosen)):
            raise ValidationError(_("A name cannot be empty, “.” or “..”, and holds no slash or line break."))
        self.job = Job(site=self.site, verb=verb, folder=folder, names=chosen, total=len(chosen))
        self.job.target = getattr(self, f"_{verb}")(target, folder, chosen)
        return values

    def _mkdir(self, target: str, folder: str, chosen: list[str]) -> str:
        return ""

    _delete = _mkdir

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
