"""What a person may choose about a network."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from protocols.irc.grammar import is_nick


class NickForm(forms.Form):
    """The nickname that is asked for when connecting."""

    nick = forms.CharField(label=_("Nickname"), max_length=30)

    def clean_nick(self) -> str:
        nick = self.cleaned_data["nick"]
        if not is_nick(nick):
            raise ValidationError(
                _(
                    "A nickname has letters, digits and []\\`_^{|}-, and does not begin with a digit or a hyphen."
                )
            )
        return nick
