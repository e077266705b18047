"""Sign-in, home, preferences, and a teacher's class."""

from __future__ import annotations

from datetime import timedelta

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse, reverse_lazy
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import home, names, provision
from accounts.forms import NewPasswordForm, PreferencesForm, SignInForm
from accounts.middleware import THEME_COOKIE
from accounts.models import SchoolClass, Server, User

YEAR = 365 * 24 * 3600


class SignIn(LoginView):
    """The door. Django checks where ``next`` leads and gives the session a new key; axes counts failures."""

    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True


class SignOut(LogoutView):
    """Out, by POST only."""

    http_method_names = ["post", "options"]


class NewPassword(PasswordChangeView):
    """A person's own new site password. Their other sessions end; this one goes on."""

    template_name = "accounts/password.html"
    form_class = NewPasswordForm
    success_url = reverse_lazy("preferences")

    def form_valid(self, form):
        messages.success(
            self.request, _("Your new password holds from now on. You are signed out elsewhere.")
        )
        return super().form_valid(form)


def locked(request, response, credentials=None):
    """The page for who failed too often (``AXES_LOCKOUT_CALLABLE``): it says for how long."""
    tried = names.normal((credentials or {}).get("username") or request.POST.get("username", ""))
    last = (
        AccessAttempt.objects.filter(username=tried, ip_address=request.META.get("REMOTE_ADDR"))
        .order_by("-attempt_time")
        .values_list("attempt_time", flat=True)
        .first()
    )
    pause = timedelta(hours=settings.AXES_COOLOFF_TIME)
    left = (last + pause - timezone.now()) if last else pause
    seconds = max(1, int(left.total_seconds()))
    context = {"tried": tried, "minutes": -(-seconds // 60)}
    answer = render(request, "accounts/locked.html", context, status=429)
    answer.headers["Retry-After"] = str(seconds)
    return answer


@require_safe
def admin_sign_in(request):
    """The admin panel has no door of its own: one sign-in page, one count of failures."""
    if request.user.is_authenticated:
        raise PermissionDenied
    return redirect(f"{reverse('sign-in')}?next={reverse('admin:index')}")


@login_required
@require_safe
def show_home(request):
    """Your addresses, ports and logins, the first letter, and a card of each room."""
    context = {
        "mailbox": provision.address_of(request.user),
        "host": home.public_host(request),
        "servers": home.lab_servers(request),
        "programs": home.programs(request),
        "cards": home.cards(),
        "compose": _url("compose"),
        "newcomer": home.is_newcomer(request.user),
    }
    return render(request, "accounts/home.html", context)


@login_required
@require_http_methods(["GET", "POST"])
@never_cache
def lab_password(request):
    """Show (POST) or hide (GET) one's own lab password; the answer is kept nowhere."""
    secret = provision.lab_password(request.user) if request.method == "POST" else ""
    return _password(request, secret)


@login_required
@require_POST
@never_cache
def new_lab_password(request):
    """Make a new lab password and show it."""
    return _password(request, provision.renew(request.user), new=True)


@login_required
@require_safe
def ca(request):
    """The lab's certificate authority, for a program to trust."""
    pem = Server.objects.filter(lab=True).exclude(ca="").values_list("ca", flat=True).first()
    if not pem:
        raise Http404
    return HttpResponse(
        pem,
        content_type="application/x-pem-file",
        headers={"Content-Disposition": 'attachment; filename="ca.pem"'},
    )


@require_http_methods(["GET", "POST"])
def preferences(request):
    """Language, theme and zone: a page; and a POST of any of them, or of the dock, from anywhere."""
    if request.method == "GET":
        return _preferences_page(request)
    form = PreferencesForm(request.POST)
    if not form.is_valid():
        return _preferences_page(request, form, status=400)
    if request.user.is_authenticated:
        form.keep(request.user)
    answer = _after_preferences(request, form)
    for name, cookie in (("language", settings.LANGUAGE_COOKIE_NAME), ("theme", THEME_COOKIE)):
        if form.cleaned_data[name]:
            answer.set_cookie(cookie, form.cleaned_data[name], max_age=YEAR, samesite="Lax", httponly=True)
    return answer


@login_required
@require_safe
def show_class(request):
    """A teacher's classes and who is in them; an admin sees all."""
    if request.user.role not in {User.Role.TEACHER, User.Role.ADMIN}:
        raise PermissionDenied
    every = request.user.role == User.Role.ADMIN
    classes = SchoolClass.objects.all() if every else request.user.teaches.all()
    context = {"classes": classes.prefetch_related("students", "teachers"), "domain": settings.DOMAIN}
    return render(request, "accounts/class.html", context)


def _preferences_page(request, form=None, status=200):
    if not request.user.is_authenticated:
        return redirect("sign-in") if form is None else HttpResponse(form.errors.as_json(), status=status)
    first = {
        "language": request.LANGUAGE_CODE,
        "theme": request.user.theme,
        "zone": request.user.time_zone,
    }
    context = {"form": form or PreferencesForm(initial=first), "zones": home.zones()}
    return render(request, "accounts/preferences.html", context, status=status)


def _after_preferences(request, form):
    """A module of the page wants no page; a form goes back to where it stood."""
    if request.htmx or "dock" in form.data:
        headers = {"HX-Refresh": "true"} if form.cleaned_data["language"] else {}
        return HttpResponse(status=204, headers=headers)
    back = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return redirect(back if safe else "home")


def _password(request, secret, new=False):
    context = {"secret": secret, "new": new, "shown": request.method == "POST"}
    answer = render(request, "accounts/lab_password.html", context)
    patch_cache_control(answer, no_store=True, private=True)
    return answer


def _url(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""
