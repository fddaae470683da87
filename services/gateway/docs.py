"""The page /docs, rendered from the OpenAPI document: every route with its parameters, its body and a call to copy."""

import json
import re
from html import escape
from typing import Any

_ORDER = ("get", "post", "put", "patch", "delete")
_CODE = re.compile(r"`([^`]+)`")


def content(document: dict[str, Any]) -> str:
    parts = [
        _text(document["info"]["description"]),
        '<p>The same for programs: <a href="/openapi.json">OpenAPI 3.1</a>.</p>',
    ]
    for tag in document["tags"]:
        parts.append(f"<h2>{escape(tag['name'])}</h2>")
        parts += [
            _operation(path, method, operations[method], document)
            for path, operations in document["paths"].items()
            for method in _ORDER
            if method in operations and operations[method]["tags"] == [tag["name"]]
        ]
    parts.append("<h2>Types</h2>")
    parts += [_schema(name, schema) for name, schema in sorted(document["components"]["schemas"].items())]
    return "\n".join(parts)


def _operation(path: str, method: str, operation: dict[str, Any], document: dict[str, Any]) -> str:
    summary = f"<b>{method.upper()}</b> <code>{escape(path)}</code> <span>{_inline(operation['summary'])}</span>"
    inside = [
        _text(operation["description"]),
        _parameters(operation.get("parameters", [])),
        _body(operation),
        _answers(operation["responses"]),
        f"<pre>{escape(_curl(path, method, operation, document))}</pre>",
    ]
    return (
        f'<details id="{operation["operationId"]}"><summary>{summary}</summary><div>{"".join(inside)}</div></details>'
    )


def _parameters(parameters: list[dict[str, Any]]) -> str:
    rows = [
        _row(
            f"<code>{escape(one['name'])}</code>",
            one["in"],
            _inline(one.get("description") or one["schema"].get("description", "")),
        )
        for one in parameters
    ]
    return f"<table>{''.join(rows)}</table>" if rows else ""


def _body(operation: dict[str, Any]) -> str:
    if "requestBody" not in operation:
        return ""
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    return f"<h3>Body</h3>{_type(schema) if '$ref' in schema else _properties(schema)}"


def _answers(responses: dict[str, Any]) -> str:
    status, success = next(iter(responses.items()))
    types = [_type(media["schema"]) for media in success.get("content", {}).values()]
    return f"<h3>{status}</h3><p>{_inline(success['description'])} {' '.join(types)}</p>"


def _schema(name: str, schema: dict[str, Any]) -> str:
    inside = _text(schema.get("description", "")) + _properties(schema)
    return f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary><div>{inside}</div></details>'


def _properties(schema: dict[str, Any]) -> str:
    rows = [
        _row(f"<code>{escape(name)}</code>", _type(one), _inline(one.get("description", "")))
        for name, one in schema.get("properties", {}).items()
    ]
    return f"<table>{''.join(rows)}</table>" if rows else ""


def _row(*cells: str) -> str:
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "oneOf" in schema:
        return " or ".join(_type(one) for one in schema["oneOf"])
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    return escape(schema.get("format") or schema.get("type", ""))


def _curl(path: str, method: str, operation: dict[str, Any], document: dict[str, Any]) -> str:
    lines = [f"curl {'' if method == 'get' else f'-X {method.upper()} '}http://localhost:8080{path}"]
    if {"token": []} in operation["security"] and {} not in operation["security"]:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        lines += ["-H 'Content-Type: application/json'", f"-d '{json.dumps(_example(schema, document))}'"]
    return " \\\n  ".join(lines)


def _example(schema: dict[str, Any], document: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return _example(document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], document)
    if "enum" in schema:
        return schema["enum"][1]
    if schema["type"] == "array":
        return [_example(schema["items"], document)]
    if schema["type"] == "object":
        return {name: _example(one, document) for name, one in schema["properties"].items()}
    return {"integer": 1, "boolean": True, "number": 1.0}.get(schema["type"], "1" if "pattern" in schema else "…")


def _text(text: str) -> str:
    return "".join(f"<p>{_inline(paragraph)}</p>" for paragraph in text.split("\n\n") if paragraph)


def _inline(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", escape(text, quote=False))
