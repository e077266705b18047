"""What was said to servers: connections, their lines in blocks, and what each action said."""

from __future__ import annotations

from django.conf import settings
from django.db import connection, models
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import SchoolClass, Server


class Conversation(models.Model):
    """One TCP connection with one server. ``writer`` names the process that records it; ``seen`` its last sign."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="conversations")
    server = models.ForeignKey(Server, models.SET_NULL, null=True, blank=True, related_name="conversations")
    protocol = models.CharField(max_length=5)
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField()
    origin = models.CharField(max_length=8, default="app")
    writer = models.CharField(max_length=40, default="", db_index=True)
    started = models.DateTimeField(auto_now_add=True)
    seen = models.DateTimeField(auto_now_add=True)
    ended = models.DateTimeField(null=True, blank=True)
    interrupted = models.BooleanField(default=False)
    lines = models.PositiveIntegerField(default=0)
    size = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.protocol.upper()} {self.host}:{self.port}"


class Block(models.Model):
    """Up to 200 lines, as JSON, with the explainer's state before the first of them."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="blocks")
    first = models.PositiveIntegerField()
    last = models.PositiveIntegerField()
    state = models.JSONField(default=dict)
    payload = models.BinaryField(default=b"")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversation", "first"], name="one_block_per_place")]

    def __str__(self) -> str:
        return f"{self.conversation_id}: {self.first}-{self.last}"


class Transcript(models.Model):
    """What one action said: lines ``first`` to ``last`` of a conversation; ``last`` is null while it runs.

    ``quiet`` stays out of dock and list; ``aside`` shows there, but does not come to the dock's front by itself.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="transcripts")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="transcripts")
    cause = models.CharField(max_length=120)
    tab = models.CharField(max_length=32, blank=True, default="")
    subject = models.CharField(max_length=200, blank=True, default="")
    first = models.PositiveIntegerField(default=1)
    last = models.PositiveIntegerField(null=True, blank=True)
    outcome = models.CharField(max_length=10, blank=True, default="")
    reply = models.CharField(max_length=200, blank=True, default="")
    started = models.DateTimeField(auto_now_add=True)
    ended = models.DateTimeField(null=True, blank=True)
    shared_with = models.ForeignKey(
        SchoolClass, models.SET_NULL, null=True, blank=True, related_name="shared_transcripts"
    )
    quiet = models.BooleanField(default=False)
    aside = models.BooleanField(default=False)
    pinned = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("transcript")
        verbose_name_plural = _("transcripts")
        indexes = [models.Index(fields=["owner", "-id"]), models.Index(fields=["tab", "-id"])]

    def __str__(self) -> str:
        return f"{self.conversation.protocol.upper()} · {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("transcript", args=[self.pk])

    @property
    def title(self) -> str:
        """The cause in the reader's language, with what it was about."""
        cause = gettext(self.cause)
        return f"{cause}: {self.subject}" if self.subject else cause

    @property
    def badge(self) -> str:
        """What came of it in a word: the last reply's code, or ours."""
        words = {"later": gettext("try later"), "refused": gettext("refused")}
        return self.reply.partition(" ")[0] or words.get(self.outcome, gettext("done"))


class Sighting(models.Model):
    """Where a conversation first said what an entry of the reference tells of (``smtp.reply_codes.550``)."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="sightings")
    key = models.CharField(max_length=80)
    line = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["conversation", "key"], name="one_sighting_each")]
        indexes = [models.Index(fields=["key", "conversation"], name="sightings_by_key")]

    def __str__(self) -> str:
        return f"{self.key}: {self.conversation_id}, line {self.line}"


def lock(instance: Conversation, **_: object) -> None:
    """Before a conversation is deleted: wait for its writer, or make it wait and find that there is none any more.

    Blocks are deleted first; one that a writer adds behind that would hold the conversation back (PostgreSQL).
    """
    if connection.features.has_select_for_update:
        list(Conversation.objects.filter(pk=instance.pk).select_for_update().values_list("pk"))
