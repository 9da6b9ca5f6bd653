"""Programs that are given arguments and standard input: recorded with them, and foretold by who is told of them."""

import json
from pathlib import Path

import pytest

import cwm_trace as ct
from cwm_trace.errors import InputError
from cwm_trace.eval.suites import load_suite
from cwm_trace.eval.truth import task_prompt, true_trace
from cwm_trace.frames import Trace
from cwm_trace.lying import lying_in, take_note
from cwm_trace.models.machine import code
from cwm_trace.models.machine.following import Following
from cwm_trace.prompts import Start, script_prompt, start_of, started
from cwm_trace.tracer.run import Run, finish, run_source, script_job
from tests.test_models_machine import is_settled

pytestmark = pytest.mark.skipif(not code.is_supported(), reason="this Python's bytecode is not followed")


@pytest.fixture(autouse=True)
def strict(monkeypatch: pytest.MonkeyPatch, own_hashes: None) -> None:
    monkeypatch.setattr(Following, "is_strict", True)


TYPED = {
    "lines": (
        "import sys\ndef main():\n    n = int(input('how many? '))\n    rows = [list(map(int, input().split())) for _ in range(n)]\n"
        "    rest = sys.stdin.readline()\n    try:\n        input()\n    except EOFError as error:\n        why = str(error)\n"
        "    return rows, rest, why\nmain()\n",
        "2\n1 2\n3 4\nthe rest",
    ),
    "all at once": (
        "import sys\ndef main():\n    data = sys.stdin.read().split()\n    again = sys.stdin.read()\n"
        "    return [int(each) for each in data], again\nmain()\n",
        "3 5\r\n8 13\n",
    ),
    "bytes": (
        "import sys\ndef main():\n    first = sys.stdin.buffer.readline()\n    n, *rest = map(int, sys.stdin.buffer.read().split())\n"
        "    return first, n, rest\nmain()\n",
        "h\u00e9\n7 8 9",
    ),
    "a loop": (
        "import sys\ntotal = 0\nfor number, line in enumerate(sys.stdin, 1):\n    if not line.strip():\n        continue\n"
        "    total += int(line) * number\nprint(total)\n",
        "4\n\n5\n",
    ),
    "its own name": (
        "import sys\ninput = sys.stdin.readline\ndef main():\n    pairs = []\n    while line := input():\n"
        "        key, _, value = line.rstrip().partition('=')\n        pairs.append((key, value))\n    return dict(pairs)\nmain()\n",
        "a=1\nb=2\n",
    ),
    "by its number": (
        "def main():\n    lines = open(0).read().splitlines()\n    return lines[::-1]\nmain()\n",
        "x\ny\n",
    ),
    "nothing": (
        "def main():\n    try:\n        return input()\n    except EOFError:\n        return None\nmain()\n",
        "",
    ),
    "itself": (
        "import sys\ndef main():\n    told = sys.stdin.name, sys.stdin.mode, sys.stdin.encoding, sys.stdin.fileno(), sys.stdin.isatty()\n"
        "    return told, sys.stdin is sys.__stdin__, sys.stdin.readlines()\nmain()\n",
        "a\nb",
    ),
}


@pytest.mark.parametrize("name", TYPED)
def test_what_is_typed_is_read(name: str) -> None:
    source, typed = TYPED[name]
    trace = run_source(source, stdin=typed)
    assert trace.complete and is_settled(trace, Start(stdin=typed))


GUESSED = """\
import sys
def main():
    first, _ = sys.stdin.buffer.readlines()[1:]
    n, *rest = sys.stdin.readline(), sys.stdin.readline().split()
    for line in sys.stdin:
        n += line
    return first, n, rest, sys.stdin.read()
main()
"""


def test_what_nobody_has_said_to_be_typed_is_guessed_and_comes_to_an_end() -> None:
    trace = ct.predict("nano", GUESSED, max_frames=40)
    assert trace.complete and trace.frames[-1].value == repr((b"2\n", "1\n3\n", [["2"]], ""))


STANDS_IN = """\
import io
import sys


class Typed:
    def __init__(self, lines):
        self.lines = iter(lines)

    def readline(self):
        return next(self.lines, '')


def main():
    sys.stdin = io.StringIO('3\\n4 5\\n6\\n')
    n = int(input('n? '))
    a, b = map(int, input().split())
    rest = sys.stdin.read()
    sys.stdin = Typed(['one\\n', 'two'])
    words = input(), input()
    try:
        input()
    except EOFError as error:
        words += (str(error),)
    sys.stdin = sys.__stdin__
    return n + a + b, rest, words


main()
"""


def test_a_program_may_put_another_stream_there() -> None:
    assert is_settled(run_source(STANDS_IN))


