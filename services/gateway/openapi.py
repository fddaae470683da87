"""The OpenAPI 3.1 document, derived from the route table and the contracts."""

from typing import Any

from services.gateway.contract import message_of, rpc
from services.gateway.reading import Reader
from services.gateway.route import HEADERS, WHOLE, Auth, Kind, Route
from services.gateway.routes import DASHBOARD, ROUTES
from services.gateway.schemas import Schema, Schemas
from services.gateway.words import Words, words

_ABOUT = """The HTTP surface of Coursemesh. JSON is as protobuf's mapping has it: camelCase, 64-bit numbers as strings.

Errors are problem details (RFC 9457) with a `reason` for programs and the `traceId` that names the request in the logs.
A request that changes something takes an `Idempotency-Key`: the same key again gives the first answer again."""

_PROBLEM: Schema = {
    "type": "object",
    "description": "Why the request was refused (RFC 9457).",
    "required": ["type", "title", "status", "detail", "instance", "reason", "traceId"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "One sentence for a person."},
        "instance": {"type": "string"},
        "reason": {"type": "string", "description": "For programs; the routes name theirs."},
        "traceId": {"type": "string", "description": "Names the request in logs and traces."},
        "violations": {
            "type": "array",
            "description": "What is wrong with each field.",
            "items": {
                "type": "object",
                "required": ["field", "description"],
                "properties": {"field": {"type": "string"}, "description": {"type": "string"}},
            },
        },
        "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
_MISSING: Schema = {
    "type": "object",
    "description": "Stands for a part whose service did not answer.",
    "required": ["missing", "reason"],
    "properties": {"missing": {"const": True}, "reason": {"type": "string"}},
}
_HEADER_ABOUT = {
    "Idempotency-Key": "Names this request, 1 to 64 printable characters: sent again, it gets the first answer again.",
    "If-Match": "The ETag of the version the change is meant for; 412 when it is not the current one.",
    "If-None-Match": "The ETag of the answer in hand; 304 when it is still the current one.",
    "Last-Event-ID": "The id of the last event seen: the stream goes on after it.",
}


def document() -> dict[str, Any]:
    schemas = Schemas(words())
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schemas)
    components = {**schemas.components, "Problem": _PROBLEM, "Missing": _MISSING}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Coursemesh", "version": "1", "description": _ABOUT, "license": _LICENSE},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(_tag(route) for route in ROUTES)],
        "paths": paths,
        "components": {
            "schemas": components,
            "responses": {"Problem": {"description": "A refusal.", "content": _content("Problem", "problem+json")}},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


_LICENSE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}


def _operation(route: Route, schemas: Schemas) -> dict[str, Any]:
    told = _told(route, schemas.words)
    operation: dict[str, Any] = {
        "operationId": route.rpc.partition(".")[2] or "GetDashboard",
        "tags": [_tag(route)],
        "summary": told.split("\n\n")[0],
        "description": told,
        "security": _SECURITY[route.auth],
        "responses": {
            str(route.success): _success(route, schemas),
            "default": {"$ref": "#/components/responses/Problem"},
        },
    }
    if route.rpc:
        reader = Reader(route)
        operation["parameters"] = _parameters(reader, schemas)
        if reader.body_fields:
            operation["requestBody"] = _request_body(reader, schemas)
    return operation


_SECURITY: dict[Auth, list[dict[str, list[str]]]] = {
    Auth.NONE: [],
    Auth.OPTIONAL: [{}, {"token": []}],
    Auth.NEEDED: [{"token": []}],
}


def _told(route: Route, spoken: Words) -> str:
    return route.summary or spoken[rpc(route.rpc).method.full_name]


def _tag(route: Route) -> str:
    return route.service or "me"


def _parameters(reader: Reader, schemas: Schemas) -> list[Schema]:
    fields = reader.rpc.input.fields_by_name
    by_json_name = {field.json_name: field for field in fields.values()}
    found = [
        {"name": name, "in": "path", "required": True, "schema": schemas.field(by_json_name[name])}
        for name in reader.route.variables
    ]
    found += [
        {"name": parameter, "in": "query", "schema": schemas.field(fields[name])}
        for parameter, name in reader.route.query.items()
    ]
    return found + [_header(name) for name in _headers(reader)]


def _headers(reader: Reader) -> list[str]:
    names = [header for field, header in HEADERS.items() if field in reader.rpc.input.fields_by_name]
    if reader.route.kind is Kind.STREAM and "Last-Event-ID" not in names:
        names.append("Last-Event-ID")
    return [*names, *(["If-None-Match"] if reader.route.cached else [])]


def _header(name: str) -> Schema:
    return {"name": name, "in": "header", "description": _HEADER_ABOUT[name], "schema": {"type": "string"}}


def _request_body(reader: Reader, schemas: Schemas) -> Schema:
    if reader.route.body == WHOLE:
        schema = schemas.object(reader.body_fields)
    else:
        schema = schemas.message(message_of(reader.rpc.input.fields_by_name[reader.route.body]))
    return {"required": True, "content": {"application/json": {"schema": schema}}}


def _success(route: Route, schemas: Schemas) -> Schema:
    if route.success == 204:
        return {"description": "Done."}
    headers = {name: {"schema": {"type": "string"}} for name in _answer_headers(route)}
    if route.kind is Kind.DASHBOARD:
        return {"description": "Each part, or why it is missing.", "content": _json(_dashboard(schemas))}
    answer = schemas.message(rpc(route.rpc).output)
    if route.kind is Kind.STREAM:
        about = f"Server-sent events named `{route.event[0]}`; the data of each is JSON of this schema."
        return {"description": about, "content": {"text/event-stream": {"schema": answer}}}
    described = schemas.words.get(rpc(route.rpc).output.full_name, "The answer.")
    return {"description": described, "content": _json(answer), **({"headers": headers} if headers else {})}


def _answer_headers(route: Route) -> list[str]:
    return [*(["Location"] if route.location else []), *(["ETag"] if route.cached else [])]


def _dashboard(schemas: Schemas) -> Schema:
    missing = {"$ref": "#/components/schemas/Missing"}
    parts = {name: {"oneOf": [schemas.message(rpc(short).output), missing]} for name, short in DASHBOARD.items()}
    return {"type": "object", "required": list(parts), "properties": parts}


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}


def _content(name: str, subtype: str) -> Schema:
    return {f"application/{subtype}": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
