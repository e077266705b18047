"""Classes in the admin panel: who teaches and attends them, a roster in, a list out, new passwords."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminFileFieldWidget

from accounts import roster, roster_file
from accounts.models import Roster, SchoolClass, User
from accounts.numbers import number
from accounts.panel.pages import page, sheet

SHOWN = 500
"""Rows of a long list that the preview shows; those that are wrong come first."""


class RosterForm(forms.Form):
    """The uploaded file."""

    file = forms.FileField(
        label=_("Class list (CSV)"), widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,text/csv"})
    )

    def clean_file(self):
        """Refuse by size before reading."""
        file = self.cleaned_data["file"]
        raw = file.read(roster_file.MAX_BYTES + 1)
        self.rows = roster_file.read(raw)
        return file


class ClassAdmin(ModelAdmin):
    """A class, and its roster."""

    list_display = ("name", "how_many")
    search_fields = ("name",)
    autocomplete_fields = ("teachers", "students")
    actions_detail = ("import_roster", "export_class", "renew_passwords")

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(count=Count("students"))

    @display(description=_("students"), ordering="count")
    def how_many(self, school_class):
        return school_class.count

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        teaches = db_field.name == "teachers"
        roles = [User.Role.TEACHER, User.Role.ADMIN] if teaches else [User.Role.STUDENT]
        kwargs["queryset"] = User.objects.filter(role__in=roles)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def get_urls(self):
        """The preview, between the upload and the import."""
        preview = self.admin_site.admin_view(self.preview)
        return [path("roster/<int:pk>/", preview, name="accounts_roster_preview"), *super().get_urls()]

    @action(description=_("Import a class list"), url_path="roster", icon="upload", permissions=["change"])
    def import_roster(self, request, object_id):
        """Upload: what cannot be read as a whole is said here, what is wrong in a row in the preview."""
        school_class = self._class(request, object_id)
        form = RosterForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            kept = roster.keep(form.rows, school_class, request.user)
            return redirect("admin:accounts_roster_preview", pk=kept.pk)
        title = gettext("Import a class list into %s") % school_class
        context = {"form": form, "columns": roster_file.TITLES, "school_class": school_class}
        return page(self, request, "roster", title, **context)

    def preview(self, request, pk):
        """What would become of each row; and, by POST, the import, whose answer is the sheet."""
        kept = Roster.objects.filter(pk=pk, by=request.user).select_related("school_class").first()
        if kept is None:
            messages.warning(request, gettext("This list was imported already, or has waited too long."))
            return redirect("admin:accounts_schoolclass_changelist")
        school_class = self._class(request, kept.school_class_id)
        if request.method == "POST":
            return self._enrol(request, kept, school_class)
        judged = roster.judge(roster.kept(kept), school_class)
        fates = [row.fate for row in judged]
        context = {
            "judged": sorted(judged, key=lambda row: row.fate != "wrong")[:SHOWN],
            "shown": SHOWN,
            "counts": {fate: fates.count(fate) for fate in ("new", "joins", "wrong")},
            "total": len(judged),
            "good": len(judged) - fates.count("wrong"),
            "school_class": school_class,
        }
        return page(self, request, "preview", gettext("Look at the list before it is imported"), **context)

    @action(description=_("Export (CSV)"), url_path="export", icon="download", permissions=["view"])
    def export_class(self, request, object_id):
        school_class = self._class(request, object_id)
        name = slugify(school_class.name) or "class"
        return HttpResponse(
            roster_file.export(school_class),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
        )

    @action(description=_("New passwords"), url_path="passwords", icon="key", permissions=["change"])
    def renew_passwords(self, request, object_id):
        """New passwords for the students who are chosen, and their sheet: for a sheet that was lost."""
        school_class = self._class(request, object_id)
        students = school_class.students.filter(is_active=True).order_by("username")
        chosen = students.filter(pk__in=[pk for pk in map(number, request.POST.getlist("person")) if pk])
        if request.method == "POST" and chosen:
            return sheet(request, roster.renew(chosen), self._back(school_class), school_class.name)
        title = gettext("New passwords for students of %s") % school_class
        return page(self, request, "renew", title, students=students, none=request.method == "POST")

    def _enrol(self, request, kept, school_class):
        try:
            cards = roster.enrol(kept)
        except Roster.DoesNotExist:
            messages.warning(request, gettext("This list was imported already, or has waited too long."))
            return redirect(self._back(school_class))
        self.log_change(request, school_class, gettext("Imported a class list: %d new people.") % len(cards))
        if not cards:
            messages.success(
                request, gettext("Imported. Nobody on the list was new, so there are no passwords.")
            )
            return redirect(self._back(school_class))
        return sheet(request, cards, self._back(school_class), school_class.name)

    def _class(self, request, pk) -> SchoolClass:
        school_class = get_object_or_404(SchoolClass, pk=pk)
        if not self.has_change_permission(request, school_class):
            raise PermissionDenied
        return school_class

    def _back(self, school_class) -> str:
        return reverse("admin:accounts_schoolclass_change", args=[school_class.pk])
