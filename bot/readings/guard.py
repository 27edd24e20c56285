"""Where a link that anybody may have given may lead: which schemes, ports and addresses.

The word that counts is spoken where a socket is made, on the very address and port that it is
connected to; what is said of a link or of a name's addresses before that is for a clear sentence
and so that nothing is asked of a server that only half answers for itself. It fetches nothing and
looks no name up.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Collection, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING

from bot.domain.errors import ReadingError

if TYPE_CHECKING:
    from yarl import URL

Address = IPv4Address | IPv6Address
Allow = Callable[[Address], bool]
Endpoint = tuple[str, int] | tuple[str, int, int, int]  # address, port; of IPv6 also flow and scope
AddressInfo = tuple[int, int, int, str, Endpoint]  # as getaddrinfo gives it

MAX_LENGTH = 4000  # characters of a link

# IANA's special-purpose registries (RFC 6890 and what followed), and two public addresses that
# cloud machines use for themselves. Spelled out, since ipaddress of Python 3.11 knows fewer.
_CLOSED_4 = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carriers' address translation (RFC 6598)
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's own services
        "169.254.0.0/16",  # link-local, and where clouds keep their metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/3",  # multicast, reserved, broadcast
    )
)
_GLOBAL_6 = IPv6Network("2000::/3")  # all that is given out so far (RFC 4291)
_CLOSED_6 = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo (RFC 4380) among them
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4 (RFC 3056): an IPv4 address that its relay connects to
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052; how a machine without IPv4 reaches it

_NAME = re.compile(r"(?:[a-z0-9_-]{1,63}\.)*[a-z0-9_-]{1,63}\.?")
_LOOKS_NUMERIC = re.compile(r"(?:.*\.)?(?:\d+|0x[0-9a-f]*)\.?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def is_public(address: Address) -> bool:
    """Whether ``address`` belongs to the public internet.

    An IPv4 address inside an IPv6 one (mapped, NAT64) is judged by itself; 6to4 and Teredo are
    closed whatever they hold.
    """
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _CLOSED_4)
    if address.scope_id is not None:
        return False
    if address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    if address in _NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    return address in _GLOBAL_6 and not any(address in network for network in _CLOSED_6)


class ClosedAddressError(OSError):
    """A socket was asked for where none may lead. An OSError, as connecting code expects one."""


class Guard:
    """Says of links, addresses and sockets whether they may be used; raises ReadingError if not."""

    def __init__(self, allow: Allow, ports: Collection[int]) -> None:
        self._allow = allow
        self._ports = frozenset(ports)

    def checked(self, link: str, base: URL | None = None) -> URL:
        """The link as it will be asked for, its host in one spelling (RFC 3986, UTS 46).

        ``base`` is where a redirect to ``link`` came from.
        """
        url = _parsed(link, base)
        if url.scheme not in {"http", "https"}:
            raise refused(
                "Only links that begin with https:// or http:// can be read;"
                " give one of those, or the file itself."
            )
        if "@" in url.raw_authority:
            raise refused(
                "A link with a name or a password in it is not read;"
                " take out what stands before the “@” and try again."
            )
        if url.port not in self._ports:
            raise refused(
                "Only links to a web server's own ports (80 and 443) are read;"
                " download what you want read and give the file instead."
            )
        return self._spelled(url)

    def addresses(self, host: str, found: Iterable[str]) -> Sequence[Address]:
        """The addresses that the name ``host`` has; all of them may be connected to.

        One that may not is enough to refuse them all: an honest name has none, and which one
        would be taken is a matter of chance.
        """
        addresses = [ip_address(each) for each in found]
        if not addresses:
            raise unknown_name(host)
        if not all(self._allow(each) for each in addresses):
            raise not_public(host)
        return addresses

    def socket(self, info: AddressInfo) -> socket.socket:
        """A new socket for a connection to just the address and port of ``info``.

        Raises ClosedAddressError where none may lead.
        """
        family, kind, protocol, _, endpoint = info
        host, port = endpoint[:2]
        if port not in self._ports or not self._allow(ip_address(host)):
            raise ClosedAddressError(f"no connection is made to {host}, port {port}")
        return socket.socket(family, kind, protocol)

    def _spelled(self, url: URL) -> URL:
        host = (url.raw_host or "").lower()
        if "%" in host:  # escapes, or an interface of ours ("::1%25eth0")
            raise _no_link()
        literal = _literal(host)
        if literal is not None:
            if not self._allow(literal):
                raise not_public(host)
            return url.with_host(str(literal))
        if len(host) > 253 or not _NAME.fullmatch(host):
            raise _no_link()
        return url


def refused(reason: str) -> ReadingError:
    return ReadingError(reason, permanent=True)


def not_public(host: str) -> ReadingError:
    # Which address it has is not said: that would tell a stranger about the network we run in.
    return refused(
        f"“{host}” is not on the public internet, so nothing is fetched from it;"
        " download what you want read and give the file instead."
    )


def unknown_name(host: str) -> ReadingError:
    return refused(f"There is no site called “{host}”; check the link and try again.")


def _no_link() -> ReadingError:
    return refused("That is not a link to a web page; check it and try again.")


def _parsed(link: str, base: URL | None) -> URL:
    from yarl import URL  # only who fetches pays for it

    link = link.strip()
    if len(link) > MAX_LENGTH or _CONTROL.search(link):
        raise _no_link()
    try:
        url = URL(link)
        return base.join(url) if base is not None else url
    except ValueError:  # a UnicodeError is one
        raise _no_link() from None


def _literal(host: str) -> Address | None:
    """The address that ``host`` spells out, None when it is a name.

    Decimal, hexadecimal, octal and short forms of IPv4 are read as connect() would read them.
    """
    if ":" in host:
        try:
            return IPv6Address(host)
        except ValueError:
            raise _no_link() from None
    if not _LOOKS_NUMERIC.fullmatch(host):
        return None
    try:
        return IPv4Address(socket.inet_aton(host.rstrip(".")))
    except OSError:
        raise _no_link() from None
