"""A browser's session from its sign-in to its end, by HTTP/2 over TLS and cleartext: in cookies that no script reads, and nowhere else."""

from __future__ import annotations

import json

import pytest

from client import PASSWORD, SECRETS, Connection, Response, sign_up

OURS = {"sec-fetch-site": "same-origin"}
CROSS_SITE = {"sec-fetch-site": "cross-site", "origin": "https://evil.example"}
ASKED = {"session-delivery": "cookie"}
# Of a stack as it is installed: a session is over after twelve hours, a browser is known again for half a year.
SECONDS = {"__Host-sid": 43_200, "__Host-refresh": 43_200, "__Host-device": 180 * 86_400}


class Browser:
    """Keeps what it is given and sends it back, as a browser does on the pages of this one host."""

    def __init__(self, url: str, authority: str | None):
        self.connection = Connection(url, authority)
        self.jar: dict[str, str] = {}

    def request(self, method: str, path: str, body=None, **fields: str) -> Response:
        headers = {name.replace("_", "-"): value for name, value in {**OURS, **fields}.items()}
        if self.jar:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in self.jar.items())
        payload = None if body is None else json.dumps(body).encode()
        if payload is not None:
            headers["content-type"] = "application/json"
        response = self.connection.request(method, path, headers, payload)
        for cookie in response.cookies:
            self.keep(cookie)
        return response

    def keep(self, cookie: str) -> None:
        pair, *attributes = cookie.split("; ")
        name, _, value = pair.partition("=")
        same_site = "Lax" if name == "__Host-sid" else "Strict"
        seconds = 0 if value == "" else SECONDS[name]
        [age] = [int(attribute.removeprefix("Max-Age=")) for attribute in attributes if attribute.startswith("Max-Age=")]
        assert set(attributes) - {f"Max-Age={age}"} == {"Path=/", "Secure", "HttpOnly", f"SameSite={same_site}"}
        assert seconds - 60 <= age <= seconds
        if value:
            self.jar[name] = value
            SECRETS[f"a browser's {name}, {len(SECRETS)}"] = value
        else:
            del self.jar[name]


@pytest.mark.parametrize("transport", ["tls", "cleartext"])
def test_a_browser_signs_in_goes_on_and_signs_out(stack, transport):
    owner = sign_up(stack.url)
    browser = Browser(*((stack.tls_url, stack.authority) if transport == "tls" else (stack.url, None)))
    credentials = {"email": owner.user["email"], "password": PASSWORD}

    # Another site's page signs nobody in, and a page of ours gets cookies and no token that its scripts could read.
    for elsewhere in (CROSS_SITE, {"sec-fetch-site": "same-site"}):
        refused = browser.request("POST", "/v1/sessions", credentials, **ASKED, **elsewhere)
        assert refused.status == 403 and not browser.jar
    signed_in = browser.request("POST", "/v1/sessions", credentials, **ASKED)
    assert (signed_in.status, signed_in.body, set(browser.jar)) == (204, b"", set(SECONDS))

    # They authenticate, and change nothing for another site's page.
    assert browser.request("GET", "/v1/me").expect(200).json()["user"]["id"] == owner.user["id"]
    assert browser.request("POST", "/v1/deals", {"name": "Ours"}).status == 201
    assert browser.request("POST", "/v1/deals", {"name": "Theirs"}, **CROSS_SITE).status == 403
    assert [deal["name"] for deal in owner.all("/v1/deals")] == ["Ours"]

    # A refresh, a new proof and a switch give other cookies; what was before is no good any more.
    before = dict(browser.jar)
    assert browser.request("POST", "/v1/sessions/refresh", **ASKED, **CROSS_SITE).status == 403 and browser.jar == before
    for path, body, fields in [
        ("/v1/sessions/refresh", None, ASKED),
        ("/v1/sessions/current/authenticate", {"password": PASSWORD}, {}),
        ("/v1/sessions/switch", {"organization_id": owner.organization["id"]}, {}),
    ]:
        earlier = dict(browser.jar)
        answer = browser.request("POST", path, body, **fields)
        assert (answer.status, answer.body) == (204, b"")
        assert {name for name in earlier if browser.jar[name] != earlier[name]} == {"__Host-sid", "__Host-refresh"}
        assert browser.request("GET", "/v1/me").status == 200

    # A token out of a cookie is none in a body.
    stolen = browser.connection.request(
        "POST", "/v1/sessions/refresh", {"content-type": "application/json"},
        json.dumps({"refresh_token": browser.jar["__Host-refresh"]}).encode(),
    )
    assert stolen.status == 401

    # The end takes both away, and they are of no use to whoever has kept them.
    kept = dict(browser.jar)
    assert browser.request("DELETE", "/v1/sessions/current").status == 204 and set(browser.jar) == {"__Host-device"}
    browser.jar = dict(kept)
    assert browser.request("GET", "/v1/me").status == 401
    assert browser.request("POST", "/v1/sessions/refresh", **ASKED).status == 401 and set(browser.jar) == {"__Host-device"}
