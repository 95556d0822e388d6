"""Runs the commands of a page as its reader would: tutorial_test.py BINARY PAGE, or --self-test

Blocks marked ```console hold commands after "$ ", their continuation lines after "> ", and their
output, which is not compared. The commands run in order, each in its own shell, in a temporary
folder with the binary in PATH and a link to the repository's `data`. A comment before a block
applies to the last command in it:

    <!-- exit: 130 -->                 the exit code to expect instead of 0
    <!-- interrupt when: CONDITION --> press Ctrl-C once this shell command succeeds
    <!-- kill when: CONDITION -->      or kill -9 it and its children
    <!-- smaller: A => B; C => D -->   replace these texts in all commands of the block, to take
                                       less time or other data
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "cli"))
from harness import clean_environment  # noqa: E402  (needs the path set above)

PATIENCE_S = 600


@dataclass
class Step:
    line: int
    command: str
    exit_code: int = 0
    stop_when: str = ""
    stop_by: signal.Signals = signal.SIGINT


def apply_marks(block, marks):
    """Changes the steps of a block as its marks say."""
    last = block[-1]
    last.exit_code = int(marks.get("exit", 0))
    last.stop_when = marks.get("interrupt when", "") or marks.get("kill when", "")
    last.stop_by = signal.SIGKILL if "kill when" in marks else signal.SIGINT
    for pair in filter(None, marks.get("smaller", "").split("; ")):
        before, after = pair.split(" => ")
        if not any(before in step.command for step in block):
            raise ValueError(f"line {block[0].line}: no command contains {before!r}")
        for step in block:
            step.command = step.command.replace(before, after)


def steps_of(text):
    """The commands of a page. Raises ValueError for mistakes in the page."""
    steps, block, marks = [], None, {}
    for number, line in enumerate(text.splitlines(), start=1):
        mark = re.fullmatch(r"<!-- (exit|interrupt when|kill when|smaller): (.*) -->", line)
        if mark:
            marks[mark[1]] = mark[2]
        elif line == "```console":
            block = []
        elif line.startswith("```") and block is not None:
            if not block:
                raise ValueError(f"line {number}: a console block without a command")
            apply_marks(block, marks)
            steps += block
            block, marks = None, {}
        elif block is not None and line.startswith("$ "):
            block.append(Step(number, line[2:]))
        elif block and line.startswith("> "):
            block[-1].command += "\n" + line[2:]
        elif block is None and line and marks:
            raise ValueError(f"line {number}: a mark belongs directly before a console block")
    if block is not None or marks:
        raise ValueError("the page ends within a block, or with a mark")
    if not steps:
        raise ValueError("no commands on this page")
    return steps


def shell(command, folder, environment, **options):
    return subprocess.Popen(["bash", "-o", "pipefail", "-c", command], cwd=folder,
                            env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, start_new_session=True, **options)


def problem_of(step, folder, environment):
    """The problem of a step, or None."""
    process = shell(step.command, folder, environment)
    deadline = time.monotonic() + PATIENCE_S
    while step.stop_when and process.poll() is None and time.monotonic() < deadline:
        condition = shell(step.stop_when, folder, environment)
        condition.communicate()
        if condition.returncode == 0:
            os.killpg(process.pid, step.stop_by)
            break
        time.sleep(0.05)
    else:
        if step.stop_when:
            process.kill()
            return "it ended, or waited too long, before it could be stopped"
    try:
        output, _ = process.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return f"it did not end within {PATIENCE_S} s"
    if process.returncode != step.exit_code:
        return f"exit code {process.returncode}, expected {step.exit_code}; it printed:\n{output}"
    return None


def run_page(text, binary, verbose=False):
    """The problems found; stops at the first, since later steps build on earlier ones."""
    # Tests run side by side. Results do not depend on the number of threads, and steps this small
    # gain nothing from a second one.
    environment = clean_environment({"OMP_NUM_THREADS": "1"})
    with tempfile.TemporaryDirectory(prefix="elastic_tutorial_") as folder:
        os.mkdir(os.path.join(folder, ".bin"))
        if binary:
            os.symlink(os.path.abspath(binary), os.path.join(folder, ".bin", "elastic"))
        os.symlink(os.path.join(ROOT, "data"), os.path.join(folder, "data"))
        environment["PATH"] = os.path.join(folder, ".bin") + os.pathsep + environment["PATH"]
        for step in steps_of(text):
            if verbose:
                print(f"{step.line}: {step.command}", flush=True)
            problem = problem_of(step, folder, environment)
            if problem:
                return [f"line {step.line}: {step.command}\n{problem}"]
    return []


def self_test():
    def page(*lines, marks=()):
        return "\n".join([*marks, "```console", *lines, "```", ""])

    good = [
        page("$ echo one > a", "$ cat a", "one"),
        page("$ cat <<EOF | grep -q two", "> one", "> two", "> EOF"),
        page("$ test -d data", "$ exit 3", marks=["<!-- exit: 3 -->"]),
        # Not with `touch`: if Ctrl-C arrives while it ends, the shell continues.
        page("$ : > begun; sleep 60",
             marks=["<!-- interrupt when: test -e begun -->", "<!-- exit: -2 -->"]),
        page("$ trap 'exit 130' INT; touch b; while :; do sleep 0.05; done",
             marks=["<!-- interrupt when: test -e b -->", "<!-- exit: 130 -->"]),
        page("$ trap '' INT; touch c; sleep 60",
             marks=["<!-- kill when: test -e c -->", "<!-- exit: -9 -->"]),
        page("$ test 1000 = 1 && test far = near",
             marks=["<!-- smaller: 1000 => 1; far => near -->"]),
    ]
    bad = [
        page("$ false"),
        page("$ false | true"),
        page("$ true", marks=["<!-- exit: 3 -->"]),
        page("$ true", marks=["<!-- interrupt when: test -e never -->"]),
        page("$ test -n \"$here\"") + page("$ true"),
    ]
    for text in good:
        problems = run_page(text, None)
        assert not problems, problems
    for text in bad:
        assert run_page(text, None), text
    for text in ("", page(), page("$ true", marks=["<!-- smaller: 1000 => 1 -->"]), "<!-- exit: 1 -->\ntext\n" + page("$ true"), "```console\n$ true\n"):
        try:
            steps_of(text)
        except ValueError:
            continue
        raise AssertionError(f"taken: {text!r}")
    print("correct pages pass, faulty pages fail")
    return 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    binary, path = sys.argv[1:]
    with open(path, encoding="utf-8") as file:
        problems = run_page(file.read(), binary, verbose=True)
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
