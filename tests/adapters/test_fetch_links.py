"""Links that must not be followed, by their number among the project's known faults (1 to 23)."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from pathlib import Path

import pytest
from aiohttp import web

from bot.domain.errors import ReadingError
from bot.readings import transport
from bot.readings.fetch import Fetcher
from bot.readings.guard import Address, ClosedAddressError, Guard, is_public
from tests.adapters.sites import (
    PRIVATE,
    PUBLIC,
    Names,
    door,
    fetcher,
    redirecting,
    sending,
    site,
)

PAGE = b"<!doctype html><title>A page</title><p>Text.</p>"

# Each leads to 127.0.0.1, if it leads anywhere.
HOME = {
    "1 loopback": "127.0.0.1",
    "2 localhost": "localhost",
    "3 decimal": "2130706433",
    "4 hexadecimal": "0x7f000001",
    "4 hexadecimal parts": "0x7f.0x0.0x0.0x1",
    "5 octal": "0177.0.0.01",
    "6 short": "127.1",
    "6 short, of three": "127.0.1",
    "7 unspecified": "0.0.0.0",  # noqa: S104 (a link, nothing is bound)
    "7 unspecified, short": "0",
    "9 mapped": "[::ffff:127.0.0.1]",
    "9 mapped, in hexadecimal": "[::ffff:7f00:1]",
    "22 circled digits": "①②⑦.⓪.⓪.①",
    "22 wide digits and dots": "１２７。０。０。１",
    "a dot at the end": "127.0.0.1.",
}
ELSEWHERE = {
    "8 loopback of IPv6": "[::1]",
    "8 loopback of IPv6, at length": "[0:0:0:0:0:0:0:1]",
    "8 unspecified of IPv6": "[::]",
    "10 NAT64": "[64:ff9b::127.0.0.1]",
    "10 NAT64 of a local net": "[64:ff9b:1::10.0.0.1]",
    "11 6to4": "[2002:7f00:1::]",
    "11 Teredo": "[2001:0:4136:e378:8000:63bf:80ff:fffe]",
    "12 metadata": "169.254.169.254",
    "12 metadata, decimal": "2852039166",
    "12 metadata, mapped": "[::ffff:169.254.169.254]",
    "12 Azure's own": "168.63.129.16",
    "13 metadata of IPv6": "[fd00:ec2::254]",
    "13 link-local of IPv6": "[fe80::1]",
    "14 carriers' translation": "100.64.0.1",
    "14 carriers' translation, last": "100.127.255.255",
    "private 10": "10.0.0.1",
    "private 172.16": "172.31.255.255",
    "private 192.168": "192.168.1.1",
    "benchmarking": "198.19.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "multicast": "224.0.0.251",
}


def cases(links: dict[str, str]) -> list[object]:
    return [pytest.param(host, id=name) for name, host in links.items()]


async def refused(fetcher: Fetcher, url: str) -> ReadingError:
    with pytest.raises(ReadingError) as caught:
        await fetcher.fetch(url)
    sentence = caught.value.reason
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return caught.value


@pytest.mark.parametrize("host", cases(HOME))
async def test_no_spelling_of_our_own_address_is_fetched(host: str) -> None:
    """Faults 1 to 9 and 22."""
    async with door() as home:
        error = await refused(Fetcher(ports=[home.port]), home.url(host=host))
    assert "not on the public internet" in error.reason
    assert error.permanent
    assert home.connections == 0


@pytest.mark.parametrize("host", cases(HOME))
async def test_each_spelling_would_have_reached_the_door(host: str) -> None:
    """What makes the test before this one worth something."""
    async with door() as home:
        await refused(Fetcher(ports=[home.port], allow=lambda _: True), home.url(host=host))
    assert home.connections > 0


@pytest.mark.parametrize("host", cases(ELSEWHERE))
async def test_no_address_off_the_public_internet_is_fetched(host: str) -> None:
    """Faults 8 and 10 to 14, and the nets that nobody may be reached in."""
    error = await refused(Fetcher(timeout=1.0), f"http://{host}/latest/meta-data/")
    assert "not on the public internet" in error.reason
    assert error.permanent


ANSWERS = """
    127.0.0.1 0.0.0.0 169.254.169.254 100.64.0.1 10.0.0.1 192.168.1.1
    ::1 :: ::ffff:127.0.0.1 64:ff9b::7f00:1 2002:7f00:1:: 2001:0:4136:e378:8000:63bf:80ff:fffe
    fd00:ec2::254 fe80::1 fe80::1%lo
