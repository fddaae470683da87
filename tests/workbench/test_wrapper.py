"""The wrapper script, without a network: what it would install is stood in for by small scripts."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.place import ROOT

# What a machine has besides Python.
_TOOLS = ("sh", "cat", "cksum", "dirname", "mkdir", "rm", "sed", "sleep", "flock")
# A Python that can make an environment in which each program writes down how it was called.
_PYTHON = """#!/bin/sh
case "$*" in
*venv\\ --clear*)
    for last; do :; done
    mkdir -p "$last/bin"
    cat "$0" > "$last/bin/python"
    chmod +x "$last/bin/python" ;;
*"-m workbench"*) echo "ran: $*" ;;
esac
"""
_UV = """#!/bin/sh
echo "$* in $UV_PROJECT_ENVIRONMENT" >> "$RECORD"
sleep 0.2
"""


class Checkout:
    """A repository in a path with a space, on a machine with nothing else on it."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a repository"
        self.root.mkdir()
        for name in ("uv.lock", "pyproject.toml"):
            (self.root / name).write_text(name)
        shutil.copy(ROOT / "coursemesh", self.root)
        self.machine = folder / "bin"
        self.machine.mkdir()
        self.record = folder / "record"
        self.env = {"PATH": str(self.machine), "HOME": str(folder), "RECORD": str(self.record)}
        for tool in (*_TOOLS, "chmod"):
            self.has(tool, Path(shutil.which(tool) or f"/bin/{tool}"))

    def has(self, name: str, tool: Path | str) -> None:
        if isinstance(tool, Path):
            (self.machine / name).symlink_to(tool)
            return
        (self.machine / name).write_text(tool)
        (self.machine / name).chmod(0o755)

    def start(self, *args: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [str(self.root / "coursemesh"), *args],
            cwd="/",
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *args: str) -> tuple[int, str, str]:
        with self.start(*args) as process:
            out, err = process.communicate(timeout=30)
            return process.returncode, out, err

    @property
    def installations(self) -> list[str]:
        return self.record.read_text().splitlines() if self.record.exists() else []


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = Checkout(tmp_path)
    made.has("python3.12", _PYTHON)
    made.has("uv", _UV)
    return made


def test_the_first_run_installs_and_the_second_only_runs(checkout: Checkout) -> None:
    first = checkout.run("up", "--data", "some where")
    assert first == (0, "ran: -P -m workbench up --data some where\n", "installing (once) ...\n")
    assert checkout.run("status") == (0, "ran: -P -m workbench status\n", "")
    venv = checkout.root / ".venv"
    assert checkout.installations == [f"sync --quiet --frozen --inexact --extra workbench in {venv}"]


def test_what_developers_need_is_added_once_and_kept(checkout: Checkout) -> None:
    for command in ("up", "test", "check", "up", "generate"):
        assert checkout.run(command)[0] == 0
    assert len(checkout.installations) == 2
    assert "--group dev" in checkout.installations[1]
    (checkout.root / "uv.lock").write_text("newer")
    checkout.run("up")
    assert "--group dev" in checkout.installations[2]


def test_what_a_developer_installed_by_hand_is_kept(checkout: Checkout) -> None:
    tools = checkout.root / ".venv" / "bin"
    tools.mkdir(parents=True)
    for name in ("python", "pytest"):
        (tools / name).write_text(_PYTHON)
        (tools / name).chmod(0o755)
    assert checkout.run("up")[0] == 0
    assert "--group dev" in checkout.installations[0]


def test_a_changed_lock_file_is_installed(checkout: Checkout) -> None:
    checkout.run("up")
    (checkout.root / "uv.lock").write_text("newer")
    checkout.run("up")
    assert len(checkout.installations) == 2


def test_a_repository_that_was_moved_is_installed_anew(checkout: Checkout) -> None:
    checkout.run("up")
    stray = checkout.root / ".venv" / "stray"
    stray.touch()
    moved = checkout.root.rename(checkout.root.with_name("moved"))
    checkout.root = moved
    assert checkout.run("up")[0] == 0
    assert not (moved / ".venv" / "stray").exists()


@pytest.mark.parametrize("has_flock", [True, False])
def test_two_at_once_install_once(checkout: Checkout, has_flock: bool) -> None:
    if not has_flock:
        (checkout.machine / "flock").unlink()
    processes = [checkout.start("up") for _ in range(4)]
    answers = [(process.communicate(timeout=60), process.returncode) for process in processes]
    assert [code for _, code in answers] == [0, 0, 0, 0]
    assert {out for (out, _), _ in answers} == {"ran: -P -m workbench up\n"}
    assert len(checkout.installations) == 1


def test_a_lock_whose_holder_was_cut_off_is_taken_over(checkout: Checkout) -> None:
    (checkout.machine / "flock").unlink()
    folder = checkout.root / ".tools" / "install.lock.d"
    folder.mkdir(parents=True)
    with subprocess.Popen(["true"]) as gone:
        pass
    (folder / "pid").write_text(f"{gone.pid}\n")
    assert checkout.run("up")[0] == 0
    assert not folder.exists()


def test_what_runs_does_not_hold_the_lock(checkout: Checkout) -> None:
    script = _PYTHON.replace('echo "ran: $*"', "ls -l /proc/$$/fd")
    checkout.has("ls", Path(shutil.which("ls") or "/bin/ls"))
    (checkout.machine / "python3.12").write_text(script)
    code, out, _ = checkout.run("up")
    assert code == 0
    assert "install.lock" not in out


def test_an_installation_that_fails_is_tried_again(checkout: Checkout) -> None:
    checkout.has("uv", "#!/bin/sh\necho no network >&2\nexit 2\n")
    code, out, err = checkout.run("up")
    assert (code, out) == (1, "")
    assert err.splitlines()[1:] == ["no network", "coursemesh: the installation failed; what uv said is above"]
    checkout.has("uv", _UV)
    assert checkout.run("up")[0] == 0


def test_without_a_python_it_says_which_is_needed(checkout: Checkout) -> None:
    (checkout.machine / "python3.12").unlink()
    checkout.has("python3", "#!/bin/sh\nexit 1\n")
    code, _, err = checkout.run("up")
    assert code == 1
    assert err.splitlines()[-1].startswith("coursemesh: Python 3.11, 3.12 or 3.13 is needed")


def test_without_the_venv_module_it_says_how_to_get_it(checkout: Checkout) -> None:
    checkout.has("python3.12", '#!/bin/sh\ncase "$*" in *ensurepip*) exit 1 ;; esac\n')
    code, _, err = checkout.run("up")
    assert code == 1
    assert "apt install python3-venv" in err.splitlines()[-1]


def test_the_version_test_is_right_for_this_python(checkout: Checkout) -> None:
    checkout.has("python3.11", f'#!/bin/sh\nexec "{Path(sys.executable).resolve()}" "$@"\n')
    (checkout.machine / "python3.12").unlink()
    (checkout.machine / "uv").unlink()
    checkout.has("uv", "#!/bin/sh\nexit 3\n")
    code, _, err = checkout.run("up")
    assert code == 1
    assert "the installation failed" in err, "a real environment was made, and uv was called"
