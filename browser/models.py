"""What the room keeps of a person's browsing: where they are, each request with its answer, cookies, sign-ins.

What was said may hold passwords and cookies, so requests, answers' fields and the jar's values are sealed.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import secrets
from protocols.http.guard import masked

Fields = list[tuple[str, str]]


class Window(models.Model):
    """A person's browser: ``trail`` is the numbers of the visits that back and forward walk along, ``at`` where."""

    person = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    trail = models.JSONField(default=list, blank=True)
    at = models.IntegerField(default=-1)
    version = models.CharField(max_length=3, default="1.1")
    follow = models.BooleanField(default=True)
    caching = models.BooleanField(default=True)
    cookies = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("browser window")
        verbose_name_plural = _("browser windows")

    def __str__(self) -> str:
        return str(self.person)

    @property
    def current(self) -> int:
        """The number of the visit that is shown; 0 for none."""
        return self.trail[self.at] if 0 <= self.at < len(self.trail) else 0


class Visit(models.Model):
    """One page that was asked for, with every request it took: redirects, pictures, style."""

    class How(models.TextChoices):
        OPEN = "open", _("opened")
        RELOAD = "reload", _("loaded again")
        HARD = "hard", _("loaded again, whatever is kept")

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    url = models.TextField()
    title = models.CharField(max_length=300, blank=True)
    how = models.CharField(max_length=6, choices=How.choices, default=How.OPEN)
    follow = models.BooleanField(default=True)
    caching = models.BooleanField(default=True)
    cookies = models.BooleanField(default=True)
    tab = models.CharField(max_length=32, blank=True)
    stopped = models.BooleanField(default=False)
    made = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        indexes = [models.Index(fields=["person", "-made"], name="browser_visits")]

    def __str__(self) -> str:
        return self.url


class Exchange(models.Model):
    """One request and its answer. ``asked`` and ``said`` are sealed; the answer's body is kept at ``content``.

    ``paused`` is a redirect that waits for a person to follow it. ``transcript`` is where it was said.
    """

    class State(models.TextChoices):
        PAUSED = "paused", _("not asked yet")
        WAITING = "waiting", _("waiting")
        ASKING = "asking", _("asking")
        DONE = "done", _("answered")
        FAILED = "failed", _("failed")

    class Kind(models.TextChoices):
        PAGE = "page", _("page")
        REDIRECT = "redirect", _("redirect")
        PICTURE = "picture", _("picture")
        STYLE = "style", _("style")

    visit = models.ForeignKey(Visit, models.CASCADE, related_name="exchanges")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.PAGE)
    method = models.CharField(max_length=40, default="GET")
    url = models.TextField()
    version = models.CharField(max_length=3, default="1.1")
    sealed_asked = models.BinaryField(default=b"", editable=False)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    code = models.PositiveSmallIntegerField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    spoken = models.CharField(max_length=3, blank=True)
    sealed_said = models.BinaryField(default=b"", editable=False)
    content = models.CharField(max_length=200, blank=True)
    size = models.PositiveBigIntegerField(default=0)
    trouble = models.JSONField(default=dict, blank=True)
    kept = models.BooleanField(default=False)
    transcript = models.BigIntegerField(null=True)
    milliseconds = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("request and answer")
        verbose_name_plural = _("requests and answers")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.method} {self.url}"

    @property
    def asked(self) -> dict[str, Any]:
        """What is said: ``fields`` (names and values in order), ``body`` (bytes), ``own``: fields are the person's,
        nothing is added; ``url``, the whole address; ``secret``, names of form fields that hold one."""
        values = json.loads(secrets.unseal(bytes(self.sealed_asked)) or "{}")
        fields = [(str(name), str(value)) for name, value in values.get("fields", [])]
        return {
            "fields": fields,
            "body": base64.b64decode(values.get("body", "")),
            "own": bool(values.get("own")),
            "url": str(values.get("url", "")),
            "secret": tuple(str(name) for name in values.get("secret", [])),
        }

    def ask(
        self, fields: Fields, body: bytes = b"", *, own: bool = False, secret: tuple[str, ...] | None = None
    ) -> None:
        """Set what is said. ``secret``: names of form fields that hold a secret (None: as before).

        The whole address is sealed with it, and from here on ``url`` is it without its secrets.
        """
        names = self.asked["secret"] if secret is None else secret
        told = {
            "fields": fields,
            "body": base64.b64encode(body).decode(),
            "own": own,
            "url": self.whole,
            "secret": names,
        }
        self.url = masked(self.whole, names)
        self.sealed_asked = secrets.seal(json.dumps(told))

    @property
    def whole(self) -> str:
        """The address that is asked, secrets and all; ``url`` is what may be stored and shown of it."""
        return self.asked["url"] or self.url

    @property
    def said(self) -> Fields:
        """The answer's fields in their order."""
        values = json.loads(secrets.unseal(bytes(self.sealed_said)) or "[]")
        return [(str(name), str(value)) for name, value in values]

    @said.setter
    def said(self, fields: Fields) -> None:
        self.sealed_said = secrets.seal(json.dumps([list(one) for one in fields]))

    def value(self, name: str) -> str:
        """The first value of the answer's field ``name``, "" where there is none."""
        return next((value for key, value in self.said if key.lower() == name.lower()), "")


class Cookie(models.Model):
    """A cookie in a person's jar (RFC 6265 section 5.3). ``expires`` None: until it is thrown away by hand."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    domain = models.CharField(max_length=253)
    host_only = models.BooleanField(default=True)
    path = models.CharField(max_length=1024, default="/")
    name = models.CharField(max_length=256)
    sealed = models.BinaryField(default=b"", editable=False)
    expires = models.DateTimeField(null=True, blank=True)
    secure = models.BooleanField(default=False)
    http_only = models.BooleanField(default=False)
    same_site = models.CharField(max_length=6, blank=True)
    made = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("cookie")
        verbose_name_plural = _("cookies")
        ordering = ["domain", "path", "name"]
        constraints = [
            models.UniqueConstraint(fields=["person", "domain", "path", "name"], name="one_cookie_each")
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.domain}{self.path})"

    @property
    def value(self) -> str:
        return secrets.unseal(bytes(self.sealed))

    @value.setter
    def value(self, text: str) -> None:
        self.sealed = secrets.seal(text)


class SignIn(models.Model):
    """What a person signed in with at a site (Basic, RFC 7617): said again below ``path`` until it is forgotten."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    origin = models.CharField(max_length=300)
    path = models.CharField(max_length=1024, default="/")
    user = models.CharField(max_length=200)
    sealed = models.BinaryField(default=b"", editable=False)

    class Meta:
        verbose_name = _("sign-in at a site")
        verbose_name_plural = _("sign-ins at sites")
        constraints = [models.UniqueConstraint(fields=["person", "origin", "path"], name="one_sign_in_each")]

    def __str__(self) -> str:
        return f"{self.user} @ {self.origin}{self.path}"

    @property
    def field(self) -> str:
        """The value of Authorization."""
        return secrets.unseal(bytes(self.sealed))

    @field.setter
    def field(self, text: str) -> None:
        self.sealed = secrets.seal(text)
