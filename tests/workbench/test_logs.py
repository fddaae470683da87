"""Log files stay within their bound, and nobody else reads them."""

import stat
from pathlib import Path

from workbench.files import last_lines
from workbench.supervision.logs import keep_within, open_log


def test_a_log_past_its_bound_moves_its_newest_part_to_one_older_file(tmp_path: Path) -> None:
    path = tmp_path / "service.log"
    with open_log(path) as log:
        log.write(b"old\n" * 100 + b"new\n" * 100)
        assert keep_within(path, 400)
        assert path.stat().st_size == 0
        assert (tmp_path / "service.log.1").read_bytes() == b"new\n" * 100
        log.write(b"next\n")
    assert path.read_bytes() == b"next\n"


def test_a_log_within_its_bound_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "service.log"
    path.write_bytes(b"x" * 400)
    assert not keep_within(path, 400)
    assert not keep_within(tmp_path / "absent.log", 400)


def test_logs_are_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "service.log"
    with open_log(path) as log:
        log.write(b"x" * 10)
    keep_within(path, 5)
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}


def test_the_last_lines_of_a_huge_log_are_read_from_its_end(tmp_path: Path) -> None:
    path = tmp_path / "service.log"
    path.write_text("".join(f"line {n}\n" for n in range(1000)))
    assert last_lines(path, 2) == ["line 998", "line 999"]
    assert last_lines(path, 5, at_most=9) == ["line 999"]
    assert last_lines(path, 0) == []
    assert last_lines(tmp_path / "absent", 3) == []
