"""Compare the input schemas with the SDK. Runs in a workflow's interpreter that has hypothesis and jsonschema.

    python schema_properties.py FOLDER_OF_SCHEMAS_PY [EXAMPLES]

For every supported type: what the SDK serializes is accepted by the schema, and an input that the schema accepts is deserialized.
`schema_instances.py` draws these inputs, and lists what JSON Schema cannot say about them.
"""

import dataclasses
import datetime as dt
import enum
import importlib.util
import json
import sys
import typing
from dataclasses import field
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator
from schema_cases import CASES, Point
from schema_instances import inputs, messages
from tilebox.workflows import Task

sys.path.append(str(Path(sys.argv[1]).parent))
from in_workflow import schemas

MODERN = importlib.util.find_spec("tilebox.workflows._serialization") is not None
EXAMPLES = int(sys.argv[2]) if len(sys.argv) > 2 else 30
CONFIGURED = settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))


def task_of(**annotations):
    namespace = {"__annotations__": annotations, "__module__": __name__, "execute": lambda self, context: None}  # noqa: ARG005 -- the SDK's signature
    return type("T", (Task,), namespace)


def check(name, kind, values):
    alone, beside = task_of(value=kind), task_of(value=kind, count=int)
    for cls, more in ((alone, ()), (beside, (3,))):
        schema = schemas.input_schema(cls)
        assert schema is not None, name
        assert schemas.unreadable_fields(cls) == [], name
        json.dumps(schema, allow_nan=False)
        Draft202012Validator.check_schema(schema)
        validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
        if schema.get("$comment") == schemas.WIRE_BYTES:
            check_message(cls, schema, values)
        else:
            check_json(cls, schema, validator, values, more)
    print("ok", name)


def check_json(cls, schema, validator, values, more):
    @CONFIGURED
    @given(values)
    def written_is_accepted(value):
        written = cls(value, *more)._serialize()
        validator.validate(json.loads(written))
        cls._deserialize(written)

    @CONFIGURED
    @given(inputs(schema))
    def accepted_is_read(instance):
        validator.validate(instance)
        cls._deserialize(json.dumps(instance).encode())

    written_is_accepted()
    accepted_is_read()


def check_message(cls, schema, values):
    """A task whose input is a message's wire bytes, or null for none."""

    @CONFIGURED
    @given(values)
    def written_is_a_message(value):
        written = cls(value)._serialize()
        assert written == (b"null" if value is None else value.SerializeToString())
        cls._deserialize(written)

    @CONFIGURED
    @given(messages(schema["title"]))
    def message_is_read(written):
        cls._deserialize(written)

    written_is_a_message()
    message_is_read()


def named_in(annotation):
    """The classes in an annotation."""
    arguments = typing.get_args(annotation)
    return {annotation} | {found for argument in arguments for found in named_in(argument)}


def check_codecs(cases):
    """Every type that the SDK registers a codec for has a case and a schema."""
    kinds, missing = codec_types()
    covered = {found for annotation, _ in cases.values() for found in named_in(annotation)}
    assert not [kind for kind in kinds if kind not in covered]
    for kind in kinds:
        assert schemas.input_schema(task_of(value=kind)).keys() - {"$schema", "title"}, kind
    print(len(kinds), "codecs;", "none missing" if not missing else f"missing: {', '.join(missing)}")


def special_cases():
    nothing = task_of()
    assert nothing()._serialize() == b""
    assert schemas.input_schema(nothing)["type"] == "null"
    nothing._deserialize(b"null")

    class Skipping(Task):
        kept: int
        left_out: int = field(default=1, metadata={"skip_serialization": True})

        def execute(self, context):
            pass

    assert schemas.input_schema(Skipping)["type"] == "integer"
    assert Skipping(3)._serialize() == b"3"

    unresolvable = task_of(value="NoSuchType")
    assert schemas.input_schema(unresolvable) is None
    infinite = type(
        "T", (Task,), {"__annotations__": {"a": float, "b": int}, "a": float("inf"), "b": 2, "execute": nothing.execute}
    )
    assert "default" not in schemas.input_schema(infinite)["properties"]["a"]
    assert schemas.input_schema(infinite)["properties"]["b"]["default"] == 2
    assert dataclasses.is_dataclass(Skipping)


def open_cases():
    """Types that the SDK cannot read, and unknown types, accept everything and have their name as title."""
    odd = enum.Enum("Odd", {"A": dt.date(2026, 1, 1), "B": 1})
    mixed = enum.Enum("Mixed", {"A": "a", "B": 1})
    for kind, title in (
        (complex, "builtins.complex"),
        (odd, "__main__.Odd"),
        (mixed, "__main__.Mixed"),
        (typing.Literal[b"a"], "typing.Literal[b'a']"),
    ):
        assert schemas.input_schema(task_of(value=kind)) == {"$schema": schemas.DIALECT, "title": title}


def same_names():
    """Two classes with the same name have separate definitions."""
    other = dataclasses.make_dataclass("Point", [("z", int)])
    schema = schemas.input_schema(task_of(first=Point, second=other, third=Point))
    assert [schema["properties"][name]["$ref"] for name in ("first", "second", "third")] == [
        "#/$defs/Point",
        "#/$defs/Point_2",
        "#/$defs/Point",
    ]
    assert [*schema["$defs"]["Point_2"]["properties"]] == ["z"]


if __name__ == "__main__":
    special_cases()
    open_cases()
    same_names()
    if MODERN:
        from schema_cases_geo import CASES as GEO
        from schema_cases_geo import codec_types
        from schema_cases_msgspec import CASES as MSGSPEC

        check_codecs(GEO)
        CASES |= {**MSGSPEC, **GEO}
    for case, (annotation, strategy) in CASES.items():
        check(case, annotation, strategy)
    print(len(CASES), "types, modern" if MODERN else "types, plain JSON")
