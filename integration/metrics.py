"""Metrics of domain section 8, as JSON (contract: Metrics) and in the Prometheus text format.

The message counts are read from the inbox, so they balance at any moment (OPS-5) and after a restart; calls, waits and
latencies are counted by this process.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from . import instant
from .inbox import FINISHED, Inbox
from .store import Store

BUCKETS_S = (1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 900.0, 3600.0)


class Metrics:
    """Counters of one process. flows: every flow shows up, with zeros before its first message."""

    def __init__(self, inbox: Inbox, store: Store, flows: Iterable[str]) -> None:
        self._inbox = inbox
        self._store = store
        self._flows = tuple(flows)
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        self._retried: Counter[str] = Counter()
        self._latencies: dict[str, list[float]] = {}
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._refreshed: Counter[str] = Counter()

    def retried(self, flow: str) -> None:
        with self._lock:
            self._retried[flow] += 1

    def applied(self, flow: str, latency_s: float) -> None:
        """A message reached its targets: seconds from the source's event time to the last commit."""
        with self._lock:
            histogram = self._latencies.setdefault(flow, [0.0] * (len(BUCKETS_S) + 2))
            for place, bound in enumerate(BUCKETS_S):
                histogram[place] += latency_s <= bound
            histogram[-2] += 1
            histogram[-1] += latency_s

    def requested(self, flow: str, target: str, status: int) -> None:
        """A call was made. status: the HTTP status, 0 when no answer came."""
        with self._lock:
            self._requests[flow, target, status] += 1

    def token_refreshed(self, flow: str) -> None:
        with self._lock:
            self._refreshed[flow] += 1

    def flow_counts(self) -> dict[str, dict[str, int]]:
        """Per flow the message counts; received = applied + skipped + duplicate + dead + in_flight (OPS-5)."""
        counts: dict[str, dict[str, int]] = {}
        for flow in self._flows:
            mine = {status: n for (name, status), n in tuple(self._inbox.counts.items()) if name == flow}
            counts[flow] = {
                "messages_received_total": sum(mine.values()),
                **{f"messages_{status}_total": mine.get(status, 0) for status in FINISHED},
                "messages_retried_total": self._retried[flow],
                "in_flight": sum(n for status, n in mine.items() if status not in FINISHED),
            }
        return counts

    def as_dict(self, now: datetime) -> dict[str, Any]:
        """Everything, with ages as of `now`."""
        oldest = {
            row["flow"]: instant.seconds_between(row["oldest"], now)
            for row in self._store.rows(
                "SELECT flow, min(event_time) AS oldest FROM task WHERE finished_at IS NULL GROUP BY flow"
            )
        }
        with self._lock:
            asked = sorted(self._requests.items())
        flows = []
        for flow, counts in self.flow_counts().items():
            requests = [
                {"target": target, "status": status, "count": n} for (name, target, status), n in asked if name == flow
            ]
            flows.append(
                {
                    "flow": flow,
                    **counts,
                    "oldest_unprocessed_age_seconds": round(oldest.get(flow, 0.0), 3),
                    "end_to_end_latency_seconds": self._histogram(flow),
                    "target_requests_total": requests,
                    "rate_limited_total": sum(n for (name, _, status), n in asked if name == flow and status == 429),
                    "token_refresh_total": self._refreshed[flow],
                    # No reconciliation runs yet, so none has found a difference.
                    "reconciliation_difference": 0,
                }
            )
        return {"generatedAt": instant.short(now), "up": 1, "flows": flows}

    def _histogram(self, flow: str) -> dict[str, Any]:
        histogram = self._latencies.get(flow) or [0.0] * (len(BUCKETS_S) + 2)
        buckets = [{"le": f"{bound:g}", "count": int(histogram[place])} for place, bound in enumerate(BUCKETS_S)]
        return {
            "count": int(histogram[-2]),
            "sum": round(histogram[-1], 6),
            "buckets": [*buckets, {"le": "+Inf", "count": int(histogram[-2])}],
        }


_KINDS = (
    ("messages_received_total", "counter", "Messages taken from webhooks, repeats included."),
    ("messages_applied_total", "counter", "Messages with their effect in the target."),
    ("messages_skipped_total", "counter", "Messages with a reason to do nothing."),
    ("messages_duplicate_total", "counter", "Messages known already."),
    ("messages_retried_total", "counter", "Attempts beyond the first."),
    # A gauge in spite of its name: a dead letter that is reprocessed is dead no longer.
    ("messages_dead_total", "gauge", "Messages that are dead letters now."),
    ("in_flight", "gauge", "Messages stored and not finished, parked ones included."),
    ("oldest_unprocessed_age_seconds", "gauge", "Age of the oldest of these."),
    ("rate_limited_total", "counter", "Answers 429."),
    ("token_refresh_total", "counter", "Tokens fetched."),
    ("reconciliation_difference", "gauge", "Rows that the last reconciliation found different."),
)


def prometheus(metrics: dict[str, Any]) -> str:
    """The same in the Prometheus text format 0.0.4."""
    lines = ["# HELP up 1 while the integration serves.", "# TYPE up gauge", f"up {metrics['up']}"]
    for name, kind, meaning in _KINDS:
        lines += [f"# HELP {name} {meaning}", f"# TYPE {name} {kind}"]
        lines += [f'{name}{{flow="{row["flow"]}"}} {row[name]}' for row in metrics["flows"]]
    name = "end_to_end_latency_seconds"
    lines += [f"# HELP {name} From the event's time to the commit in the target.", f"# TYPE {name} histogram"]
    for row in metrics["flows"]:
        flow, latency = row["flow"], row[name]
        lines += [f'{name}_bucket{{flow="{flow}",le="{b["le"]}"}} {b["count"]}' for b in latency["buckets"]]
        lines += [f'{name}_sum{{flow="{flow}"}} {latency["sum"]}', f'{name}_count{{flow="{flow}"}} {latency["count"]}']
    name = "target_requests_total"
    lines += [f"# HELP {name} Requests to targets; status 0 when no answer came.", f"# TYPE {name} counter"]
    for row in metrics["flows"]:
        lines += [
            f'{name}{{flow="{row["flow"]}",target="{r["target"]}",status="{r["status"]}"}} {r["count"]}'
            for r in row[name]
        ]
    return "\n".join(lines) + "\n"
