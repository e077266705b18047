"""What a person may type: to sign in, and how they like the lab."""

from __future__ import annotations

import json
import zoneinfo

from django import forms
from django.conf import settings
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts import names
from accounts.models import User

MAX_DOCK = 2000
"""Characters of JSON that say how the dock stands; it is a handful of numbers and words."""


class SignInForm(AuthenticationForm):
    """User name and site password. The name may be typed in capitals or with a space behind it."""

    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": _(
            "User name and password do not belong together. Look at Caps Lock and try again; "
            "an admin can give you a new password."
        ),
    }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("User name")
        self.fields["username"].widget.attrs.update(autocapitalize="none", spellcheck="false")
        self.fields["password"].label = _("Password")
        if self.is_bound and self.data.get("username"):
            # The name is kept: what has to be typed anew is the password.
            self.fields["username"].widget.attrs.pop("autofocus", None)
            self.fields["password"].widget.attrs["autofocus"] = True

    def clean_username(self) -> str:
        return names.normal(self.cleaned_data["username"])

    def clean(self) -> dict:
        """What can be nobody's name is not tried (nor counted: the count's column is bounded)."""
        try:
            names.check_user_name(self.cleaned_data.get("username", ""))
        except ValidationError as error:
            raise self.get_invalid_login_error() from error
        return super().clean()


class NewPasswordForm(PasswordChangeForm):
    """A person's own new password for the site."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["old_password"].label = _("Current password")
        self.fields["old_password"].widget.attrs.pop("autofocus", None)
        self.fields["new_password1"].label = _("New password")
        self.fields["new_password1"].help_text = _("At least 8 characters, and none of the common ones.")
        self.fields["new_password2"].label = _("New password, once more")
        self.fields["new_password2"].help_text = ""


class PreferencesForm(forms.Form):
    """Language, theme, time zone and dock, each only where it was sent."""

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES, required=False)
    theme = forms.ChoiceField(label=_("Theme"), choices=User.Theme.choices, required=False)
    zone = forms.CharField(
        label=_("Time zone"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"list": "zones", "placeholder": "Asia/Ho_Chi_Minh"}),
        help_text=_("The zone that times are told in; empty: the lab's, UTC."),
    )
    dock = forms.CharField(max_length=MAX_DOCK, required=False, widget=forms.HiddenInput)

    def clean_zone(self) -> str:
        zone = self.cleaned_data["zone"].strip()
        if zone and zone not in zoneinfo.available_timezones():
            raise forms.ValidationError(
                _("There is no time zone “%(zone)s”. Choose one such as Asia/Ho_Chi_Minh."),
                params={"zone": zone},
            )
        return zone

    def clean_dock(self) -> dict | None:
        text = self.cleaned_data["dock"]
        if not text:
            return None
        try:
            dock = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError(_("This is no JSON.")) from error
        if not isinstance(dock, dict):
            raise forms.ValidationError(_("This is no JSON object."))
        return dock

    def keep(self, person: User) -> None:
        """Store on ``person`` what was sent."""
        sent = {name: value for name, value in self.cleaned_data.items() if name in self.data}
        columns = {"language": "language", "theme": "theme", "zone": "time_zone", "dock": "dock"}
        for name, value in sent.items():
            if name == "zone" or value:
                setattr(person, columns[name], value)
        person.save(update_fields=[columns[name] for name in sent])
