"""Logins in the admin panel. The secret can be written, never read."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from accounts import names
from accounts.models import Login, Server


class LoginForm(forms.ModelForm):
    """Who signs in where, as whom, and with which password (write-only)."""

    addresses = forms.CharField(
        label=_("Own addresses"),
        required=False,
        max_length=2000,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Mail addresses this person may write from, with commas between them."),
    )
    new_secret = forms.CharField(
        label=_("Password"),
        required=False,
        max_length=256,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_("It is kept encrypted and never shown here. Leave it empty to keep the one there is."),
    )

    class Meta:
        model = Login
        fields = ("person", "server", "user_name")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["addresses"] = ", ".join(self.instance.addresses)

    def clean_user_name(self) -> str:
        user_name = self.cleaned_data["user_name"]
        if names.unreadable(user_name):
            raise ValidationError(_("A user name cannot hold a line break or a control character."))
        return user_name

    def clean_addresses(self) -> list[str]:
        addresses = [part.strip() for part in self.cleaned_data["addresses"].split(",") if part.strip()]
        for address in addresses:
            local, at, domain = address.rpartition("@")
            if not (local and at and domain) or any(map(str.isspace, address)) or names.unreadable(address):
                raise ValidationError(
                    _("“%(address)s” is no mail address."), params={"address": address[:80]}
                )
        return addresses

    def clean_new_secret(self) -> str:
        """CR, LF and NUL would end the command that says the password."""
        secret = self.cleaned_data["new_secret"]
        if names.unreadable(secret):
            raise ValidationError(_("A password cannot hold a line break or NUL."))
        if not secret and not self.instance.pk:
            raise ValidationError(_("A new login needs its password."))
        return secret

    def clean_server(self) -> Server:
        """The lab's logins share one password, which their owner reads on the home page."""
        server = self.cleaned_data["server"]
        if server.lab:
            raise ValidationError(
                _("Logins at the lab's own servers make themselves. Their password: People > Passwords.")
            )
        return server

    def save(self, commit=True):
        self.instance.addresses = self.cleaned_data["addresses"]
        if self.cleaned_data["new_secret"]:
            self.instance.secret = self.cleaned_data["new_secret"]
        return super().save(commit)


class LoginAdmin(ModelAdmin):
    """Logins at other servers are entered here; those at the lab's own make themselves."""

    form = LoginForm
    list_display = ("person", "server", "user_name", "at_lab")
    list_filter = ("server", "server__lab")
    search_fields = ("person__username", "user_name")
    autocomplete_fields = ("person", "server")
    list_select_related = ("person", "server")

    def has_change_permission(self, request, obj=None):
        """Those at the lab's servers are shown, not changed."""
        return super().has_change_permission(request, obj) and not (obj and obj.server.lab)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and not (obj and obj.server.lab)

    def delete_queryset(self, request, queryset):
        queryset.filter(server__lab=False).delete()

    def get_fields(self, request, obj=None):
        shown = ("person", "server", "user_name", "addresses")
        return shown if obj and obj.server.lab else (*shown, "new_secret")

    @display(description=_("at the lab"), boolean=True)
    def at_lab(self, login):
        return login.server.lab