"""


@pytest.mark.parametrize("address", ANSWERS.split())
async def test_no_name_that_has_such_an_address_is_fetched(address: str) -> None:
    """Faults 1 to 14 behind a name: what the resolver says is judged like a link."""
    names = Names(site=[[address]])
    async with door() as home:
        error = await refused(Fetcher(ports=[home.port], lookup=names), home.url())
    assert "“site.test” is not on the public internet" in error.reason
    assert address not in error.reason
    assert (names.asked, home.connections) == (["site.test"], 0)


OF_THE_PUBLIC = """
    1.1.1.1 9.255.255.255 100.63.255.255 100.128.0.0 172.32.0.1 223.255.255.255
    2606:4700::1111 2001:4860:4860::8888 2a00::1 ::ffff:8.8.8.8 64:ff9b::8.8.8.8
"""
OF_A_PURPOSE = """
    192.0.0.192 192.0.2.1 198.51.100.7 203.0.113.9 192.88.99.1 192.31.196.1 192.52.193.1
    2001:db8::1 2001:10::1 3fff::1 5f00::1 fec0::1 ff02::1 100::1 4000::1 2620:4f:8000::1
    ::127.0.0.1 ::ffff:0:127.0.0.1 64:ff9b::a00:1 2606:4700::1%2
