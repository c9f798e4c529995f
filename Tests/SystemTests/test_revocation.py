"""What is revoked ends at once: identity tells the gateway, which would otherwise believe what it knows for a second."""

from __future__ import annotations

import time

from client import PASSWORD, Client, sign_in

# Well below the second for which the gateway trusts what it has resolved: only the push can be this quick.
SECONDS_MAX = 0.5


def member(firm, role: str) -> tuple[dict, Client]:
    """A new member of the firm, signed in."""
    email = f"{role}-{firm.organization['id']}@example.com"
    added = firm.create("/v1/members", {"name": role, "email": email, "role": role, "password": PASSWORD})
    return added, sign_in(firm.url, email, PASSWORD)


def ends_at_once(caller: Client, path: str, status: int, revoke) -> None:
    """The caller's answer turns into `status`. Its credential was resolved a moment before it was revoked."""
    assert caller.get(path).status == 200
    assert revoke().status < 300
    since = time.monotonic()
    while caller.get(path).status != status:
        assert time.monotonic() - since < SECONDS_MAX, f"still not {status} after {SECONDS_MAX} s"


def test_a_session_that_is_ended_is_no_credential(stack, firm):
    other = sign_in(stack.url, firm.user["email"])
    ends_at_once(other, "/v1/me", 401, lambda: other.delete("/v1/sessions/current"))
    firm.get("/v1/me").expect(200)


def test_a_member_who_is_removed_is_out(firm):
    added, colleague = member(firm, "member")
    version = firm.get(f"/v1/members/{added['id']}").etag
    ends_at_once(colleague, "/v1/deals", 401, lambda: firm.delete(f"/v1/members/{added['id']}", if_match=version))


def test_an_api_key_that_is_revoked_opens_nothing(firm):
    made = firm.create("/v1/api-keys", {"name": "k", "scopes": ["crm:read"]})
    key = Client(firm.url, token=made["token"])
    ends_at_once(key, "/v1/deals", 401, lambda: firm.post(f"/v1/api-keys/{made['id']}/revoke"))


def test_a_role_holds_from_the_moment_it_is_given(firm):
    """Both ways: the assertion that was signed for the old role is not used again either."""
    added, colleague = member(firm, "admin")
    path = f"/v1/members/{added['id']}"

    def change(role: str):
        return firm.post(f"{path}/change-role", {"role": role}, if_match=firm.get(path).etag)

    ends_at_once(colleague, "/v1/api-keys", 403, lambda: change("member"))
    assert change("admin").status == 200
    since = time.monotonic()
    while colleague.get("/v1/api-keys").status != 200:
        assert time.monotonic() - since < SECONDS_MAX, "still not an admin"
