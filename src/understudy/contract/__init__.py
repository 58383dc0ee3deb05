"""Reading contracts: OpenAPI documents as operations, schemas and events. Pure; imports nothing else of ours."""

from understudy.contract.operation import Body, Contract, EventSpec, Operation, Parameter, ResponseSpec
from understudy.contract.schema import Schemas, Violation
from understudy.contract.yaml import load_yaml, locate, read_yaml

__all__ = [
    "Body",
    "Contract",
    "EventSpec",
    "Operation",
    "Parameter",
    "ResponseSpec",
    "Schemas",
    "Violation",
    "load_yaml",
    "locate",
    "read_yaml",
]
