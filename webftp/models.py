"""What the room knows: a person's sites, what was last heard to be in their folders, work and files on their way."""

from __future__ import annotations

import hashlib
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from protocols.ftp import names

PART = ".netlab-"
"""How the names begin under which uploads are written until they are whole."""


class Site(models.Model):
    """A server as one person uses it: with their login there, or as ``anonymous``. ``home`` is where it begins."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="sites")
    server = models.ForeignKey("accounts.Server", models.CASCADE, related_name="sites")
    anonymous = models.BooleanField(default=False)
    passive = models.BooleanField(default=True)
    home = models.TextField(blank=True, default="")

    class Meta:
        verbose_name = _("site")
        verbose_name_plural = _("sites")
        constraints = [
            models.UniqueConstraint(fields=["person", "server", "anonymous"], name="one_site_each")
        ]

    def __str__(self) -> str:
        return f"{self.user_name}@{self.server.host}"

    @property
    def user_name(self) -> str:
        """The name it is signed in with."""
        if self.anonymous:
            return "anonymous"
        login = self.server.logins.filter(person=self.person_id).first()
        return login.user_name if login else ""

    @property
    def label(self) -> str:
        """What people call it."""
        if self.anonymous:
            return str(_("Public folder of %(server)s")) % {"server": self.server.name}
        return str(_("My files at %(server)s")) % {"server": self.server.name}


def key_of(path: str) -> str:
    """A path's place in an index: paths may be longer than an index takes."""
    return hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()


class Folder(models.Model):
    """A folder as last listed: ``rows`` is packed by ``webftp.listing``; a cache that may be dropped."""

    site = models.ForeignKey(Site, models.CASCADE, related_name="folders")
    key = models.CharField(max_length=64)
    path = models.TextField()
    rows = models.BinaryField(default=b"")
    count = models.PositiveIntegerField(default=0)
    listed = models.DateTimeField(null=True)
    trouble = models.JSONField(default=dict, blank=True)

    FILE: ClassVar = {"note": "file"}
    """The ``trouble`` of a path that was taken for a folder, and is a file."""

    class Meta:
        verbose_name = _("folder")
        verbose_name_plural = _("folders")
        constraints = [models.UniqueConstraint(fields=["site", "key"], name="one_row_per_path")]

    def __str__(self) -> str:
        return self.path

    @property
    def is_file(self) -> bool:
        """Whether the server said, when last asked, that this is a file."""
        return self.trouble == self.FILE


class Job(models.Model):
    """Work on files that a task does: how far it is, what it stands at, and what it takes to undo it."""

    class Verb(models.TextChoices):
        MKDIR = "mkdir", _("Make a folder")
        RENAME = "rename", _("Rename")
        MOVE = "move", _("Move")
        DELETE = "delete", _("Delete")
        CHMOD = "chmod", _("Change permissions")

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        STOPPED = "stopped", _("stopped")

    site = models.ForeignKey(Site, models.CASCADE, related_name="jobs")
    verb = models.CharField(max_length=8, choices=Verb.choices)
    folder = models.TextField()
    names = models.JSONField(default=list)
    target = models.TextField(blank=True, default="")
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    now = models.TextField(blank=True, default="")
    undo = models.JSONField(default=list)
    undoes = models.ForeignKey("self", models.SET_NULL, null=True, related_name="+")
    undone = models.BooleanField(default=False)
    stop = models.BooleanField(default=False)
    seen = models.BooleanField(default=False)
    trouble = models.JSONField(default=dict, blank=True)
    made = models.DateTimeField(default=timezone.now)
    beat = models.DateTimeField(default=timezone.now)
    ended = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        indexes = [models.Index(fields=["site", "-id"], name="webftp_jobs")]

    def __str__(self) -> str:
        return f"{self.get_verb_display()}: {self.folder}"


class Ticket(models.Model):
    """Lets one file (or one ZIP) pass, once: bound to a person, their session, a direction, a path and a time.

    Its key is in the URL only; ``digest`` is all that is kept. ``line`` tickets belong to a command line that is
    open. ``part`` is the path under which an upload's bytes are written until it is whole, ``aside`` where a file
    that it replaces may stand for a moment; ``left`` says that these could not be put in order yet. ``beat`` is when
    it was last seen to run. ``naming`` is the name that it gives a file just now (``webftp.naming``).
    """

    class Direction(models.TextChoices):
        DOWN = "down", _("download")
        UP = "up", _("upload")
        ZIP = "zip", _("download as ZIP")
        VIEW = "view", _("view")

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        STOPPED = "stopped", _("stopped")

    digest = models.CharField(max_length=64, unique=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="tickets")
    session = models.CharField(max_length=64)
    site = models.ForeignKey(Site, models.CASCADE, null=True, related_name="tickets")
    line = models.CharField(max_length=32, blank=True, default="")
    direction = models.CharField(max_length=4, choices=Direction.choices)
    folder = models.TextField()
    names = models.JSONField(default=list)
    replace = models.BooleanField(default=False)
    tab = models.CharField(max_length=32, blank=True, default="")
    made = models.DateTimeField(default=timezone.now)
    expires = models.DateTimeField(db_index=True)
    used = models.DateTimeField(null=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    size = models.PositiveBigIntegerField(null=True)
    done = models.PositiveBigIntegerField(default=0)
    stop = models.BooleanField(default=False)
    trouble = models.JSONField(default=dict, blank=True)
    beat = models.DateTimeField(null=True)
    left = models.BooleanField(default=False, db_index=True)
    naming = models.CharField(max_length=64, null=True, unique=True, default=None)

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")

    def __str__(self) -> str:
        return f"{self.get_direction_display()}: {', '.join(self.names)[:80]}"

    @property
    def path(self) -> str:
        """The file's path; a command line's is as it was typed, from where that line stands."""
        return names.join(self.folder, self.names[0]) if self.folder else self.names[0]

    # These follow from the ticket, so that whoever finds its row knows them, even if the process was killed.
    @property
    def part(self) -> str:
        """Where an upload's bytes stand until it is whole."""
        return names.join(self.path.rpartition("/")[0], f"{PART}{self.digest[:16]}.part")

    @property
    def aside(self) -> str:
        """Where a file that is replaced stands while the new one gets its name."""
        return names.join(self.path.rpartition("/")[0], f"{PART}{self.digest[:16]}.old")
