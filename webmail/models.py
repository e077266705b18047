"""What the room knows: a person's folders and letters as last heard from the server, and mail on its way out.

The index is a cache keyed by UIDVALIDITY and UID (RFC 9051, 2.3.1.1): it may be dropped and read anew.
Drafts, outgoing letters and their recipients are ours alone and are never dropped by themselves.
"""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Mailbox(models.Model):
    """A login's folders. ``listed`` is when the server last named them; ``trouble`` why it could not be asked."""

    login = models.OneToOneField("accounts.Login", models.CASCADE, related_name="mailbox")
    listed = models.DateTimeField(null=True)
    trouble = models.JSONField(default=dict, blank=True)

    class Meta:
        verbose_name = _("mailbox")
        verbose_name_plural = _("mailboxes")

    def __str__(self) -> str:
        return str(self.login)


class Folder(models.Model):
    """A folder as last heard of. ``uidnext`` and ``highestmodseq`` are those that the index is complete for."""

    class Special(models.TextChoices):
        NONE = "", ""
        INBOX = "inbox", pgettext_lazy("mail folder", "Inbox")
        DRAFTS = "drafts", pgettext_lazy("mail folder", "Drafts")
        SENT = "sent", pgettext_lazy("mail folder", "Sent")
        ARCHIVE = "archive", pgettext_lazy("mail folder", "Archive")
        JUNK = "junk", pgettext_lazy("mail folder", "Junk")
        TRASH = "trash", pgettext_lazy("mail folder", "Trash")

    mailbox = models.ForeignKey(Mailbox, models.CASCADE, related_name="folders")
    name = models.CharField(max_length=500)
    delimiter = models.CharField(max_length=1, blank=True, default="/")
    special = models.CharField(max_length=8, choices=Special.choices, default=Special.NONE, blank=True)
    selectable = models.BooleanField(default=True)
    uidvalidity = models.PositiveBigIntegerField(default=0)
    uidnext = models.PositiveBigIntegerField(default=0)
    highestmodseq = models.PositiveBigIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    unseen = models.PositiveIntegerField(default=0)
    refreshed = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mailbox", "name"], name="one_folder_per_name")]
        ordering = ["name"]
        verbose_name = _("folder")
        verbose_name_plural = _("folders")

    def __str__(self) -> str:
        return self.name

    @property
    def leaf(self) -> str:
        """The last part of the folder's name."""
        return self.name.rsplit(self.delimiter, 1)[-1] if self.delimiter else self.name

    @property
    def depth(self) -> int:
        """How deep it stands below the top: 0 and up."""
        return self.name.count(self.delimiter) if self.delimiter else 0

    @property
    def label(self) -> str:
        """The name people read: translated where the folder has a part to play."""
        return str(self.get_special_display()) if self.special else self.leaf


class Message(models.Model):
    """A row of the index. ``letter`` is where its bytes are kept once fetched; ``leaving`` when a move began."""

    folder = models.ForeignKey(Folder, models.CASCADE, related_name="letters")
    uid = models.PositiveBigIntegerField()
    received = models.DateTimeField()
    sender_name = models.CharField(max_length=300, blank=True)
    sender_address = models.CharField(max_length=320, blank=True)
    recipients = models.CharField(max_length=500, blank=True)
    subject = models.CharField(max_length=1000, blank=True)
    message_id = models.CharField(max_length=998, blank=True)
    preview = models.CharField(max_length=200, blank=True)
    words = models.TextField(blank=True)
    size = models.PositiveBigIntegerField(default=0)
    seen = models.BooleanField(default=False)
    flagged = models.BooleanField(default=False)
    answered = models.BooleanField(default=False)
    has_files = models.BooleanField(default=False)
    letter = models.CharField(max_length=200, blank=True)
    trouble = models.JSONField(default=dict, blank=True)
    leaving = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        constraints = [models.UniqueConstraint(fields=["folder", "uid"], name="one_row_per_uid")]
        indexes = [
            # The list's chips: each is a walk down one small index, newest first.
            models.Index(fields=["folder", "-uid"], condition=Q(seen=False), name="webmail_unseen"),
            models.Index(fields=["folder", "-uid"], condition=Q(flagged=True), name="webmail_flagged"),
            models.Index(fields=["folder", "-uid"], condition=Q(has_files=True), name="webmail_files"),
            models.Index(fields=["folder"], condition=Q(leaving__isnull=False), name="webmail_leaving"),
        ]

    def __str__(self) -> str:
        return self.subject


