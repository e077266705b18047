"""What channels are called."""

from __future__ import annotations

from django.utils.text import slugify

from accounts.models import SchoolClass


def class_channel(school_class: SchoolClass) -> str:
    """The channel of a class: its name in small letters, ``#network-programming``."""
    plain = school_class.name.replace("đ", "d").replace("Đ", "D")
    return f"#{slugify(plain)[:45] or f'class-{school_class.pk}'}"
