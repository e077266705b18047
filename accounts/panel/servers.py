"""Servers in the admin panel. Saving one asks for its address, once; that address is what is connected to."""

from __future__ import annotations

import re

from cryptography import x509
from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextInputWidget

from accounts import reach
from accounts.models import ConnectionTest, Server
from accounts.panel.pages import page
from accounts.signals import connection_test_wanted
from protocols import catalog
from protocols.errors import Unreachable

_HOST = re.compile(
    r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*\.?"
)
_ADDRESS = re.compile(r"\[?[0-9A-Fa-f:.]+\]?")


def check_host(host: str) -> str:
    """Return ``host`` without spaces around it; ValidationError unless it is a host name or an IP address."""
    host = host.strip()
    if len(host) > 253 or not (_HOST.fullmatch(host) or _ADDRESS.fullmatch(host)):
        raise ValidationError(
            _("“%(host)s” is neither a host name nor an IP address."), params={"host": host[:80]}
        )
    return host.strip("[]")


class NamesForm(forms.ModelForm):
    """The other names, as people write them: with commas."""

    aliases = forms.CharField(
        label=_("Other names"),
        required=False,
        max_length=1000,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Host names under which people may know it, with commas between them."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["aliases"] = ", ".join(self.instance.aliases)

    def clean_aliases(self) -> list[str]:
        return [check_host(name) for name in self.cleaned_data["aliases"].split(",") if name.strip()]


class ServerForm(NamesForm):
    """Host, port and how the certificate is verified."""

    class Meta:
        model = Server
        fields = (
            "protocol",
            "name",
            "host",
            "port",
            "tls_port",
            "security",
            "ca",
            "pin",
            "aliases",
            "enabled",
            "any_sender",
        )

    def clean_host(self) -> str:
        """Ask for the address now: an unknown host is an error of the form."""
        host = check_host(self.cleaned_data["host"])
        try:
            self.instance.address = reach.resolve(host)
        except Unreachable as error:
            raise ValidationError(
                _("There is no host “%(host)s”: its name has no address. Look at the spelling."),
                params={"host": host},
            ) from error
        return host

    def clean_ca(self) -> str:
        pem = self.cleaned_data["ca"].strip()
        if "PRIVATE KEY" in pem:
            raise ValidationError(_("This holds a private key. Paste the certificate alone."))
        try:
            return pem and bool(x509.load_pem_x509_certificates(pem.encode())) and f"{pem}\n"
        except ValueError as error:
            raise ValidationError(
                _("This is no certificate in PEM: it begins with -----BEGIN CERTIFICATE-----.")
            ) from error

    def clean(self):
        data = super().clean()
        trusts = [name for name in ("ca", "pin") if data.get(name)]
        if len(trusts) == 2:
            raise ValidationError(_("Verify the certificate by an authority or by its SHA-256, not by both."))
        if trusts and data.get("security") == Server.Security.PLAIN:
            self.add_error(
                trusts[0], _("Without TLS there is no certificate to verify. Choose STARTTLS or TLS.")
            )
        return data


class ServerAdmin(ModelAdmin):
    """The lab's own servers write their rows themselves; others are entered here."""

    form = ServerForm
    list_display = ("name", "protocol", "host", "port", "security", "enabled", "lab")
    list_filter = ("protocol", "enabled", "lab")
    search_fields = ("name", "host")
    fieldsets = (
        (None, {"fields": ("protocol", "name", ("host", "port"), "aliases", "enabled")}),
        (_("Security"), {"fields": ("security", "tls_port", "ca", "pin")}),
        (_("Lessons"), {"fields": ("any_sender",)}),
    )
    actions_detail = ("test_connection",)
    lab_fieldsets = (
        (
            None,
            {"fields": ("protocol", "name", "host", "port", "tls_port", "security", "aliases", "enabled")},
        ),
        (_("Lessons"), {"fields": ("any_sender",)}),
    )

    def get_fieldsets(self, request, obj=None):
        return self.lab_fieldsets if obj and obj.lab else self.fieldsets

    def get_readonly_fields(self, request, obj=None):
        return ("protocol", "host", "port", "tls_port", "security") if obj and obj.lab else ()

    def get_form(self, request, obj=None, change=False, **kwargs):
        """A row of the lab's own keeps what its server wrote: those fields are shown, not asked for."""
        form = NamesForm if obj and obj.lab else ServerForm
        return super().get_form(request, obj, change=change, form=form, **kwargs)

    @action(
        description=_("Test the connection"), url_path="test", icon="network_check", permissions=["change"]
    )
    def test_connection(self, request, object_id):
        """POST starts a test, which a task does; GET shows the last one, and looks again while it runs."""
        server = get_object_or_404(Server, pk=object_id)
        if not self.has_change_permission(request, server):
            raise PermissionDenied
        if request.method == "POST":
            test = ConnectionTest.objects.create(server=server, by=request.user)
            transaction.on_commit(lambda: connection_test_wanted.send(sender=ConnectionTest, test=test))
            return redirect(request.path)
        last = server.tests.select_related("by").first()
        context = {"server": server, "test": last, "meaning": _meaning(last.trouble if last else {})}
        context["transcript"] = (
            reverse("transcript", args=[last.transcript]) if last and last.transcript else ""
        )
        return page(self, request, "connection", gettext("Connection to %s") % server, **context)

    def has_delete_permission(self, request, obj=None):
        """With a lab row every lab password would go; it can be taken out of use instead."""
        return super().has_delete_permission(request, obj) and not (obj and obj.lab)

    def delete_queryset(self, request, queryset):
        queryset.filter(lab=False).delete()


def _meaning(trouble: dict) -> str:
    """Put a test's trouble into the reader's language: what it means and what to do."""
    if not trouble:
        return ""
    try:
        return catalog.phrase(trouble["key"], trouble["params"], (translation.get_language() or "en")[:2])
    except (KeyError, ValueError):
        return trouble.get("words", "")
