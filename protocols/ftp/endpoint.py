"""Where a data connection goes: the numbers of PORT, EPRT, 227, 228 and 229 (RFC 959, 1639, 2428)."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

_SIX = re.compile(r"(?<![0-9])([0-9]{1,3})\s*,\s*" * 5 + r"([0-9]{1,3})(?![0-9])")
_229 = re.compile(r"([\x21-\x7e])\1\1([0-9]{1,5})\1")
_LONG = re.compile(r"([0-9]{1,3})((?:\s*,\s*[0-9]{1,3})+)")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An address and port. ``high`` and ``low`` are the port's two numbers as PORT and 227 write them."""

    host: str
    port: int

    @property
    def high(self) -> int:
        return self.port // 256

    @property
    def low(self) -> int:
        return self.port % 256


def parse_six(text: str) -> Endpoint | None:
    """Read ``h1,h2,h3,h4,p1,p2`` wherever it stands in ``text``; None where it stands nowhere.

    Of PORT's argument and of 227's text: RFC 1123 4.1.2.6 wants the digits looked for, brackets or not.
    """
    found = _SIX.search(text)
    numbers = [int(number) for number in found.groups()] if found else [256]
    if max(numbers) > 255:
        return None
    return Endpoint(".".join(map(str, numbers[:4])), numbers[4] * 256 + numbers[5])


def parse_229(text: str) -> int | None:
    """Read the port of ``(|||40001|)``, whatever sign parts it (RFC 2428 section 3); None where there is none."""
    found = _229.search(text)
    return int(found[2]) if found and 0 < int(found[2]) < 65536 else None


def parse_eprt(argument: str) -> Endpoint | None:
    """Read ``|1|192.0.2.1|40001|`` or ``|2|::1|40001|`` (RFC 2428 section 2); None where it is not that."""
    parts = argument.strip()[1:-1].split(argument.strip()[:1] or "|")
    if len(parts) != 3 or parts[0] not in ("1", "2") or not re.fullmatch("[0-9]{1,5}", parts[2]):
        return None
    try:
        address = ipaddress.ip_address(parts[1])
    except ValueError:
        return None
    right = address.version == (4 if parts[0] == "1" else 6) and 0 < int(parts[2]) < 65536
    return Endpoint(str(address), int(parts[2])) if right else None


def parse_long(text: str) -> Endpoint | None:
    """Read LPRT's argument or 228's text: family, address length, address, port length, port (RFC 1639)."""
    found = _LONG.search(text)
    numbers = [int(number) for number in re.findall("[0-9]+", found[0])] if found else []
    length = numbers[1] if len(numbers) > 2 and numbers[0] in (4, 6) else -1
    if length not in (4, 16) or len(numbers) != length + 5 or numbers[2 + length] != 2 or max(numbers) > 255:
        return None
    host = ipaddress.ip_address(bytes(numbers[2 : 2 + length]))
    return Endpoint(str(host), numbers[-2] * 256 + numbers[-1])


def port_argument(where: Endpoint) -> str:
    """Return PORT's argument for an IPv4 endpoint."""
    return f"{where.host.replace('.', ',')},{where.high},{where.low}"


def eprt_argument(where: Endpoint) -> str:
    """Return EPRT's argument for an endpoint of either family."""
    return f"|{2 if ':' in where.host else 1}|{where.host}|{where.port}|"
