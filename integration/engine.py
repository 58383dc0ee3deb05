"""The integration as one object: everything it is made of, put together, and the few things its host asks of it.

It starts no thread, reads no clock and draws no random number of its own; the host hands all of these in, and calls
`run_due` whenever something is due. Under the harness that is a world with its own time, as a server it is `server.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from . import defects, flows, instant
from .admin import Admin
from .crosswalk import Crosswalk, Gates, QuietTimes
from .dead_letter import DeadLetters
from .inbox import Inbox
from .log import Log, Origin
from .mappings import Mappings
from .master_data import Cache, MasterData
from .message import Message
from .metrics import Metrics
from .observation import Observation
from .outbox import Outbox
from .receiver import Receiver
from .rehearsal import rehearse
from .settings import SYSTEMS, Settings, SettingsError
from .store import Store
from .subscriptions import Subscriptions
from .targets.crm import Crm
from .targets.erp import Erp
from .targets.http import Caller, Endpoint
from .targets.storefront import Storefront
from .targets.token import ClientCredentials, Credential, Key
from .targets.wms import Wms
from .transport import Answer, Transport, problem
from .work import Work
from .worker import Worker

VERSION = "0.1.0"

_NO_MESSAGE = Origin(
    flow="", message_id="integration", correlation="integration", causation="", system="", object_type="", object_id="",
    schema="", mapping="", attempt=1,
)  # fmt: skip


class Integration:
    """The reference integration. Raises SettingsError for an unknown defect, StoreError for an unusable database."""

    def __init__(
        self,
        settings: Settings,
        *,
        transport: Transport,
        clock: Callable[[], datetime],
        chance: Callable[[str], float],
        database: str = ":memory:",
        log_sink: Callable[[str], None] | None = None,
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._practice = defects.practice(settings.defect)
        self._transport = transport
        self._store = Store(database)
        self._inbox = Inbox(
            self._store, [flow.id for flow in flows.FLOWS if flow.latest_only], timedelta(seconds=settings.coalesce_s)
        )
        self._outbox = Outbox(self._store)
        self._crosswalk = Crosswalk(self._store)
        self._gates = Gates(self._store)
        self._quiet = QuietTimes(self._store)
        self._log = Log(self._store, clock, log_sink)
        self._metrics = Metrics(self._inbox, self._store, [flow.id for flow in flows.FLOWS])
        self._dead_letters = DeadLetters(self._store, self._inbox, settings.runbooks)
        self._mappings = Mappings(settings.mappings)
        self._cache = Cache()
        self._down: set[str] = set()
        self._endpoints = {system: self._endpoint(system) for system in SYSTEMS}
        self._worker = Worker(
            self._store, self._inbox, self._gates, self._dead_letters, self._log, self._metrics,
            replace(settings.retry, honours_retry_after=self._practice.honours_retry_after),
            self._practice, self._mappings, clock, chance, self._open_work,
        )  # fmt: skip
        self._receiver = Receiver(settings, self._inbox, self._log, self._practice, clock, flows.flows_of)
        self._subscriptions = Subscriptions(
            settings,
            {system: Caller(endpoint, _NO_MESSAGE) for system, endpoint in self._endpoints.items()},
            flows.EVENT_TYPES,
        )
        self._admin = Admin(
            settings.admin_key, self._store, self._log, self._metrics, self._dead_letters, clock, self.health,
            self.observe, self._rehearse,
        )  # fmt: skip
        self._observation = Observation(self._store, self._inbox, self._dead_letters, self._log, self._metrics)
        self._inbox.recover(clock())

    def handle(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer a request: a webhook, or the admin surface. Header names in lower case, query without `?`."""
        parts = path.strip("/").split("/")
        if parts[0] == "webhooks" and len(parts) == 2:
            if method != "POST":
                return problem(405, "method-not-allowed", "events come by POST", instance=path)
            return self._receiver.receive(parts[1], headers, body)
        return self._admin.handle(method, path, query, headers, body)

    def start(self) -> None:
        """Subscribe at each system; where that fails it is tried again by `run_due`. Safe to call again."""
        self._subscriptions.start(self._clock())

    def next_due(self, flow: str | None = None) -> datetime | None:
        """When work is due, in one flow or in all; None when nothing is left to do."""
        due = [self._inbox.next_due(flow)]
        if flow is None:
            due.append(self._subscriptions.next_due())
        return min((moment for moment in due if moment is not None), default=None)

    def run_due(self, flow: str | None = None) -> int:
        """Do everything that is due now, in one flow or in all. Returns the number of messages worked on."""
        if flow is None:
            self._subscriptions.run_due(self._clock())
        worked = 0
        while (task := self._inbox.claim(self._clock(), flow)) is not None:
            self._worker.run(task, flows.BY_ID[task.flow])
            worked += 1
        return worked

    def renew_subscriptions(self) -> int:
        """The subscriptions that are due; for hosts that work on flows one by one."""
        return self._subscriptions.run_due(self._clock())

    def observe(self) -> dict[str, Any]:
        """Messages, dead letters, counters, log and audit as one JSON-able object; its lists are only to be read."""
        return self._observation.look(self._clock())

    def health(self) -> dict[str, Any]:
        """Whether events can be stored and targets reached: contract, schema Health."""
        checks: list[dict[str, Any]] = []
        try:
            self._store.row("SELECT 1")
            checks.append({"name": "store", "status": "up", "detail": None})
        except Exception as error:
            checks.append({"name": "store", "status": "down", "detail": str(error)})
        now = self._clock()
        for system in SYSTEMS:
            quiet = self._quiet.until(system, "*", now)
            failing = sorted(name.partition(":")[2] for name in tuple(self._down) if name.startswith(f"{system}:"))
            detail = self._subscriptions.faults.get(system)
            if quiet is not None:
                detail = f"asked for quiet until {instant.short(quiet)}"
            elif failing:
                detail = f"failing: {', '.join(failing)}"
            checks.append({"name": system, "status": "degraded" if detail else "up", "detail": detail})
        states = [check["status"] for check in checks]
        status = "down" if "down" in states else "degraded" if "degraded" in states else "up"
        return {
            "status": status,
            "service": "understudy-integration",
            "version": VERSION,
            "time": instant.short(now),
            "checks": checks,
        }

    def prune(self) -> int:
        """Forget what ended longer ago than the settings say; dead letters that wait for a person stay."""
        return self._inbox.prune(self._clock() - timedelta(days=self.settings.keep_days))

    def dump(self) -> bytes:
        """All state that must survive, for a snapshot or a fork of the world around."""
        return self._store.dump()

    def load(self, data: bytes) -> None:
        """Continue from a dump: what was in flight when it was taken is worked on again."""
        self._store.load(data)
        self._quiet.reload()
        self._cache.clear()
        self._down.clear()
        self._metrics.reset()
        self._observation.reset()
        self._dead_letters.changes += 1
        for endpoint in self._endpoints.values():
            endpoint.credential.forget()
        self._inbox.recover(self._clock())

    def close(self) -> None:
        self._store.close()

    def _open_work(self, message: Message, origin: Origin, *, dry: bool = False) -> Work:
        callers = {system: Caller(endpoint, origin, dry=dry) for system, endpoint in self._endpoints.items()}
        erp = Erp(callers["erp"], self._outbox, self.settings.company)
        now = self._clock()
        return Work(
            message=message,
            now=now,
            settings=self.settings,
            practice=self._practice,
            erp=erp,
            wms=Wms(callers["wms"], self._outbox),
            storefront=Storefront(callers["storefront"], self._outbox),
            crm=Crm(callers["crm"], self._outbox),
            masters=MasterData(self._cache, erp, now, self.settings.lookup_ttl_s),
            mappings=self._mappings,
            crosswalk=self._crosswalk,
            gates=self._gates,
            announce=lambda thing: self._inbox.wake_parked(thing, self._clock()),
            note=lambda text: self._log.hop(origin, "accepted", "internal", note=text),
        )

    def _rehearse(self, letter: dict[str, Any], corrected: Mapping[str, Any] | None) -> dict[str, Any]:
        return rehearse(self._dead_letters, self._inbox, letter, corrected, self._open_work)

    def check_mappings(self) -> None:
        """Load every mapping table now. Raises SettingsError for one that is missing or cannot be executed."""
        from understudy.errors import MappingError

        for name in flows.MAPPINGS:
            try:
                self._mappings.table(name)
            except MappingError as error:
                raise SettingsError([str(error)]) from None

    def _endpoint(self, system: str) -> Endpoint:
        settings = self.settings
        base = {
            "erp": settings.erp_url,
            "wms": settings.wms_url,
            "storefront": settings.storefront_url,
            "crm": settings.crm_url,
        }[system]
        return Endpoint(
            name=system,
            base=base,
            credential=self._credential(system, base),
            transport=self._transport,
            clock=self._clock,
            quiet=self._quiet,
            log=self._log,
            metrics=self._metrics,
            practice=self._practice,
            timeout_s=settings.timeout_s,
            answered=self._answered,
        )

    def _credential(self, system: str, base: str) -> Credential:
        settings = self.settings
        if system == "wms":
            return Key("x-api-key", settings.wms_api_key)
        if system == "storefront":
            return Key("x-store-access-token", settings.storefront_token)
        client = {
            "erp": (settings.erp_client_id, settings.erp_client_secret),
            "crm": (settings.crm_client_id, settings.crm_client_secret),
        }[system]
        return ClientCredentials(
            system, base, *client, self._transport, self._clock, timeout_s=settings.timeout_s,
            on_call=self._metrics.requested, on_refresh=self._metrics.token_refreshed,
        )  # fmt: skip

    def _answered(self, operation: str, well: bool) -> None:
        """A target operation answered well, or failed like an outage; once it is back, what waited for it goes on."""
        if not well:
            self._down.add(operation)
        elif operation in self._down:
            self._down.discard(operation)
            self._inbox.wake_held(operation, self._clock())