ARGUED = """\
import argparse
import sys


def main(argv=None):
    parser = argparse.ArgumentParser(prog="tool")
    parser.add_argument("words", nargs="+")
    parser.add_argument("-n", "--times", type=int, default=1)
    parser.add_argument("--loud", action="store_true")
    args = parser.parse_args()
    text = " ".join(args.words * args.times)
    return text.upper() if args.loud else text, sys.argv[1:]


if __name__ == "__main__":
    main()
"""


def test_a_script_sees_its_arguments(tmp_path: Path) -> None:
    path, words = tmp_path / "tool.py", ["-n", "2", "--loud", "h\u00e9", "you"]
    path.write_text(ARGUED, encoding="utf-8")
    trace = finish(Run(script_job(path, words), capture=True)).trace
    assert trace.frames[-1].value == "('H\u00c9 YOU H\u00c9 YOU', ['-n', '2', '--loud', 'h\u00e9', 'you'])"
    assert is_settled(trace, Start(str(path), tuple(words)))


def test_a_prompt_keeps_how_its_program_starts() -> None:
    prompt = script_prompt("x = 1\n")
    for start in (Start(), Start("a b.py", ("-x", '"', ""), ""), Start(stdin="1\n\u20ac")):
        assert start_of(started(started(prompt, Start("other.py", ("y",), "z")), start)) == start
    with pytest.raises(InputError, match="arguments that are no JSON list: {"):
        start_of(Trace("", (), meta={"arguments": "{"}))


def test_a_prediction_keeps_it_and_the_oracle_starts_the_program_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = "import sys, beside\ndef main():\n    return beside.twice(input()), sys.argv, __file__\nmain()\n"
    (tmp_path / "beside.py").write_text("def twice(x):\n    return x * 2\n", encoding="utf-8")
    (tmp_path / "tool.py").write_text(source, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    start = Start("tool.py", ("a",), "ab\n")
    trace = ct.predict("oracle", prompt=started(script_prompt(source), start))
    assert trace.frames[-1].value == repr(("abab", ["tool.py", "a"], str(tmp_path / "tool.py")))
    assert start_of(trace) == start
    nano = ct.predict("nano", prompt=started(script_prompt(source), start))
    assert nano.frames == trace.frames


def test_a_suite_may_say_how_its_scripts_are_started(tmp_path: Path) -> None:
    path = tmp_path / "suite.jsonl"
    source = "import sys\nx = int(sys.argv[1]) + int(input())\ny = x\n"
    path.write_text(json.dumps({"id": "a", "source": source, "arguments": ["3"], "stdin": "4\n"}))
    (task,) = load_suite(path).tasks
    actual = true_trace(task)
    assert actual.frames[-2].locals["x"] == "7"
    assert ct.predict("nano", prompt=task_prompt(task, actual)).frames == actual.frames


def test_what_starts_no_script_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "suite.jsonl"
    path.write_text(json.dumps({"id": "a", "source": "x = 1\n", "arguments": "3"}))
    with pytest.raises(InputError, match="arguments is not a list of strings"):
        load_suite(path)


READS = """\
import csv, json, os
from pathlib import Path
def main():
    with open("data.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    known = json.loads(Path("sub/known.json").read_text())
    here = sorted(os.listdir()), os.getcwd(), os.path.isdir("sub"), os.path.exists("none"), Path("data.csv").stat().st_size
    with open("made.txt", "w") as file:
        file.write("x")
    with open("sub/known.json", "w") as file:
        file.write("{}")
    try:
        open("none.txt")
    except FileNotFoundError as error:
        why = str(error)
    return rows, known, here, os.path.exists("made.txt"), open("sub/known.json").read(), why
main()
"""


def test_a_script_reads_what_lies_where_it_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    contents = {"sub/known.json": b'{"k": [1, 2]}', "data.csv": b"name,n\r\na,1\r\n\xc3\xa9,2\r\n"}
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    script = tmp_path / "reads.py"
    script.write_text(READS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    take_note(str(tmp_path))
    before = lying_in(str(tmp_path))
    monkeypatch.setattr(
        type(before), "read", lambda self, path: contents.get(path)
    )  # the real run has changed one since
    trace = finish(Run(script_job(script), capture=True)).trace
    assert trace.complete
    assert is_settled(trace, Start(str(script), folder=str(tmp_path)))


def test_nothing_is_written_there(tmp_path: Path) -> None:
    (tmp_path / "data.txt").write_text("1")
    source = "import os\ndef main():\n    open('data.txt', 'w').close()\n    os.mkdir('d')\n    os.remove('data.txt')\nmain()\n"
    trace = ct.predict("nano", prompt=started(script_prompt(source), Start(folder=str(tmp_path))))
    assert trace.complete and trace.raised is None
    assert [each.name for each in tmp_path.iterdir()] == ["data.txt"] and (tmp_path / "data.txt").read_text() == "1"
