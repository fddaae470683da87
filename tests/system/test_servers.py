"""The same system on PostgreSQL instead of files."""

from pathlib import Path

from tests.system import books
from tests.system.running import running


def test_the_story_is_the_same_on_servers_and_the_data_stays_there(folder: Path) -> None:
    with running(folder, "--empty", "--stores", "servers") as system:
        assert "Every step came out as told." in system.command("demo").stdout
        assert all(url.startswith("postgresql") for name, url in system.status["stores"].items() if name != "course")
        books.check(books.quiet(system))
        before = len(books.read(system.status).enrollments)
        system.kill("postgres")
        system.wait_until_serving()
        assert "Every step came out as told." in system.command("demo").stdout
        after = books.quiet(system)
        books.check(after)
        assert len(after.enrollments) == 2 * before
