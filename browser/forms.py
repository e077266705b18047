"""What a person may ask for: an address, or a request built by hand."""

from __future__ import annotations

import re

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from protocols.http.grammar import TOKEN

LONGEST = 8000
"""Characters of an address; servers take no more (RFC 9110 section 4.1 asks for 8000 at least)."""


class OpenForm(forms.Form):
    """An address; with ``built``, the method, version, fields and body that are to be said."""

    url = forms.CharField(max_length=LONGEST, strip=True, label=gettext_lazy("Address"))
    method = forms.RegexField(re.compile(TOKEN + r"\Z"), max_length=20, required=False, empty_value="GET")
    version = forms.ChoiceField(choices=[("1.0", "HTTP/1.0"), ("1.1", "HTTP/1.1")], required=False)
    fields_text = forms.CharField(max_length=32_000, required=False, strip=False)
    body = forms.CharField(max_length=1_000_000, required=False, strip=False)
    built = forms.BooleanField(required=False)

    def clean_fields_text(self) -> list[tuple[str, str]]:
        """Lines ``Name: value`` as pairs, as they were written; a line without a colon is named."""
        pairs = []
        for line in self.cleaned_data["fields_text"].replace("\r\n", "\n").split("\n"):
            if not line.strip():
                continue
            name, colon, value = line.partition(":")
            if not colon or not re.fullmatch(TOKEN, name.strip()):
                raise forms.ValidationError(
                    _("“%(line)s” is no field: a name, a colon and a value belong on each line.")
                    % {"line": line[:60]}
                )
            pairs.append((name.strip(), value.strip()))
        return pairs


class OptionsForm(forms.Form):
    """How the window asks."""

    version = forms.ChoiceField(choices=[("1.0", "HTTP/1.0"), ("1.1", "HTTP/1.1")])
    follow = forms.BooleanField(required=False)
    caching = forms.BooleanField(required=False)
    cookies = forms.BooleanField(required=False)


class CookieForm(forms.Form):
    """A cookie's new value: what may stand in one (RFC 6265 section 4.1.1), and spaces, which browsers take."""

    value = forms.RegexField(r"^[^\x00-\x1f\x7f;]*$", max_length=4000, required=False, strip=True)


class SignInForm(forms.Form):
    """A user name and a password for a site; a colon ends the name (RFC 7617 section 2)."""

    user = forms.RegexField(r"^[^:\x00-\x1f\x7f]+$", max_length=200, strip=True)
    password = forms.RegexField(r"^[^\x00-\x1f\x7f]*$", max_length=500, required=False, strip=False)
