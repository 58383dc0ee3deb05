"""Faults that can be injected into a world: one file a kind.

A request fault acts before the work is done, after it, or both; an event fault alters how an event is delivered.
"""

from understudy.simulate.fault.delay import Delay
from understudy.simulate.fault.event import EVENT_FAULTS, EventFault
from understudy.simulate.fault.injected import Faults
from understudy.simulate.fault.model import Fault, RequestFault
from understudy.simulate.fault.reset import Reset
from understudy.simulate.fault.status import Status
from understudy.simulate.fault.truncate import Truncate

REQUEST_FAULTS: dict[str, type[RequestFault]] = {f.kind: f for f in (Delay, Reset, Status, Truncate)}
KINDS = (*sorted(REQUEST_FAULTS), *sorted(EVENT_FAULTS))

__all__ = ["EVENT_FAULTS", "KINDS", "REQUEST_FAULTS", "EventFault", "Fault", "Faults", "RequestFault"]
