"""What the room knows: each person's networks, the talks there, what was said in them, and who may read which part.

A channel's talk is one row for everybody, and so is each message in it, whoever's connection brought it. A person
reads the messages between the ``first`` and ``last`` of their Stays: the times their own connection was in the
channel. The gateway's writer is the only one who stores messages.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

NICK, NAME = 64, 200


class Network(models.Model):
    """A person's connection to an IRC server: whether it is wanted, and how it stood when last heard of.

    ``words`` are the server's own where it refused, ``trouble`` the key and parameters of an error's sentence,
    ``next_try`` when the gateway tries again, ``transcript`` what is being said at the moment.
    ``ignored`` are the nicks of people whom the person does not listen to there.
    """

    class State(models.TextChoices):
        OFF = "off", _("not connected")
        CONNECTING = "connecting", _("connecting")
        REGISTERING = "registering", _("registering")
        ON = "on", _("connected")
        WAITING = "waiting", _("waiting to try again")
        REFUSED = "refused", _("refused")

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="networks")
    server = models.ForeignKey("accounts.Server", models.CASCADE, related_name="networks")
    wanted = models.BooleanField(default=True)
    wanted_nick = models.CharField(max_length=NICK)
    nick = models.CharField(max_length=NICK, blank=True)
    state = models.CharField(max_length=11, choices=State.choices, default=State.OFF)
    words = models.TextField(blank=True)
    trouble = models.JSONField(default=dict, blank=True)
    next_try = models.DateTimeField(null=True, blank=True)
    transcript = models.BigIntegerField(null=True, blank=True)
    rules = models.JSONField(default=dict, blank=True)
    ignored = models.JSONField(default=list, blank=True)

    class Meta:
        verbose_name = _("chat network")
        verbose_name_plural = _("chat networks")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["person", "server"], name="one_network_each")]

    def __str__(self) -> str:
        return f"{self.person} @ {self.server}"


class Talk(models.Model):
    """A channel (shared by all), a person's query with a nick, or what a server says to a person.

    ``folded`` is the name as the server compares it; ``owner`` is None for channels. ``school_class``: its talk is
    open to that class, from the message ``open_from`` on.
    """

    class Kind(models.TextChoices):
        CHANNEL = "channel", _("channel")
        QUERY = "query", _("query")
        SERVER = "server", _("server")

    server = models.ForeignKey("accounts.Server", models.CASCADE, related_name="talks")
    owner = models.ForeignKey(Network, models.CASCADE, null=True, blank=True, related_name="talks")
    kind = models.CharField(max_length=7, choices=Kind.choices)
    name = models.CharField(max_length=NAME)
    folded = models.CharField(max_length=NAME)
    topic = models.TextField(blank=True)
    school_class = models.ForeignKey(
        "accounts.SchoolClass", models.SET_NULL, null=True, blank=True, related_name="talks"
    )
    open_from = models.BigIntegerField(default=0)

    class Meta:
        verbose_name = _("talk")
        verbose_name_plural = _("talks")
        constraints = [
            models.UniqueConstraint(
                fields=["server", "folded"], condition=Q(owner=None), name="one_talk_per_channel"
            ),
            models.UniqueConstraint(
                fields=["owner", "kind", "folded"],
                condition=Q(owner__isnull=False),
                name="one_talk_per_partner",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Window(models.Model):
    """A person's window on a talk. ``joined``: the gateway enters the channel whenever it connects.

    ``read`` is the last message that was read, shared by all tabs of the person. ``sealed`` is the channel's key.
    """

    network = models.ForeignKey(Network, models.CASCADE, related_name="windows")
    talk = models.ForeignKey(Talk, models.CASCADE, related_name="windows")
    open = models.BooleanField(default=True)
    joined = models.BooleanField(default=False)
    inside = models.BooleanField(default=False)
    read = models.BigIntegerField(default=0)
    sealed = models.BinaryField(default=b"", editable=False)
    made = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("chat window")
        verbose_name_plural = _("chat windows")
        constraints = [models.UniqueConstraint(fields=["network", "talk"], name="one_window_each")]

    def __str__(self) -> str:
        return f"{self.network}: {self.talk}"


class Stay(models.Model):
    """A time that a person's own connection was in a channel: the messages from ``first`` to ``last`` (None: still).

    ``left``: they left the network on purpose then, and do not ask for what was said without them.
    """

    window = models.ForeignKey(Window, models.CASCADE, related_name="stays")
    first = models.BigIntegerField()
    last = models.BigIntegerField(null=True, blank=True)
    left = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("stay in a channel")
        verbose_name_plural = _("stays in channels")
        indexes = [models.Index(fields=["window", "first"], name="chat_stay_first")]

    def __str__(self) -> str:
        return f"{self.window}: {self.first}-{self.last or ''}"


class Message(models.Model):
    """Something that was said or happened. ``text`` as it came, formatting signs and all; ``person`` is one of ours.

    ``nick`` did it; ``other`` is the new nick, who was kicked, or the numeric of a server's answer; ``host`` is
    user@host of who came or left.
    """

    class Kind(models.TextChoices):
        PRIVMSG = "privmsg", _("message")
        NOTICE = "notice", _("notice")
        ACTION = "action", _("action")
        CTCP = "ctcp", _("CTCP")
        JOIN = "join", _("join")
        PART = "part", _("part")
        QUIT = "quit", _("quit")
        KICK = "kick", _("kick")
        NICK = "nick", _("nick")
        MODE = "mode", _("mode")
        TOPIC = "topic", _("topic")
        TOLD = "told", _("server")

    SPOKEN = ("privmsg", "notice", "action")

    talk = models.ForeignKey(Talk, models.CASCADE, related_name="messages", db_index=False)
    at = models.DateTimeField()
    kind = models.CharField(max_length=7, choices=Kind.choices)
    nick = models.CharField(max_length=NICK, blank=True)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    host = models.CharField(max_length=200, blank=True)
    other = models.CharField(max_length=NAME, blank=True)
    text = models.TextField(blank=True)
    msgid = models.CharField(max_length=200, blank=True)

    class Meta:
        verbose_name = _("chat message")
        verbose_name_plural = _("chat messages")
        indexes = [models.Index(fields=["talk", "-id"], name="chat_history")]
        constraints = [
            models.UniqueConstraint(
                fields=["talk", "msgid"], condition=~Q(msgid=""), name="one_message_per_msgid"
            )
        ]

    def __str__(self) -> str:
        return f"{self.nick}: {self.text[:60]}"
