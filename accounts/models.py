"""People, classes, the servers they may reach, and their logins there."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts import names, secrets
from accounts.signals import person_disabled


class User(AbstractUser):
    """A person of the lab. ``is_active`` False is "disabled": every login is closed, the data is kept."""

    class Role(models.TextChoices):
        STUDENT = "student", _("student")
        TEACHER = "teacher", _("teacher")
        ADMIN = "admin", _("admin")

    class Theme(models.TextChoices):
        SYSTEM = "system", _("like the system")
        LIGHT = "light", _("light")
        DARK = "dark", _("dark")

    username = models.CharField(
        _("user name"),
        max_length=names.MAX_USER_NAME,
        unique=True,
        validators=[names.check_user_name],
        help_text=_("It is the mailbox as well: small letters, digits, dots, hyphens and underscores."),
        error_messages={"unique": _("Somebody has this user name already.")},
    )
    first_name = models.CharField(_("first name"), max_length=80, blank=True, validators=[names.check_name])
    last_name = models.CharField(_("last name"), max_length=80, blank=True, validators=[names.check_name])
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.STUDENT)
    language = models.CharField(_("language"), max_length=5, blank=True, default="")
    time_zone = models.CharField(_("time zone"), max_length=40, blank=True, default="")
    theme = models.CharField(_("theme"), max_length=10, choices=Theme.choices, default=Theme.SYSTEM)
    dock = models.JSONField(_("how the Wire dock stands"), default=dict, blank=True)

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")

    @property
    def is_teacher(self) -> bool:
        return self.role == self.Role.TEACHER

    @property
    def display_name(self) -> str:
        """The name people read: first and last name, or the user name."""
        return self.get_full_name() or self.username

    @classmethod
    def from_db(cls, db, field_names, values):
        """Remember whether the person was active, so that ``save`` sees who is being disabled."""
        person = super().from_db(db, field_names, values)
        person._was_active = person.__dict__.get("is_active", False)
        return person

    def save(self, *args, **kwargs):
        """Admins, and only they, enter the admin panel; that a person is disabled is told at once."""
        self.grant()
        disabled = getattr(self, "_was_active", False) and not self.is_active
        super().save(*args, **kwargs)
        self._was_active = self.is_active
        if disabled:
            person_disabled.send(sender=User, person=self)

    def grant(self) -> None:
        """Set Django's two flags from the role."""
        self.is_staff = self.is_superuser = self.role == self.Role.ADMIN


