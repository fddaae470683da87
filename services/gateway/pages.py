"""The gateway's own pages and documents: /, /docs, /openapi.json, health. No external hosts, no scripts."""

import asyncio
import base64
import hashlib
from collections.abc import Callable, Coroutine
from functools import cache

from services.gateway import answers
from services.gateway.exchange import HTML, JSON, REVALIDATED, Answer, Header, typed
from services.gateway.health import Health
from services.gateway.page import Page

STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); --blue: #2563c9; }
@media (prefers-color-scheme: dark) { :root { --blue: #8ab4f8; } }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 58rem; margin: 0 auto; padding: 2rem 1.25rem 5rem; }
h1 { font-size: 1.7rem; } h2 { margin-top: 2.5rem; font-size: 1.2rem; } h3 { font-size: 1rem; }
a { color: var(--blue); }
code, pre { font: 0.88em/1.5 ui-monospace, monospace; }
pre { overflow-x: auto; padding: 0.75rem 1rem; border: 1px solid var(--line); border-radius: 6px; }
details { border: 1px solid var(--line); border-radius: 6px; margin: 0.5rem 0; }
summary { cursor: pointer; padding: 0.55rem 0.9rem; } details > div { padding: 0 0.9rem 0.9rem; }
summary b { display: inline-block; min-width: 4.2rem; } summary span { opacity: 0.75; }
table { border-collapse: collapse; width: 100%; }
td { text-align: left; vertical-align: top; padding: 0.3rem 0.6rem; }
tr + tr > * { border-top: 1px solid var(--line); }
"""

_ROOT = """<p>An online-learning platform in small services that talk over gRPC and facts.
This is its gateway: JSON over HTTP in front of them.</p>
<ul>
<li><a href="/docs">What can be asked here</a>, to read and to try</li>
<li><a href="/openapi.json">The same as OpenAPI 3.1</a>, for programs</li>
<li><a href="/health/ready">What runs</a>, and how it is</li>
<li><a href="/api/courses">The catalog</a>, as an example</li>
</ul>"""


def page(title: str, content: str) -> bytes:
    """A whole page around the content."""
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>{STYLE}</style></head>
<body><main><h1>{title}</h1>
{content}
</main></body></html>
""".encode()


def pages(health: Health) -> list[Page]:
    return [
        Page("/", _document(lambda: page("Coursemesh", _ROOT), HTML), _policy()),
        Page("/docs", _document(_docs, HTML), _policy()),
        Page("/openapi.json", _document(_openapi, JSON)),
        Page("/health", health.alive),
        Page("/health/ready", health.ready),
    ]


def _document(make: Callable[[], bytes], content_type: bytes) -> Callable[[], Coroutine[None, None, Answer]]:
    async def answer() -> Answer:
        # Made once; off the event loop, since the first making takes some milliseconds.
        return Answer(200, await asyncio.to_thread(kept), [typed(content_type), REVALIDATED])

    kept = cache(make)
    return answer


def _openapi() -> bytes:
    # Imported where it is used: most processes are never asked.
    from services.gateway import openapi

    return answers.encoded(openapi.document())


def _docs() -> bytes:
    from services.gateway import docs, openapi

    return page("Coursemesh: what can be asked here", docs.content(openapi.document()))


def _policy() -> Header:
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return (b"content-security-policy", policy.encode())
