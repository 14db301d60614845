"""What the author of a function sees: the base class, the progress of a call, and its context.

Each is a superset of the SDK's class of the same name, works without the SDK, and passes ``isinstance`` checks against
the SDK's class where user code has loaded it. Nothing in here talks to the platform by itself, except for the entities
that ``context`` fetches when they are asked for.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, Callable, Dict, Optional

from . import binding, sdk
from .wire import Frame

_reset_wanted: Callable[[], None] = lambda: None  # noqa: E731 - replaced by the program that runs the service
_service: Frame = {}


class BaseServiceRunner:
    """Derive your service class from this one, from ``dl.BaseServiceRunner``, or from nothing.

    Public methods are the functions of the service. ``__init__`` runs once per replica (load models there); its
    parameters are the module's ``initInputs``. A method that has a parameter ``progress`` or ``context`` is given
    one.
    """

    def kill_event(self) -> None:
        """A checkpoint. Call it where a long function may safely end.

        Raises InterruptedError when this execution was terminated or is past its timeout; never because of another one.
        """
        binding.checkpoint()

    def do_reset(self) -> None:
        """Ask for a fresh process. Running executions finish first; new ones go to the new process."""
        _reset_wanted()

    @property
    def service_entity(self) -> Any:
        """This service: a ``dl.Service`` where the SDK is installed, else the service as the REST API has it."""
        return sdk.entity("Service", _service)

    @staticmethod
    def ping(progress: "Progress") -> str:
        """A function that every service has: answers ``pong``."""
        progress.logger.debug("ping")
        return "pong"


def introduce(service: Frame, reset: Callable[[], None]) -> None:
    """Called once by the program, before user code is loaded."""
    global _service, _reset_wanted
    _service, _reset_wanted = service, reset


def extend_sdk() -> None:
    """Where user code has loaded the SDK, its base class gets our checkpoints: of one execution, not of a thread id."""
    base = getattr(sys.modules.get("dtlpy"), "BaseServiceRunner", None)
    if base is not None:
        for name in ("kill_event", "do_reset", "service_entity"):
            setattr(base, name, BaseServiceRunner.__dict__[name])


class Progress:
    """Injected as ``progress``. Say how far a function is; the last word wins when they come too fast."""

    def __init__(self, send: Callable[[Frame], None]) -> None:
        self._send = send
        self.logger = logging.getLogger("service")

    def update(
        self,
        status: Optional[str] = None,
        progress: Optional[float] = None,
        message: Optional[str] = None,
        output: Any = None,
        duration: Optional[float] = None,  # noqa: ARG002 - the platform measures it
        action: Optional[str] = None,
    ) -> None:
        """Any of: a status word, a percentage from 0 to 100, a message, a JSON output so far, an action.

        Raises ValueError for a percentage or an output that cannot be stored.
        """
        if progress is not None and (isinstance(progress, bool) or not isinstance(progress, (int, float))):
            raise ValueError(f"progress must be a number from 0 to 100, not {progress!r}")
        percent = None if progress is None else min(100, max(0, progress))
        said = {"status": status, "percent": percent, "message": message, "output": output, "action": action}
        self._send({key: value for key, value in said.items() if value is not None})


class ItemStatusEvent:
    """The status change of an item that fired the trigger; every field is None when it was something else."""

    def __init__(self, event: Frame) -> None:
        status = event.get("status") or {}
        self.pipeline_id = event.get("pipelineId")
        self.node_id = event.get("nodeId")
        self.action = event.get("action")
        self.task_id = status.get("taskId")
        self.assignment_id = status.get("assignmentId")
        self.status = status.get("status")
        self.creator = status.get("creator")
        self.timestamp = status.get("timestamp")


class Event:
    """What fired the trigger of this execution; every field is None when nothing did."""

    def __init__(self, event: Frame) -> None:
        self.resource = event.get("resource")
        self.source = event.get("source")
        self.action = event.get("action")
        self.resource_id = event.get("resourceId")
        self.user_id = event.get("userId")
        self.dataset_id = event.get("datasetId")
        self.project_id = event.get("projectId")
        self.body = event.get("body")
        self.item_status_event = ItemStatusEvent(event.get("itemStatusEvent") or {})

    @property
    def command_data(self) -> Any:
        return (self.body or {}).get("commandData")

    @property
    def command_id(self) -> Any:
        return (self.command_data or {}).get("commandId")


class Context:
    """Injected as ``context``: which execution this is, what fired it, and how long it may still run.

    Entities are the SDK's where it is installed, fetched or built on first use; without it, ``service``, ``package``,
    ``project`` and ``execution`` are plain dicts as the REST API has them.
    """

    def __init__(self, call: binding.Call, surroundings: Dict[str, Frame], progress: Progress) -> None:
        pipeline = call.info.get("pipeline") or {}
        self._call = call
        self._surroundings = surroundings
        self._entities: Dict[str, Any] = {}
        self.progress = progress
        self.event = Event(call.info.get("event") or {})
        self.execution_dict = call.info
        self.execution_id: str = call.execution
        self.attempt: int = call.attempt
        self.function_name: str = call.function
        self.trigger_id = call.info.get("triggerId")
        self.pipeline_id = pipeline.get("id")
        self.node_id = pipeline.get("nodeId")
        self.pipeline_execution_id = pipeline.get("executionId")

    @property
    def deadline(self) -> Optional[float]:
        """When the execution is stopped for its timeout, in seconds since the epoch; None when it has no limit."""
        return self._call.deadline

    @property
    def stopping(self) -> bool:
        """Whether this execution was told to stop. ``kill_event()`` raises from then on."""
        return self._call.stop.event.is_set()

    @property
    def logger(self) -> logging.Logger:
        """Lines of INFO and above are stored with this execution, as are those of any other logger and of ``print``."""
        return logging.getLogger("service")

    @property
    def sdk(self) -> Any:
        """The module ``dtlpy``, logged in as this service. Raises ImportError where it is not installed."""
        return sdk.module()

    @property
    def service(self) -> Any:
        return self._once("service", lambda: sdk.entity("Service", self._surroundings.get("service") or {}))

    @property
    def package(self) -> Any:
        return self._once("package", lambda: sdk.entity("Package", self._surroundings.get("package") or {}))

    @property
    def project(self) -> Any:
        return self._once("project", lambda: sdk.entity("Project", self._surroundings.get("project") or {}))

    @property
    def execution(self) -> Any:
        return self._once("execution", lambda: sdk.entity("Execution", self.execution_dict))

    @property
    def task_id(self) -> Optional[str]:
        return self.event.item_status_event.task_id

    @property
    def task(self) -> Any:
        return self._fetched("Task", self.task_id)

    @property
    def assignment_id(self) -> Optional[str]:
        return self.event.item_status_event.assignment_id

    @property
    def assignment(self) -> Any:
        return self._fetched("Assignment", self.assignment_id)

    @property
    def pipeline(self) -> Any:
        return self._fetched("Pipeline", self.pipeline_id)

    @property
    def node(self) -> Any:
        """The node of the pipeline that this execution is for, or None."""
        nodes = self.pipeline.nodes if self.pipeline is not None else []
        return next((node for node in nodes if node.node_id == self.node_id), None)

    @property
    def pipeline_execution(self) -> Any:
        if self.pipeline_execution_id is None:
            return None
        ids = {"pipeline_execution_id": self.pipeline_execution_id, "pipeline_id": self.pipeline_id}
        return self._once("pipeline_execution", lambda: self.sdk.pipeline_executions.get(**ids))

    @property
    def item_status(self) -> Optional[str]:
        return self.event.item_status_event.status

    @property
    def item_status_creator(self) -> Optional[str]:
        return self.event.item_status_event.creator

    @property
    def item_status_operation(self) -> Optional[str]:
        return self.event.item_status_event.action

    @property
    def command_id(self) -> Any:
        return self.event.command_id

    @property
    def command_data(self) -> Any:
        return self.event.command_data

    def _fetched(self, kind: str, entity_id: Optional[str]) -> Any:
        return None if entity_id is None else self._once(kind, lambda: sdk.fetch(kind, entity_id))

    def _once(self, name: str, make: Callable[[], Any]) -> Any:
        if name not in self._entities:
            self._entities[name] = make()
        return self._entities[name]


def as_sdk_sees_it(kind: type) -> type:
    """``Progress`` or ``Context``; where user code has loaded the SDK, a class that is the SDK's own as well."""
    theirs = getattr(sys.modules.get("dtlpy"), kind.__name__, None)
    if not isinstance(theirs, type) or issubclass(kind, theirs):
        return kind
    if kind.__name__ not in _both:
        _both[kind.__name__] = type(kind.__name__, (kind, theirs), {"__doc__": kind.__doc__})
    return _both[kind.__name__]


_both: Dict[str, type] = {}
