"""Check the input that a user gives to a task, and encode it as the bytes that the task reads.

As in the official tool, valid JSON is passed on as it is, and any other text becomes a JSON string.
"""

from __future__ import annotations

import json
import re
import shlex
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from hatch_tilebox.core.errors import InputError, Problem
from hatch_tilebox.core.extras import extra
from hatch_tilebox.core.suggestions import did_you_mean
from hatch_tilebox.inputs.describe import describe_value, example_input, protobuf_message, shape_lines, takes_input, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hatch_tilebox.core.model import Task


_LONGEST = 60
_MOST_FAULTS = 10


def encode_input(task: Task, given: bytes | None) -> tuple[bytes, tuple[Problem, ...]]:
    """Return the input of `task` as it is submitted, and warnings about it. `given` is None if the user gave no input.

    Raises InputError, with the expected shape, if the task's schema does not accept it. Without a schema there is no check.
    """
    schema = task.input_schema
    if not takes_input(schema):
        if given is not None and given.strip() not in {b"", b"null"}:
            raise InputError(Problem(f"{_named(task)} takes no input, but an input is given", "remove --input"))
        return b"", ()
    if message := protobuf_message(schema):
        if given is None:
            hint = "write the serialized message to a file, and pass the file with --input-file"
            raise InputError(Problem(f"{_named(task)} takes the protobuf message {message}, but no input is given", hint))
        return given, ()
    if given is None:
        if schema is None:
            return b"", ()
        raise InputError(Problem(f"{_named(task)} takes an input, but none is given", _expected(schema)))
    data, value, mistake = _parse(given)
    if schema is None:
        return data, ()
    try:
        faults = _faults(schema, value)
    except ValueError as error:
        return data, (
            Problem(f"the input is not checked, because the schema of {_named(task)} is malformed: {error}", code="TBX601"),
        )
    if faults:
        _refuse(task, faults, mistake)
    return data, _unknown_fields(task, schema, value)


def _parse(given: bytes) -> tuple[bytes, Any, str]:
    """Return the input as JSON, its value, and why it becomes a string although it looks like JSON."""
    try:
        text = given.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(Problem(f"the input is not UTF-8 text: {error}", "an input is JSON or text")) from error
    try:
        return text.strip().encode(), json.loads(text, parse_constant=_no_constant), ""
    except RecursionError as error:
        raise InputError(Problem("the input is nested too deeply", "an input is JSON or text")) from error
    except ValueError as error:
        value = text.rstrip("\r\n")
        mistake = f"it is not valid JSON ({error}), so it is taken as a string" if value.lstrip()[:1] in {"{", "[", '"'} else ""
        return to_json(value).encode(), value, mistake


def _no_constant(name: str) -> NoReturn:
    msg = f"{name} is not JSON"
    raise ValueError(msg)


def _refuse(task: Task, faults: Sequence[str], mistake: str) -> NoReturn:
    shown = [*([mistake] if mistake else []), *faults[:_MOST_FAULTS]]
    if len(faults) > _MOST_FAULTS:
        shown.append(f"and {len(faults) - _MOST_FAULTS} more")
    message = f"{_named(task)} does not accept this input"
    raise InputError(Problem(message, _expected(task.input_schema or {}), details="\n".join(shown)))


def _expected(schema: Mapping[str, Any]) -> str:
    """Return the shape of the input and an example."""
    shape = "".join(f"\n  {line}" for line in shape_lines(schema))
    try:
        example = example_input(schema)
        if _faults(schema, example):
            return f"it has to be{shape}"
    except ValueError:
        return f"it has to be{shape}"
    return f"it has to be{shape}\nsuch as --input {shlex.quote(to_json(example))}"


def _faults(schema: Mapping[str, Any], value: Any) -> list[str]:
    """Return the faults of `value`, a line for each. Raises ValueError for a malformed schema.

    jsonschema is imported here because that takes longer than all other modules of a run.
    """
    with extra("cli", "checking the input"), _without("rfc3987_syntax"):  # a format of no task, and slow to import
        from jsonschema import Draft202012Validator
        from jsonschema.exceptions import SchemaError, best_match
        from referencing import Registry
        from referencing.exceptions import Unresolvable

    found = []
    try:
        Draft202012Validator.check_schema(schema)
        # With a registry of its own, a validator fetches nothing from the network.
        errors = list(Draft202012Validator(schema, registry=Registry()).iter_errors(value))
    except (SchemaError, Unresolvable, RecursionError, re.error) as error:
        raise ValueError(str(error).partition("\n")[0]) from error
    for fault in errors:
        deepest = best_match([fault]) or fault
        if deepest.validator == "required":
            missing = [name for name in deepest.validator_value if name not in deepest.instance]
            found += [f"{_place([*deepest.absolute_path, name])} is missing" for name in missing]
        elif deepest.validator == "additionalProperties" and deepest.validator_value is False:
            unknown = [name for name in deepest.instance if name not in deepest.schema.get("properties", {})]
            found += [f"{_place([*deepest.absolute_path, name])} is unknown" for name in unknown]
        else:
            expected = "object" if deepest.schema is schema and "properties" in schema else describe_value(deepest.schema)
            found.append(f"{_place(deepest.absolute_path)}: expected {expected}, got {to_json(deepest.instance, longest=_LONGEST)}")
    return sorted(dict.fromkeys(found))


@contextmanager
def _without(module: str) -> Iterator[None]:
    """Let imports in the block fail to find a `module` that is not loaded yet."""
    if module in sys.modules:
        yield
        return
    sys.modules[module] = None  # type: ignore[assignment]  # Python's own way to say so
    try:
        yield
    finally:
        del sys.modules[module]


def _unknown_fields(task: Task, schema: Mapping[str, Any], value: Any) -> tuple[Problem, ...]:
    """Return warnings about members that the task ignores."""
    known = schema.get("properties")
    if not isinstance(value, dict) or not known:
        return ()
    return tuple(
        Problem(
            f"{_named(task)} ignores {name!r}, which is not a field of its input",
            did_you_mean(name, known, quote="'") or f"it has {', '.join(known)}",
            code="TBX601",
        )
        for name in value
        if name not in known
    )


def _place(path: Sequence[Any]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".") or "the input"


def _named(task: Task) -> str:
    return f"{task.name} {task.version}"
