"""What may be written of a course: every wrong field named, by its path in the request."""

import re
from collections.abc import Collection
from dataclasses import replace

from services.chassis.checks import Checks
from services.course.currencies import CODES
from services.course.domain import Draft, Lesson, Module, Money, ids_in

MODULES_AT_MOST = LESSONS_AT_MOST = 50
_TAGS_AT_MOST = 10
_PRICE_AT_MOST = 100_000_000
# Of all that is written, in bytes of UTF-8. A fact carries the whole course, and the broker takes no message over 1 MB.
_TEXT_AT_MOST = 200_000
# The shape of a BCP 47 tag: a language, perhaps a script and a region.
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?")


def check_draft(draft: Draft, known_ids: Collection[str] = ()) -> Draft:
    """The draft as it is stored: trimmed, tags in lower case and once each. Refuses what is wrong or missing.

    known_ids: of the modules and lessons that the course has; another id is not one of ours.
    """
    with Checks() as checks:
        checked = replace(
            draft,
            title=checks.text("draft.title", draft.title, 1, 200),
            summary=checks.text("draft.summary", draft.summary, 0, 500),
            description=checks.text("draft.description", draft.description, 0, 5_000),
            tags=_tags(checks, draft.tags),
            modules=_modules(checks, draft.modules),
        )
        checks.that(draft.level is not None, "draft.level", "give LEVEL_BEGINNER, LEVEL_INTERMEDIATE or LEVEL_ADVANCED")
        language = _LANGUAGE.fullmatch(draft.language)
        checks.that(language is not None, "draft.language", "give a language tag such as en or pt-BR")
        checks.number("draft.capacity", draft.capacity, 1, 100_000)
        _price(checks, draft.price)
        _ids(checks, draft, known_ids)
        checks.that(text_bytes(draft) <= _TEXT_AT_MOST, "draft", f"give at most {_TEXT_AT_MOST:,} bytes of text in all")
    return checked


def text_bytes(draft: Draft) -> int:
    """How much text there is to carry, in bytes of UTF-8."""
    lessons = [lesson for module in draft.modules for lesson in module.lessons]
    texts = [draft.title, draft.summary, draft.description, *draft.tags, *(module.title for module in draft.modules)]
    texts += [text for lesson in lessons for text in (lesson.title, lesson.content)]
    return sum(len(text.encode()) for text in texts)


def _tags(checks: Checks, tags: tuple[str, ...]) -> tuple[str, ...]:
    checks.that(len(tags) <= _TAGS_AT_MOST, "draft.tags", f"give at most {_TAGS_AT_MOST}")
    clean = [checks.text(f"draft.tags[{n}]", tag.lower(), 1, 40) for n, tag in enumerate(tags[:_TAGS_AT_MOST])]
    return tuple(dict.fromkeys(clean))


def _price(checks: Checks, price: Money | None) -> None:
    if price is None:
        checks.wrong("draft.price", "give an amount and a currency; an amount of 0 is a free course")
        return
    checks.number("draft.price.amount_minor", price.amount_minor, 0, _PRICE_AT_MOST)
    checks.that(price.currency_code in CODES, "draft.price.currency_code", "give an ISO 4217 code such as EUR")


def _modules(checks: Checks, modules: tuple[Module, ...]) -> tuple[Module, ...]:
    checks.that(len(modules) <= MODULES_AT_MOST, "draft.modules", f"give at most {MODULES_AT_MOST}")
    return tuple(_module(checks, f"draft.modules[{n}]", module) for n, module in enumerate(modules[:MODULES_AT_MOST]))


def _module(checks: Checks, path: str, module: Module) -> Module:
    checks.that(len(module.lessons) <= LESSONS_AT_MOST, f"{path}.lessons", f"give at most {LESSONS_AT_MOST}")
    lessons = enumerate(module.lessons[:LESSONS_AT_MOST])
    return replace(
        module,
        title=checks.text(f"{path}.title", module.title, 1, 200),
        lessons=tuple(_lesson(checks, f"{path}.lessons[{n}]", lesson) for n, lesson in lessons),
    )


def _lesson(checks: Checks, path: str, lesson: Lesson) -> Lesson:
    checks.number(f"{path}.duration_minutes", lesson.duration_minutes, 0, 600)
    return replace(
        lesson,
        title=checks.text(f"{path}.title", lesson.title, 1, 200),
        content=checks.text(f"{path}.content", lesson.content, 0, 5_000),
    )


def _ids(checks: Checks, draft: Draft, known: Collection[str]) -> None:
    given = [each for each in ids_in(draft) if each]
    checks.that(len(set(given)) == len(given), "draft.modules", "give each id once")
    checks.that(set(given) <= set(known), "draft.modules", "leave out the ids of new modules and lessons")
