"""Operations that the engine answers for every system: the token endpoint and the subscription resource."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from understudy.simulate.behaviour import Context, Handler, Reply
from understudy.simulate.clock import render_instant
from understudy.simulate.problem import FieldError, Problem
from understudy.simulate.table import TableSpec

if TYPE_CHECKING:
    from understudy.simulate.world import World

SUBSCRIPTIONS = TableSpec("_subscriptions", versioned=False)


def token_reply(world: World, system: str, form: Mapping[str, Any], lifetime: timedelta) -> Reply:
    """OAuth 2.0 client credentials (RFC 6749 section 4.4). Raises Problem 400 and 401."""
    if form.get("grant_type") != "client_credentials":
        raise Problem("malformed-request", "grant_type must be client_credentials")
    credential = world.credentials.get(str(form.get("client_id", "")))
    known = credential is not None and credential.kind == "client" and credential.system == system
    if not known or credential is None or credential.secret != form.get("client_secret"):
        raise Problem(
            "token-invalid",
            "unknown client or wrong secret",
            headers={"WWW-Authenticate": 'Bearer error="invalid_client"'},
        )
    asked = frozenset(str(form.get("scope", "")).split()) or credential.scopes
    if not asked <= credential.scopes:
        raise Problem(
            "insufficient-scope", f"the client may not have scope {' '.join(sorted(asked - credential.scopes))}"
        )
    token = world.mint_token(system, credential.actor, asked, lifetime)
    return Reply(
        200,
        {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": int(lifetime.total_seconds()),
            "scope": " ".join(sorted(asked)),
        },
        {"Cache-Control": "no-store"},
    )


def _shown(subscription: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in subscription.items() if k != "secret"}


def create_subscription(context: Context) -> Reply:
    body = context.body
    known = context.settings["eventNames"]
    unknown = [(i, t) for i, t in enumerate(body["types"]) if t not in known]
    if unknown:
        raise Problem(
            "validation-failed",
            errors=[FieldError(f"/types/{i}", "unknown-reference", f"this system sends no {t}", t) for i, t in unknown],
        )
    record = {
        "id": context.new_id("subscription"),
        "sink": body["sink"],
        "types": body["types"],
        "secret": body["secret"],
        "active": True,
        "createdAt": render_instant(context.now),
    }
    context.table("_subscriptions").put(record)
    return Reply(201, _shown(record))


def list_subscriptions(context: Context) -> Reply:
    return context.page([_shown(s) for s in context.table("_subscriptions").all()], name="subscriptions")


def get_subscription(context: Context) -> Reply:
    return Reply(200, _shown(_subscription(context)))


def delete_subscription(context: Context) -> Reply:
    context.table("_subscriptions").delete(_subscription(context)["id"])
    return Reply(204)


def _subscription(context: Context) -> dict[str, Any]:
    key = context.path["subscriptionId"]
    record = context.table("_subscriptions").get(key)
    if record is None:
        raise Problem("not-found", f"there is no subscription {key}")
    return record


OPERATIONS: Mapping[str, Handler] = {
    "createSubscription": create_subscription,
    "listSubscriptions": list_subscriptions,
    "getSubscription": get_subscription,
    "deleteSubscription": delete_subscription,
}