class Move(models.Model):
    """Letters that were moved, so that it can be undone: where from, where to, and which they are there."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    origin = models.ForeignKey(Folder, models.CASCADE, related_name="+")
    target = models.ForeignKey(Folder, models.CASCADE, related_name="+")
    letters = models.JSONField(default=list)
    moved = models.DateTimeField(null=True)
    undone = models.DateTimeField(null=True)
    made = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("move")
        verbose_name_plural = _("moves")

    def __str__(self) -> str:
        return f"{self.origin} > {self.target}"


class Draft(models.Model):
    """A letter being written, saved as it is typed, however unfinished. ``key`` is in its page's URL."""

    key = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="drafts")
    sender = models.CharField(max_length=320, blank=True)
    to = models.TextField(blank=True)
    cc = models.TextField(blank=True)
    bcc = models.TextField(blank=True)
    subject = models.CharField(max_length=1000, blank=True)
    text = models.TextField(blank=True)
    in_reply_to = models.CharField(max_length=998, blank=True)
    references = models.TextField(blank=True)
    answers = models.ForeignKey(Message, models.SET_NULL, null=True, related_name="+")
    saved = models.DateTimeField(auto_now=True)
    sent = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        indexes = [models.Index(fields=["person", "-saved"], name="webmail_drafts")]

    def __str__(self) -> str:
        return self.subject


class Attachment(models.Model):
    """A file that goes with a draft; its bytes are in the letters' storage at ``path``."""

    draft = models.ForeignKey(Draft, models.CASCADE, related_name="files")
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=150, default="application/octet-stream")
    size = models.PositiveBigIntegerField()
    path = models.CharField(max_length=200)

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name


class OutgoingMessage(models.Model):
    """A letter that was sent off: its MIME bytes and Message-ID are frozen, whatever happens on the way.

    ``claim`` and ``lease`` say which run of the task has it in hand; ``data_started`` is committed before DATA
    is said, so that a line lost after it is told apart from one lost before (RFC 5321, 6.1).
    """

    class Copy(models.TextChoices):
        WAITING = "waiting", _("waiting")
        KEPT = "kept", _("kept")
        FAILED = "failed", _("failed")

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="outgoing")
    login = models.ForeignKey("accounts.Login", models.SET_NULL, null=True, related_name="+")
    draft = models.OneToOneField(Draft, models.SET_NULL, null=True, related_name="outgoing")
    sender = models.CharField(max_length=320)
    subject = models.CharField(max_length=1000, blank=True)
    message_id = models.CharField(max_length=255, unique=True)
    raw = models.CharField(max_length=200)
    size = models.PositiveBigIntegerField()
    tab = models.CharField(max_length=32, blank=True)
    made = models.DateTimeField(default=timezone.now)
    claim = models.CharField(max_length=32, blank=True)
    lease = models.DateTimeField(null=True)
    data_started = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try = models.DateTimeField(null=True)
    transcript = models.BigIntegerField(null=True)
    copy = models.CharField(max_length=8, choices=Copy.choices, default=Copy.WAITING)
    copy_words = models.TextField(blank=True)
    copy_trouble = models.JSONField(default=dict, blank=True)
    dismissed = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("outgoing letter")
        verbose_name_plural = _("outgoing letters")
        indexes = [
            models.Index(fields=["person", "-made"], name="webmail_outgoing"),
            models.Index(fields=["lease"], condition=~Q(claim=""), name="webmail_claimed"),
        ]

    def __str__(self) -> str:
        return self.subject

    @property
    def state(self) -> OutgoingRecipient.State:
        """How the letter stands where it stands worst: what asks for a decision before what is on its way."""
        states = {row.state for row in self.recipients.all()}
        return next((state for state in WORST if state in states), OutgoingRecipient.State.SENT)


class OutgoingRecipient(models.Model):
    """One recipient of the envelope and what became of the letter there; ``words`` are the server's own."""

    class State(models.TextChoices):
        QUEUED = "queued", _("queued")
        SENDING = "sending", _("sending")
        SENT = "sent", _("sent")
        UNCERTAIN = "uncertain", _("uncertain")
        FAILED = "failed", _("failed")

    outgoing = models.ForeignKey(OutgoingMessage, models.CASCADE, related_name="recipients")
    address = models.CharField(max_length=320)
    state = models.CharField(max_length=9, choices=State.choices, default=State.QUEUED)
    code = models.CharField(max_length=12, blank=True)
    words = models.TextField(blank=True)
    trouble = models.JSONField(default=dict, blank=True)
    decided = models.BooleanField(default=False)
    changed = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("recipient")
        verbose_name_plural = _("recipients")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["outgoing", "address"], name="one_row_per_recipient")]
        indexes = [models.Index(fields=["state"], name="webmail_recipient_state")]

    def __str__(self) -> str:
        return self.address


WORST = tuple(OutgoingRecipient.State[name] for name in ("FAILED", "UNCERTAIN", "SENDING", "QUEUED", "SENT"))


class MailTab(models.Model):
    """An open Mail tab: the gateway listens for news while its heartbeat is fresh."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="mail_tabs")
    channel = models.CharField(max_length=120, unique=True)
    folder = models.ForeignKey(Folder, models.SET_NULL, null=True, related_name="+")
    beat = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name = _("open mail tab")
        verbose_name_plural = _("open mail tabs")

    def __str__(self) -> str:
        return self.channel