"""


@pytest.mark.parametrize("address", OF_THE_PUBLIC.split())
def test_an_address_of_the_public_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", OF_A_PURPOSE.split())
def test_an_address_with_a_purpose_of_its_own_is_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


async def test_a_name_is_looked_up_once_for_a_connection_to_what_was_checked() -> None:
    """Fault 15: a host that rebinds gets no second question, and its next answer is judged too."""
    names = Names(site=[[PUBLIC], [PRIVATE]])
    async with site(sending(PAGE)) as outside, door(host=PRIVATE) as inside:
        reader = fetcher(outside.port, inside.port, names=names)
        fetched = await reader.fetch(outside.url())
        assert (fetched.body, names.asked) == (PAGE, ["site.test"])
        await refused(reader, inside.url())
    assert (len(names.asked), inside.connections) == (2, 0)


async def test_a_host_that_rebinds_between_redirects_is_refused() -> None:
    """Fault 15: a redirect to the same name is a new connection, and a new look at its address."""
    names = Names(site=[[PUBLIC], [PRIVATE]])
    async with (
        door(host=PRIVATE) as inside,
        site(redirecting(lambda _: inside.url("/again"))) as outside,
    ):
        await refused(fetcher(outside.port, inside.port, names=names), outside.url())
    assert (len(outside.requests), len(names.asked), inside.connections) == (1, 2, 0)


@pytest.mark.parametrize("answers", [[PUBLIC, PRIVATE], [PRIVATE, PUBLIC], [PUBLIC, "::1"]])
async def test_one_private_address_among_public_ones_is_enough(answers: Sequence[str]) -> None:
    """Fault 16."""
    async with site(sending(PAGE)) as outside:
        reader = fetcher(outside.port, names=Names(site=[answers]))
        error = await refused(reader, outside.url())
    assert "not on the public internet" in error.reason
    assert not outside.requests


async def test_several_public_addresses_are_tried_in_turn() -> None:
    async with site(sending(PAGE)) as outside:
        reader = Fetcher(
            allow=lambda address: address.is_loopback,
            ports=[outside.port],
            lookup=Names(site=[["127.0.0.3", PUBLIC]]),
        )
        fetched = await reader.fetch(outside.url())
    assert fetched.body == PAGE


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("http://127.0.0.2:{port}/", id="17 an address"),
        pytest.param("http://2130706434:{port}/", id="17 a decimal one"),
        pytest.param("http://inside.test:{port}/", id="17 a name"),
        pytest.param("//inside.test:{port}/", id="17 without a scheme"),
        pytest.param("http://127.0.0.1:1/", id="17 another port"),
        pytest.param("http://user:secret@site.test:{port}/", id="17 a password"),
        pytest.param("file:///etc/passwd", id="17 a file"),
        pytest.param("gopher://inside.test:{port}/", id="17 gopher"),
        pytest.param("http://[::1%25lo]:{port}/", id="17 an interface"),
        pytest.param("http://a b:{port}/", id="17 no host"),
        pytest.param("http://x:99999/", id="17 no port"),
    ],
)
async def test_a_redirect_is_judged_like_a_link(target: str) -> None:
    """Fault 17."""
    names = Names(site=[[PUBLIC]], inside=[[PRIVATE]])
    async with door(host=PRIVATE) as inside:
        to = target.format(port=inside.port)
        async with site(redirecting(lambda _: to)) as outside:
            reader = fetcher(outside.port, inside.port, names=names)
            error = await refused(reader, outside.url())
    assert error.permanent
    assert (len(outside.requests), inside.connections) == (1, 0)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_loop_of_redirects_ends_after_five(status: int) -> None:
    """Fault 18."""
    async with site(redirecting(lambda _: "/again?and=again", status)) as outside:
        error = await refused(fetcher(outside.port), outside.url())
    assert "more than 5 times" in error.reason
    assert len(outside.requests) == 6


async def test_five_redirects_are_followed_to_the_page() -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        step = int(request.path[1:])
        if step == 5:
            return await sending(PAGE)(request)
        return await redirecting(lambda _: f"{step + 1}")(request)

    async with site(answer) as outside:
        fetched = await fetcher(outside.port).fetch(outside.url("/0"))
    assert fetched.url == outside.url("/5")
    assert fetched.body == PAGE


@pytest.mark.parametrize(
    "link",
    [
        pytest.param("file:///etc/passwd", id="19 file"),
        pytest.param("FILE:/etc/passwd", id="19 file, in capitals"),
        pytest.param("gopher://site.test/", id="20 gopher"),
        pytest.param("ftp://site.test/", id="20 ftp"),
        pytest.param("data:text/html,<p>", id="20 data"),
        pytest.param("javascript:alert(1)", id="20 javascript"),
        pytest.param("site.test/page", id="20 none"),
        pytest.param("//site.test/page", id="20 left out"),
    ],
)
async def test_only_links_of_the_web_are_read(link: str) -> None:
    """Faults 19 and 20."""
    error = await refused(fetcher(80, names=Names()), link)
    assert "https:// or http://" in error.reason


@pytest.mark.parametrize(
    "link",
    [
        "http://user:secret@site.test/",
        "http://user@site.test/",
        "http://:@site.test/",
        "http://site.test@127.0.0.1/",
        "http://127.0.0.1:80@site.test/",
    ],
)
async def test_a_link_with_a_password_is_refused_without_saying_it(link: str) -> None:
    """Fault 21."""
    error = await refused(fetcher(80, names=Names()), link)
    assert "before the “@”" in error.reason
    assert "secret" not in error.reason


@pytest.mark.parametrize("port", [0, 22, 25, 6379, 8080, 65535])
async def test_an_odd_port_is_refused(port: int) -> None:
    """Fault 23."""
    error = await refused(Fetcher(lookup=Names()), f"http://site.test:{port}/")
    assert "80 and 443" in error.reason


@pytest.mark.parametrize(
    "link",
    [
        "",
        "http://",
        "http:///page",
        "http://*bold*/",
        "http://site.test\x00.example/",
        "http://site.test/\r\nHost: inside",
        "http://[::1/",
        "http://[::x]/",
        "http://site..test/",
        "http://-.-/" + "x" * 4000,
        "http://%31%32%37.0.0.1/",
        "http://1.2.3.4.5/",
        "http://0x/",
        "http://1.2.3.999/",
        "http://site.test:port/",
        "http://" + "a." * 130 + "test/",
        "http://\ud800.test/",
    ],
    ids=range(17),
)
async def test_what_is_no_link_is_refused_before_anything_is_looked_up(link: str) -> None:
    names = Names()
    await refused(Fetcher(lookup=names), link)
    assert not names.asked


async def test_a_name_nobody_has_is_said_so() -> None:
    error = await refused(Fetcher(lookup=Names()), "http://site.test/")
    assert (error.reason, error.permanent) == (
        "There is no site called “site.test”; check the link and try again.",
        True,
    )
    error = await refused(Fetcher(lookup=Names(site=[[]])), "http://site.test/")
    assert "no site called" in error.reason


async def test_a_resolver_out_of_order_is_worth_another_try() -> None:
    async def out_of_order(host: str) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    error = await refused(Fetcher(lookup=out_of_order), "http://site.test/")
    assert not error.permanent


async def test_the_systems_resolver_gives_addresses() -> None:
    assert PUBLIC in await transport.look_up("localhost")


@pytest.mark.parametrize(("host", "port"), [(PRIVATE, 80), (PUBLIC, 81), ("::1", 80)])
def test_no_socket_is_made_for_a_closed_address_or_port(host: str, port: int) -> None:
    """The last word, whatever was said of the link and of the name before."""
    guard = Guard(lambda address: address == ip_address(PUBLIC), [80])
    with pytest.raises(ClosedAddressError):
        guard.socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", (host, port)))


class Careless(Guard):
    """A guard that overlooks everything but the sockets."""

    def addresses(self, host: str, found: Iterable[str]) -> Sequence[Address]:
        return [ip_address(PRIVATE)]


async def test_the_sockets_hold_where_all_else_was_overlooked() -> None:
    async with door(host=PRIVATE) as inside:
        guard = Careless(lambda address: address == ip_address(PUBLIC), [inside.port])
        for host in ("site.test", PRIVATE):
            url = Guard(lambda _: True, [inside.port]).checked(inside.url(host=host))
            with pytest.raises(ReadingError, match="not on the public internet"):
                await transport.get(url, guard, Names(site=[[PUBLIC]]), 1000)
    assert inside.connections == 0


async def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with door() as proxy, site(sending(PAGE)) as outside:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://{PUBLIC}:{proxy.port}")
        await fetcher(outside.port).fetch(outside.url())
    assert proxy.connections == 0


async def test_nothing_of_us_is_sent_but_our_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """No cookie comes back, no password of a .netrc is used, no page is named as the last one."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/page":
            return await sending(PAGE)(request)
        response = web.Response(status=302, headers={"Location": "/page"})
        response.set_cookie("who", "you")
        return response

    netrc = tmp_path / "netrc"
    netrc.write_text("machine site.test login ada password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    async with site(answer) as outside:
        await fetcher(outside.port).fetch(outside.url())
    sent = outside.requests[1].headers
    assert set(sent) == {"Host", "User-Agent", "Accept", "Accept-Encoding", "Connection"}
    assert sent["User-Agent"].startswith("Readalong/")
    assert sent["Accept-Encoding"] == "gzip, deflate"


async def test_the_log_has_the_host_and_nothing_else_of_a_link(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, logger="bot")
    async with site(sending(PAGE)) as outside:
        reader = fetcher(outside.port)
        await reader.fetch(outside.url("/page?token=hunter2#hunter2"))
        await refused(reader, f"http://{PRIVATE}:{outside.port}/?token=hunter2")
        await refused(reader, "http://user:hunter2@site.test/")
        await refused(reader, f"http://nobody.test:{outside.port}/hunter2")
    assert len(caplog.messages) == 4
    assert "site.test" in caplog.text
    assert "hunter2" not in caplog.text


async def test_one_fetcher_serves_many_at_once() -> None:
    async with site(sending(PAGE)) as outside:
        reader = fetcher(outside.port)
        found = await asyncio.gather(*(reader.fetch(outside.url(f"/{n}")) for n in range(20)))
    assert {each.url for each in found} == {outside.url(f"/{n}") for n in range(20)}


async def test_a_door_that_is_shut_is_worth_another_try() -> None:
    async with door() as home:
        pass
    error = await refused(fetcher(home.port), home.url())
    assert (error.reason, error.permanent) == (
        "“site.test” can't be reached; try again later, or give the file instead.",
        False,
    )
