"""Everything a flow may use while it works on one event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from . import instant
from .crosswalk import Crosswalk, Gates
from .failure import Cause, Refused, Waiting
from .mappings import Mappings
from .master_data import MasterData
from .message import Message
from .practice import Practice
from .settings import Settings
from .targets.crm import Crm
from .targets.erp import Erp
from .targets.storefront import Storefront
from .targets.wms import Wms

if TYPE_CHECKING:
    from understudy.mapping import Applied

Record = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One event in one flow.

    announce: tell parked messages that an object exists now (`store.order:5512340001`). note: a line for the log.
    """

    message: Message
    now: datetime
    settings: Settings
    practice: Practice
    erp: Erp
    wms: Wms
    storefront: Storefront
    crm: Crm
    masters: MasterData
    mappings: Mappings
    crosswalk: Crosswalk
    gates: Gates
    announce: Callable[[str], None]
    note: Callable[[str], None]

    def map(self, name: str, source: Any, lookups: Mapping[str, Any], **documents: Any) -> Applied:
        """Map one message by a table; what it refuses is in the result.

        documents: what the table reads beside the source and the event. Repairs and warnings go to the log, without
        the values: they may be personal.
        """
        mapped = self.mappings.map(name, source, lookups, {"event": self.envelope, **documents})
        for repair in mapped.repairs:
            self.note(f"{name} {repair.row}: {repair.rule} repaired at {repair.pointer}")
        for warning in mapped.warnings:
            self.note(f"{name} {warning.row}: {warning.code} at {warning.source}")
        return mapped

    @property
    def present(self) -> datetime:
        """The present for checks against future dates: ours, or the sender's where its clock is ahead of ours."""
        return max(self.now, instant.read(self.message.time))

    @property
    def event_date(self) -> str:
        """The company's date when the event happened: what it says holds for that day, however late it is applied."""
        return instant.company_date(self.message.time, self.settings.zone).isoformat()

    @property
    def envelope(self) -> Record:
        """The event's attributes under their CloudEvents names, as mapping tables read them."""
        message = self.message
        return {
            "id": message.id,
            "source": message.source,
            "type": message.type,
            "subject": message.subject,
            "time": message.time,
            "correlationid": message.correlation,
            "causationid": message.causation or None,
            "sequence": message.sequence or None,
            "traceparent": message.traceparent or None,
        }

    def wait_for(self, thing: str, detail: str, *, code: str = "not-found", target: str = "erp") -> Waiting:
        """The failure to raise when this event came before what it builds on."""
        return Waiting(Cause(code=code, detail=detail, target=target), needs=thing)

    def refuse(self, code: str, detail: str, *, pointer: str, rejected: Any) -> Refused:
        """The failure to raise when this event cannot be applied as it is; pointer into the event's data."""
        error = {"pointer": pointer, "code": code, "detail": detail, "rejectedValue": rejected}
        return Refused(Cause(code=code, detail=detail, errors=[error]))
