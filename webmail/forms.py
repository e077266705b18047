"""What a person may type into a letter."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from webmail import mime
from webmail.models import Draft

MOST = 100
"""Recipients of one letter, at most (RFC 5321, 4.5.3.1.8)."""


class ComposeForm(forms.ModelForm):
    """A letter to be sent: checked whole. A draft is kept as it is, without this."""

    class Meta:
        model = Draft
        fields = ["sender", "to", "cc", "bcc", "subject", "text"]
        labels = {
            "sender": _("From"),
            "to": _("To"),
            "cc": _("Cc"),
            "bcc": _("Bcc"),
            "subject": _("Subject"),
            "text": _("Message"),
        }
        widgets = {name: forms.TextInput(attrs={"autocomplete": "off"}) for name in ("to", "cc", "bcc")}

    def __init__(self, *args, senders: list[str], **kwargs):
        super().__init__(*args, **kwargs)
        self.senders = senders
        self.fields["sender"] = forms.ChoiceField(label=_("From"), choices=[(one, one) for one in senders])
        self.fields["text"].strip = False

    def clean(self):
        found = []
        for name in ("to", "cc", "bcc"):
            try:
                found += mime.addresses(self.cleaned_data.get(name, ""))
            except ValidationError as error:
                self.add_error(name, error)
        if not found and not self.errors:
            self.add_error("to", _("Write at least one address."))
        if len(found) > MOST:
            self.add_error("to", _("A letter goes to at most %(count)d people.") % {"count": MOST})
        return self.cleaned_data
