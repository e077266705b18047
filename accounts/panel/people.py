"""People in the admin panel: made with their mailbox, disabled and enabled, given new passwords, deleted."""

from __future__ import annotations

from axes.utils import reset
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectMultipleWidget

from accounts import names, passwords, roster
from accounts.models import SchoolClass, User
from accounts.panel.pages import page, sheet
from accounts.provision import provision


class PersonForm(forms.ModelForm):
    """A person without passwords: those are made, or set on a page of their own."""

    classes = forms.ModelMultipleChoiceField(
        label=_("Classes"),
        queryset=SchoolClass.objects.all(),
        required=False,
        widget=UnfoldAdminSelectMultipleWidget,
        help_text=_("A student attends them, a teacher teaches them."),
    )

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email", "role", "is_active")

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            now = [*self.instance.attends.all(), *self.instance.teaches.all()]
            self.fields["classes"].initial = [group.pk for group in now]

    def clean_username(self) -> str:
        """The user name is the mailbox: it stays once letters may have come to it."""
        username = names.normal(self.cleaned_data["username"])
        if self.instance.pk and username != self.instance.username:
            raise ValidationError(_("A user name stays, for letters are addressed to it."))
        return username

    def clean(self):
        """The last admin in use can neither be disabled nor be made something else."""
        data = super().clean()
        stays = data.get("role") == User.Role.ADMIN and data.get("is_active")
        if self.instance.pk and is_last_admin(self.instance.pk) and not stays:
            raise ValidationError(_("This is the last admin: make another one first."))
        return data


class PasswordsForm(forms.Form):
    """New passwords of a person; what is left empty is made."""

    which = forms.ChoiceField(choices=[("site", ""), ("lab", "")])
    password = forms.CharField(
        label=_("New password"),
        required=False,
        max_length=128,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text=_("Leave it empty to have one made."),
    )

    def __init__(self, person: User, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_password(self) -> str:
        password = self.cleaned_data["password"]
        if password and self.data.get("which") == "site":
            validate_password(password, self.person)
        if password and (names.unreadable(password) or not password.isascii() or len(password) > 64):
            raise ValidationError(_("At most 64 signs that a keyboard of any country has (ASCII)."))
        return password


class PersonAdmin(ModelAdmin):
    """Creating a person makes their mailbox and logins and shows the passwords once."""

    form = PersonForm
    list_display = ("username", "display_name", "role", "is_active", "last_login")
    list_filter = ("role", "is_active", "attends")
    search_fields = ("username", "first_name", "last_name", "email")
    ordering = ("username",)
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", ("first_name", "last_name"), "email", "role", "classes")}),
        (_("State"), {"fields": ("is_active", "last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", ("first_name", "last_name"), "email", "role", "classes")}),
    )
    actions = ("disable", "enable", "unlock")
    actions_detail = ("give_passwords",)
    delete_confirmation_template = "accounts/panel/delete_person.html"
    delete_selected_confirmation_template = "accounts/panel/delete_people.html"

    def get_fieldsets(self, request, obj=None):
        return self.fieldsets if obj else self.add_fieldsets

    def get_readonly_fields(self, request, obj=None):
        return (*self.readonly_fields, "username") if obj else self.readonly_fields

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "is_active":
            field.help_text = _(
                "Without this mark the person is disabled: every login is closed, all data is kept."
            )
        return field

    def has_delete_permission(self, request, obj=None):
        """Nobody deletes themselves, and the last admin stays."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or (obj.pk != request.user.pk and not is_last_admin(obj.pk)))

    def delete_queryset(self, request, queryset):
        """One by one, leaving out oneself: whose mail and files go is told by each person's signal."""
        for person in queryset.exclude(pk=request.user.pk):
            if not is_last_admin(person.pk):
                person.delete()

    def get_deleted_objects(self, objs, request):
        """Counts of what hangs on these people instead of a line for each letter of thousands."""
        people = list(objs)
        counts = {User._meta.verbose_name_plural: len(people)}
        for relation in User._meta.related_objects:
            found = relation.related_model._base_manager.filter(
                **{f"{relation.field.name}__in": people}
            ).count()
            if found and relation.on_delete is not None:
                counts[relation.related_model._meta.verbose_name_plural] = found
        return [f"{person.username} ({person.display_name})" for person in people], counts, set(), []

    def save_model(self, request, obj, form, change):
        if not change:
            obj.first_password = passwords.generate()
            obj.password = passwords.hash_generated(obj.first_password)
        super().save_model(request, obj, form, change)

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        person, classes = form.instance, form.cleaned_data["classes"]
        teaches = person.role == User.Role.TEACHER
        person.teaches.set(classes if teaches else [])
        person.attends.set(classes if person.role == User.Role.STUDENT else [])

    def response_add(self, request, obj, post_url_continue=None):
        """The answer to "Save" is the one place where the two passwords stand."""
        card = roster.card(obj, obj.first_password, provision(obj))
        return sheet(request, [card], reverse("admin:accounts_user_change", args=[obj.pk]))

    @admin.display(description=_("name"), ordering="last_name")
    def display_name(self, person):
        return person.display_name

    @admin.action(description=_("Disable: close every login, keep the data"))
    def disable(self, request, queryset):
        people = [person for person in queryset if person.is_active and person.pk != request.user.pk]
        for person in people:
            person.is_active = False
            person.save(update_fields=["is_active"])
        self._told(request, ngettext("%d person disabled.", "%d people disabled.", len(people)) % len(people))

    @admin.action(description=_("Enable again"))
    def enable(self, request, queryset):
        people = [person for person in queryset if not person.is_active]
        for person in people:
            person.is_active = True
            person.save(update_fields=["is_active"])
        self._told(request, ngettext("%d person enabled.", "%d people enabled.", len(people)) % len(people))

    @admin.action(description=_("Let sign in again after too many wrong passwords"))
    def unlock(self, request, queryset):
        count = sum(reset(username=person.username) for person in queryset)
        self._told(request, ngettext("%d lock opened.", "%d locks opened.", count) % count)

    @action(description=_("Passwords"), url_path="passwords", icon="key", permissions=["change"])
    def give_passwords(self, request, object_id):
        """A page with two forms: a new site password, a new lab password; set by hand or made."""
        person = get_object_or_404(User, pk=object_id)
        if not self.has_change_permission(request, person):
            raise PermissionDenied
        form = PasswordsForm(person, request.POST or None)
        if request.method == "POST" and form.is_valid():
            card = new_password(person, **form.cleaned_data)
            self.log_change(request, person, gettext("New password (%s).") % form.cleaned_data["which"])
            return sheet(request, [card], reverse("admin:accounts_user_change", args=[person.pk]))
        title = gettext("Passwords of %s") % person.display_name
        return page(self, request, "passwords", title, form=form, person=person)

    def _told(self, request, text):
        self.message_user(request, text, messages.SUCCESS)


@transaction.atomic
def new_password(person: User, which: str, password: str) -> roster.Card:
    """Set a new password (``which``: site or lab), made where it is empty, and return it on a card."""
    if which == "lab":
        return roster.card(person, lab_password=provision(person, password or passwords.generate(2)))
    site = password or passwords.generate()
    person.password = passwords.hash_generated(site)
    if password:
        person.set_password(password)
    person.save(update_fields=["password"])
    return roster.card(person, site_password=site)


def is_last_admin(pk: int) -> bool:
    """Whether ``pk`` is an admin in use and there is no other."""
    admins = set(User.objects.filter(role=User.Role.ADMIN, is_active=True).values_list("pk", flat=True)[:2])
    return admins == {pk}