class SchoolClass(models.Model):
    """A class: teachers see their students' transcripts (design: letters' bodies stay folded to them)."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    teachers = models.ManyToManyField(User, related_name="teaches", blank=True, verbose_name=_("teachers"))
    students = models.ManyToManyField(User, related_name="attends", blank=True, verbose_name=_("students"))

    class Meta:
        verbose_name = _("class")
        verbose_name_plural = _("classes")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def channel(self) -> str:
        """The class's channel on the lab's IRC server, where its teachers are the operators."""
        return names.class_channel(self.name, self.pk)


class Server(models.Model):
    """A server that people may reach; no other host is ever connected to (``accounts.reach``)."""

    class Protocol(models.TextChoices):
        SMTP = "smtp", "SMTP"
        POP3 = "pop3", "POP3"
        IMAP = "imap", "IMAP"
        FTP = "ftp", "FTP"
        IRC = "irc", "IRC"
        HTTP = "http", "HTTP"

    class Security(models.TextChoices):
        PLAIN = "plain", _("none")
        STARTTLS = "starttls", "STARTTLS"
        TLS = "tls", "TLS"

    protocol = models.CharField(_("protocol"), max_length=5, choices=Protocol.choices)
    name = models.CharField(_("name"), max_length=80)
    host = models.CharField(_("host"), max_length=253)
    port = models.PositiveIntegerField(_("port"), validators=[MinValueValidator(1), MaxValueValidator(65535)])
    tls_port = models.PositiveIntegerField(
        _("port for TLS from the first byte"),
        blank=True,
        null=True,
        validators=[MinValueValidator(1), MaxValueValidator(65535)],
    )
    security = models.CharField(
        _("security"), max_length=8, choices=Security.choices, default=Security.STARTTLS
    )
    ca = models.TextField(_("certificate authority (PEM)"), blank=True)
    pin = models.CharField(
        _("certificate's SHA-256"),
        max_length=95,
        blank=True,
        validators=[RegexValidator(r"^([0-9A-Fa-f]{2}:?){32}$", _("64 hexadecimal digits"))],
    )
    aliases = models.JSONField(_("other names"), default=list, blank=True)
    address = models.GenericIPAddressField(_("address"), blank=True, null=True, editable=False)
    lab = models.BooleanField(_("one of the lab's own"), default=False, editable=False)
    enabled = models.BooleanField(_("in use"), default=True)
    any_sender = models.BooleanField(
        _("anyone may write as anyone"),
        default=False,
        help_text=_("For a lesson on forged senders: the lab's SMTP server stops answering 553."),
    )

    class Meta:
        verbose_name = _("server")
        verbose_name_plural = _("servers")
        ordering = ["protocol", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["protocol"], condition=models.Q(lab=True), name="one_lab_server_each"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_protocol_display()} {self.host}:{self.port}"


class ConnectionTest(models.Model):
    """An admin's look whether a server answers: started on its page, done by a task, recorded in a transcript.

    ``said`` are the server's first lines, ``tls`` what was agreed, ``trouble`` an error's key, its parameters and
    the server's words; ``outcome`` is empty while it runs.
    """

    server = models.ForeignKey(Server, models.CASCADE, related_name="tests", verbose_name=_("server"))
    by = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("started by"))
    started = models.DateTimeField(_("started"), auto_now_add=True)
    ended = models.DateTimeField(_("ended"), null=True)
    outcome = models.CharField(_("outcome"), max_length=10, blank=True, default="")
    said = models.JSONField(_("what the server said"), default=list)
    tls = models.JSONField("TLS", default=dict)
    trouble = models.JSONField(_("trouble"), default=dict)
    transcript = models.BigIntegerField(_("transcript"), null=True)

    class Meta:
        verbose_name = _("connection test")
        verbose_name_plural = _("connection tests")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.server}: {self.outcome}"


class Login(models.Model):
    """A person's login at a server. ``secret`` is encrypted with a key that is not in the database."""

    person = models.ForeignKey(User, models.CASCADE, related_name="logins", verbose_name=_("person"))
    server = models.ForeignKey(Server, models.CASCADE, related_name="logins", verbose_name=_("server"))
    user_name = models.CharField(_("user name"), max_length=254)
    addresses = models.JSONField(_("own addresses"), default=list, blank=True)
    sealed = models.BinaryField(_("secret, encrypted"), editable=False, default=b"")

    class Meta:
        verbose_name = _("login")
        verbose_name_plural = _("logins")
        constraints = [
            models.UniqueConstraint(fields=["person", "server"], name="one_login_each"),
            models.UniqueConstraint(fields=["server", "user_name"], name="one_person_per_user_name"),
        ]

    def __str__(self) -> str:
        return f"{self.user_name} @ {self.server}"

    @property
    def secret(self) -> str:
        """The password in clear: for a task about to sign in, the lab's authenticator and its owner."""
        return secrets.unseal(bytes(self.sealed))

    @secret.setter
    def secret(self, value: str) -> None:
        if any(sign in value for sign in "\r\n\0"):
            raise ValidationError(_("A password cannot hold a line break or NUL."))
        self.sealed = secrets.seal(value)


class Roster(models.Model):
    """A class list on its way in: uploaded, looked at, then imported or thrown away (``accounts.roster``).

    ``rows`` are what the file said, row by row. It never holds a password: those are made when the list is
    imported, shown in the answer, and kept only as every other.
    """

    by = models.ForeignKey(User, models.CASCADE, related_name="+", verbose_name=_("imported by"))
    school_class = models.ForeignKey(SchoolClass, models.CASCADE, related_name="+", verbose_name=_("class"))
    rows = models.JSONField(_("rows"), default=list)
    made_at = models.DateTimeField(_("uploaded"), auto_now_add=True)

    class Meta:
        verbose_name = _("roster")
        verbose_name_plural = _("rosters")

    def __str__(self) -> str:
        return f"{self.school_class}: {len(self.rows)}"
