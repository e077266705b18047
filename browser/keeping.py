"""What the browser remembers, and how to change it: options, cookies, sign-ins, history."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from browser import asking, showing, signing, tasks
from browser.forms import CookieForm, OptionsForm, SignInForm
from browser.models import Cookie, Exchange, SignIn, Visit
from browser.views import tab_of


@login_required
@require_POST
def options(request: HttpRequest) -> HttpResponse:
    """How requests are said from now on."""
    window, form = showing.window_of(request), OptionsForm(request.POST)
    if form.is_valid():
        for name, value in form.cleaned_data.items():
            setattr(window, name, value)
        window.save()
    return HttpResponse(status=204)


@login_required
@require_POST
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a cookie's value, or throw it away."""
    row = get_object_or_404(Cookie, pk=pk, person=request.user)
    form = CookieForm(request.POST)
    if request.POST.get("verb") == "delete":
        row.delete()
        return _jar(request)
    if not form.is_valid():
        return _jar(request, refused=_("A cookie's value holds no semicolon and no line break."))
    row.value = form.cleaned_data["value"]
    row.save()
    return _jar(request, told=_("Changed: the next request says it."))


@login_required
@require_POST
def empty(request: HttpRequest) -> HttpResponse:
    """Throw every cookie away."""
    Cookie.objects.filter(person=request.user).delete()
    return _jar(request)


@login_required
@require_POST
def sign_in(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer a 401: remember name and password for that part of the site, and ask again."""
    rows = Exchange.objects.select_related("visit")
    exchange = get_object_or_404(rows, pk=pk, visit__person=request.user)
    form = SignInForm(request.POST)
    if not form.is_valid():
        return _visit(request, refused=_("A user name has no colon, and there has to be one."))
    signing.remember(request.user, exchange.url, form.cleaned_data["user"], form.cleaned_data["password"])
    window = showing.window_of(request)
    again = Exchange(method=exchange.method, url=exchange.whole, version=exchange.version)
    asked = exchange.asked
    kept = [one for one in asked["fields"] if one[0].lower() not in ("authorization", "cookie")]
    again.ask(kept, asked["body"], own=asked["own"], secret=asked["secret"])
    visit = Visit(person=request.user, url=again.url, follow=window.follow, tab=tab_of(request))
    visit.caching, visit.cookies = window.caching, True
    asking.begin(window, visit, again)
    tasks.fetch.delay(again.pk)
    return _visit(request)


@login_required
@require_POST
def sign_out(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget what was signed in with."""
    get_object_or_404(SignIn, pk=pk, person=request.user).delete()
    return _jar(request)


@login_required
@require_POST
def clear(request: HttpRequest) -> HttpResponse:
    """Forget every visit; cookies stay."""
    window = showing.window_of(request)
    asking.forget(list(Visit.objects.filter(person=request.user).values_list("pk", flat=True)))
    window.trail, window.at = [], -1
    window.save()
    return _visit(request)


def _jar(request: HttpRequest, **more) -> HttpResponse:
    request.POST = request.POST.copy()
    request.POST["show"] = "cookies"
    return render(
        request, "browser/_visit.html", showing.context(request, showing.window_of(request), **more)
    )


def _visit(request: HttpRequest, **more) -> HttpResponse:
    values = showing.context(request, showing.window_of(request), **more)
    values |= showing.pieces(values["address"])
    return render(request, "browser/_answer.html", values)
