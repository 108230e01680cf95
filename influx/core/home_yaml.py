"""Reading `home.yaml`: a key that stands twice, or does not exist, is an error that says so and names the near one."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from influx.core.errors import InputError
from influx.core.settings import Settings


class _Unclear(str):
    """A number as YAML alone counts it: 010 is eight to it, and 0x10 sixteen."""


class _UniqueKeys(yaml.SafeLoader):
    """A YAML loader to which a key that stands twice is an error, not a silent choice of the last one.

    Clock times stay text, where YAML takes 24:30 for the number 24 x 60 + 30.
    """

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        keys: set[Any] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                raise InputError(f"line {key_node.start_mark.line + 1}: a key must be a word, not a list or a mapping.")
            key = self.construct_object(key_node, deep=True)
            if key in keys:
                raise InputError(f"line {key_node.start_mark.line + 1}: {key!r} stands twice. Keep one of the two.")
            keys.add(key)
        return super().construct_mapping(node, deep)


def _number(loader: _UniqueKeys, node: Any) -> Any:
    """Return a number as a person reads it: digits, with a point, or as a power of ten."""
    text = loader.construct_scalar(node)
    if ":" in text:
        return text
    if not re.fullmatch(r"[+-]?(?:0|[1-9]\d*)|[+-]?\d*\.\d*(?:e[+-]?\d+)?|[+-]?\.(?:inf|nan)", text, re.IGNORECASE):
        return _Unclear(text)
    kind = node.tag.rpartition(":")[2]
    return (yaml.SafeLoader.construct_yaml_int if kind == "int" else yaml.SafeLoader.construct_yaml_float)(loader, node)


for _kind in ("int", "float"):
    _UniqueKeys.add_constructor(f"tag:yaml.org,2002:{_kind}", _number)


def _refuse_unclear(content: Any) -> None:
    """Refuse a number that is another one to YAML than to a person; a block to which others refer is seen once."""
    waiting, seen = [(content, "")], {id(content)}
    while waiting:
        value, place = waiting.pop()
        if isinstance(value, _Unclear):
            raise InputError(f"{place}: {value} is no plain number; write it without zeros before it, or in quotes.")
        pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for key, part in pairs:
            if isinstance(part, _Unclear) or id(part) not in seen:
                waiting.append((part, f"{place}.{key}".lstrip(".")))
                seen.add(id(part))


def read_settings(path: Path) -> Settings:
    """Read a `home.yaml`; where there is none, all defaults hold.

    An InputError tells the key that does not exist (and the near one), that stands twice, or whose value cannot be
    used.
    """
    if not path.exists():
        return Settings()
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeys)
        if content is not None and not isinstance(content, dict):
            raise InputError("line 1: expected `key: value` lines, such as `timezone: Europe/Madrid`.")
        _refuse_unclear(content)
        return Settings.model_validate(content or {})
    except InputError as error:
        raise InputError(f"{path.name}, {error}") from error
    except ValidationError as error:
        raise InputError("; ".join(_explained(path.name, fault) for fault in error.errors())) from error
    except RecursionError as error:
        raise InputError(f"{path.name}: its blocks are nested too deep. Mend or remove the file.") from error
    except (yaml.YAMLError, ValueError, OSError) as error:  # a date such as 2024-02-30, or bytes that are no UTF-8
        raise InputError(f"{path.name}: not readable as YAML: {error}. Mend or remove the file.") from error


def _explained(file: str, fault: Any) -> str:
    """Return one validation fault as a sentence, with the near key where one was misspelt."""
    *parents, last = fault["loc"]
    if fault["type"] == "extra_forbidden":
        known = list(_fields(_model_at(parents)))
        near = difflib.get_close_matches(str(last), known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"the keys here are {', '.join(known)}."
        words = f"there is no such key; {hint}"
    elif fault["type"] == "string_type":  # YAML reads NO as false and 12 as a number
        words = f'{fault["input"]!r} is not text; write it in quotes, such as "NO"'
    elif fault["type"] == "model_type":
        words = "expected `key: value` lines below it"
    else:
        words = str(fault["msg"]).removeprefix("Value error, ")
    return f"{file}: {'.'.join(map(str, fault['loc']))}: {words}"


def _fields(model: type[BaseModel]) -> dict[str, Any]:
    """Return the type of each key of a model, under the name that it has in the file."""
    return {field.alias or name: field.annotation for name, field in model.model_fields.items()}


def _model_at(keys: list[Any]) -> type[BaseModel]:
    """Return the model whose keys stand below `keys`; names of devices and places in a list lead no further down."""
    model: type[BaseModel] = Settings
    for key in keys:
        model = _model_in(_fields(model).get(key)) or model
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((model for part in get_args(annotation) if (model := _model_in(part))), None)
