"""The layout is unusual (see pyproject.toml); pin what users rely on."""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

import cwm_trace

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("torch", "transformers", "tokenizers", "accelerate", "numpy", "datasets")
LIGHT_MODULES = (
    "cwm_trace",
    "cwm_trace.eval",
    "cwm_trace.tracer",
    "cwm_trace.models",
    "cwm_trace.simulate",
    "cwm_trace.cli",
)


def setuptools_config() -> dict[str, Any]:
    config: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    return config


def run_python(code: str, folder: Path) -> str:
    """Standard output of code in a fresh interpreter that finds this very package."""
    start = f"import sys; sys.path.append({str(ROOT)!r})\n"
    done = subprocess.run([sys.executable, "-P", "-c", start + code], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_only_one_import_package_is_installed(tmp_path: Path) -> None:
    code = "import importlib.util as u; print(*[n for n in ('tracer', 'eval') if u.find_spec(n)])"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)

    assert (done.returncode, done.stdout.split()) == (0, [])


@pytest.mark.parametrize(("module", "folder"), [("tracer.record", "tracer"), ("eval.compare", "eval")])
def test_top_level_folders_are_sub_packages(module: str, folder: str) -> None:
    spec = importlib.util.find_spec(f"cwm_trace.{module}")

    assert spec is not None and spec.origin is not None
    assert Path(spec.origin).resolve().parts[-2:] == (folder, module.split(".")[1] + ".py")


@pytest.mark.parametrize(
    "first",
    [
        "ct.predict",
        "import cwm_trace.simulate",
        "from cwm_trace.simulate import predict",
        "import cwm_trace.cli.predict",
    ],
)
def test_simulate_is_the_function_whatever_was_used_before(first: str, tmp_path: Path) -> None:
    """The module of that name took its place, and help showed it."""
    code = (
        f"import inspect\nimport cwm_trace as ct\n{first}\nprint(inspect.isfunction(ct.simulate), ct.simulate.__name__)"
    )
    assert run_python(code, tmp_path) == "True simulate"


def test_every_package_is_listed_for_the_wheel() -> None:
    tops = {"cwm_trace": "cwm_trace", "tracer": "cwm_trace.tracer", "eval": "cwm_trace.eval"}
    found = {
        ".".join((prefix, *init.parent.relative_to(ROOT / top).parts))
        for top, prefix in tops.items()
        for init in (ROOT / top).rglob("__init__.py")
    }

    assert found == set(setuptools_config()["packages"])


def test_links_of_the_checkout_are_relative() -> None:
    for name in ("tracer", "eval"):
        link = ROOT / "cwm_trace" / name
        if link.is_symlink():  # not in an unpacked sdist
            assert link.readlink() == Path("..") / name


def test_all_data_files_are_listed_for_the_wheel() -> None:
    patterns = setuptools_config()["package-data"]["cwm_trace"]
    listed = {path for pattern in patterns for path in (ROOT / "cwm_trace").glob(pattern)}
    data = {
        path
        for path in (ROOT / "cwm_trace").rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc") and not path.is_symlink()
    }

    assert (ROOT / "cwm_trace" / "py.typed") in listed
    assert data - listed == set()


@pytest.mark.parametrize("folder", ["eval", "tracer"])
def test_data_files_of_the_linked_packages_are_listed_for_the_wheel(folder: str) -> None:
    patterns = setuptools_config()["package-data"].get(f"cwm_trace.{folder}", [])
    listed = {path for pattern in patterns for path in (ROOT / folder).glob(pattern)}
    built = (".py", ".pyc", ".c", ".so")
    data = {path for path in (ROOT / folder).rglob("*") if path.is_file() and path.suffix not in built}

    assert data == listed


def test_what_is_compiled_may_fail_to_be() -> None:
    sources = {path for path in (ROOT / "tracer").glob("*.c")}
    modules = setuptools_config()["ext-modules"]

    assert {ROOT / source for module in modules for source in module["sources"]} == sources
    assert all(module["optional"] for module in modules)


@pytest.mark.parametrize("wanted", ["0", "1"])
def test_the_tracer_works_the_same_without_what_is_compiled(tmp_path: Path, wanted: str) -> None:
    code = (
        f"import os; os.environ['CWM_TRACE_ACCELERATED'] = {wanted!r}\n"
        "from cwm_trace.tracer import fast, record_source\n"
        f"assert fast.module is None or {wanted!r} == '1'\n"
        "print(record_source('def f(a): return a + [len(a)]', 'f([1])'))"
    )

    assert run_python(code, tmp_path) == "<Trace 6 frames returns [1, 1]>"


def test_the_embedded_model_is_small_enough() -> None:
    size = sum(path.stat().st_size for path in (ROOT / "cwm_trace" / "models" / "nano").rglob("*") if path.is_file())

    assert size <= 64 << 20


def test_star_import_leaves_builtin_eval_alone() -> None:
    namespace: dict[str, object] = {}
    exec("import cwm_trace.eval\nfrom cwm_trace import *", namespace)

    assert "eval" not in namespace
    assert set(cwm_trace.__all__) <= namespace.keys()


def test_every_public_name_exists_and_is_listed() -> None:
    assert list(cwm_trace.__all__) == sorted(cwm_trace.__all__)
    assert set(cwm_trace.__all__) <= set(dir(cwm_trace))
    for name in cwm_trace.__all__:
        assert getattr(cwm_trace, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = cwm_trace.nothing


@pytest.mark.parametrize("module", LIGHT_MODULES)
def test_importing_loads_no_heavy_package(tmp_path: Path, module: str) -> None:
    code = f"import {module}; print(*[name for name in {HEAVY!r} if name in sys.modules])"

    assert run_python(code, tmp_path) == ""


def test_importing_the_package_loads_no_tracer(tmp_path: Path) -> None:
    code = "import cwm_trace; print(*[name for name in sys.modules if name.startswith('cwm_trace.')])"

    assert run_python(code, tmp_path) == "cwm_trace.lazy"


def test_a_users_own_tracer_and_eval_stay_theirs(tmp_path: Path) -> None:
    for name in ("tracer", "eval"):
        (tmp_path / f"{name}.py").write_text(f"WHOSE = 'mine: {name}'\n")
    code = (
        f"sys.path.insert(0, {str(tmp_path)!r})\n"
        "import cwm_trace.tracer, cwm_trace.eval, tracer, eval\n"
        "print(tracer.WHOSE, eval.WHOSE)"
    )

    assert run_python(code, tmp_path) == "mine: tracer mine: eval"


def test_the_command_is_the_one_in_pyproject() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    module, _, name = scripts["cwm-trace"].partition(":")

    assert callable(getattr(importlib.import_module(module), name))


def test_predict_waits_for_no_report() -> None:
    code = "import sys, cwm_trace.cli.predict; print('cwm_trace.eval.page' in sys.modules, 'cwm_trace.eval.compare' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"


def test_the_evaluator_has_what_it_names() -> None:
    import cwm_trace.eval

    assert all(
        callable(getattr(cwm_trace.eval, name)) or name in ("METRICS", "TABLE_9") for name in cwm_trace.eval.__all__
    )
    assert set(cwm_trace.eval.__all__) <= set(dir(cwm_trace.eval))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = cwm_trace.eval.nothing
