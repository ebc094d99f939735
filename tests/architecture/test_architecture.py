"""The floors of the house: who may import whom, and what every module has."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

FLOORS = [
    ["errors"],
    ["schema", "losses", "datasets"],
    ["encoding", "networks"],
    ["persistence", "training"],
    ["synthesizers"],
    ["evaluation", "tracking"],
    ["augmentation", "tuning"],
    ["__init__"],
    ["cli"],
]
HEIGHT = {part: height for height, floor in enumerate(FLOORS) for part in floor}
BANNED = {
    "torch": ["schema", "encoding", "datasets", "errors", "persistence"],
    "pandas": ["losses", "networks", "training", "errors", "persistence"],
    "sklearn": ["losses", "networks", "training", "schema", "encoding", "errors", "persistence"],
    "typer": [part for part in HEIGHT if part != "cli"],
    "rich": [part for part in HEIGHT if part != "cli"],
}


# ---- the checker, over a folder that holds `wgan_aug` and `cli`


def modules_of(root: Path) -> dict[str, Path]:
    """Return every module by its dotted name; `cli` is not importable by that name, but told apart by it."""
    paths = [path for top in ("wgan_aug", "cli") for path in sorted((root / top).rglob("*.py"))]
    return {".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


def part_of(module: str) -> str:
    """Return the floor's part that a module belongs to."""
    names = module.split(".")
    return "cli" if names[0] == "cli" else names[1] if len(names) > 1 else "__init__"


def imports_of(module: str, path: Path) -> Iterator[tuple[str, list[str]]]:
    """Yield what a module imports, wherever it does so: the module imported, and the names taken from it."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, []
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            source = ".".join(filter(None, [above, node.module or ""]))
            yield source, [alias.name for alias in node.names]


def edges_of(root: Path) -> Iterator[tuple[str, str]]:
    """Yield (importer, imported) over modules of the project; `from package import module` counts as the module."""
    modules = modules_of(root)
    for module, path in modules.items():
        for source, names in imports_of(module, path):
            source = source.replace("wgan_aug_cli", "cli", 1)
            taken = [f"{source}.{name}" for name in names if f"{source}.{name}" in modules]
            yield from ((module, target) for target in taken)
            if source in modules and (len(taken) < len(names) or not names):
                yield module, source


def find_upward(root: Path) -> list[str]:
    """Return imports from a higher floor, or from another part of the same one."""
    bad = []
    for module, target in edges_of(root):
        here, there = part_of(module), part_of(target)
        if here != there and HEIGHT[there] >= HEIGHT[here]:
            bad.append(f"{module} imports {target}")
    return bad


def find_banned(root: Path) -> list[str]:
    """Return imports of libraries that a part must do without."""
    return [
        f"{module} imports {source}"
        for module, path in modules_of(root).items()
        for source, _ in imports_of(module, path)
        if part_of(module) in BANNED.get(source.split(".")[0], [])
    ]


def find_circles(root: Path) -> list[str]:
    """Return modules that import themselves by way of others."""
    graph: dict[str, set[str]] = {}
    for module, target in edges_of(root):
        graph.setdefault(module, set()).add(target)
    bad = []
    for start in graph:
        seen, todo = set[str](), list(graph[start])
        while todo:
            module = todo.pop()
            if module not in seen:
                seen.add(module)
                todo += graph.get(module, ())
        if start in seen:
            bad.append(start)
    return bad


def find_detours(root: Path) -> list[str]:
    """Return imports, within `wgan_aug`, of a name from a package instead of from its module."""
    modules = modules_of(root)
    packages = {module for module, path in modules.items() if path.name == "__init__.py"}
    return [
        f"{module} imports {target}"
        for module, target in edges_of(root)
        if target in packages and part_of(module) not in ("cli", "__init__")
    ]


def find_strangers(root: Path) -> list[str]:
    """Return parts that have no floor."""
    return sorted({part_of(module) for module in modules_of(root)} - set(HEIGHT))


CHECKS = {
    "upward": find_upward,
    "banned": find_banned,
    "circles": find_circles,
    "detours": find_detours,
    "strangers": find_strangers,
}


@pytest.mark.parametrize("check", CHECKS)
def test_the_house_stands(check: str) -> None:
    assert CHECKS[check](ROOT) == []


VIOLATIONS = {
    "an upper floor": ("upward", "wgan_aug/schema/a.py", "from wgan_aug.encoding.b import c"),
    "an upper floor, inside a function": (
        "upward",
        "wgan_aug/losses/a.py",
        "def f():\n    import wgan_aug.encoding.b",
    ),
    "a neighbour on the floor": ("upward", "wgan_aug/networks/a.py", "from wgan_aug.encoding import b"),
    "a relative import upwards": ("upward", "wgan_aug/losses/a.py", "from ..encoding import b"),
    "the front door": ("upward", "wgan_aug/schema/a.py", "from wgan_aug import encoding, version"),
    "the command line": ("upward", "wgan_aug/encoding/a.py", "import wgan_aug_cli.main"),
    "torch in the encoding": ("banned", "wgan_aug/encoding/a.py", "import torch.nn as nn"),
    "pandas in a loss": ("banned", "wgan_aug/losses/a.py", "def f():\n    from pandas import DataFrame"),
    "rich in the package": ("banned", "wgan_aug/synthesizers/a.py", "from rich.console import Console"),
    "a circle": ("circles", "wgan_aug/encoding/a.py", "from wgan_aug.encoding.b import c"),
    "a name from a package": ("detours", "wgan_aug/synthesizers/a.py", "from wgan_aug.encoding import c"),
    "a part without a floor": ("strangers", "wgan_aug/cellar/a.py", ""),
}


@pytest.mark.parametrize("violation", VIOLATIONS)
def test_a_violation_is_found(tmp_path: Path, violation: str) -> None:
    check, place, source = VIOLATIONS[violation]
    files = {"wgan_aug/__init__.py": "", "wgan_aug/encoding/__init__.py": "c = 1", "cli/main.py": ""}
    files |= {"wgan_aug/encoding/b.py": "from wgan_aug.encoding.a import d" if check == "circles" else "c = 1"}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    before = CHECKS[check](tmp_path)
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / place).write_text(source)
    assert before == []
    assert CHECKS[check](tmp_path) != []


# ---- what every module has

MODULES = {name: path for name, path in modules_of(ROOT).items() if name.startswith("wgan_aug")}


def public_objects(module: ModuleType) -> dict[str, Any]:
    """Return the classes and functions that a module defines under public names."""
    return {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == module.__name__
    }


def methods_of(cls: type) -> dict[str, Any]:
    """Return the constructor and the public functions that a class itself writes, properties included."""
    found: dict[str, Any] = {}
    for name, value in vars(cls).items():
        value = getattr(value, "__func__", value)
        value = value.fget if isinstance(value, property) else value
        public = not name.startswith("_") or (name == "__init__" and not dataclasses.is_dataclass(cls))
        if public and inspect.isfunction(value) and value.__module__ == cls.__module__:
            found[name] = value
    return found


def has_docstring(thing: Any) -> bool:
    """Say whether there is a docstring that a person wrote; a dataclass without one gets its signature."""
    return bool(thing.__doc__) and not thing.__doc__.startswith(f"{thing.__name__}(")


def gaps_in_annotations(function: Any) -> list[str]:
    """Return the parameters, and "return", that a function does not annotate."""
    parameters = [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]
    return [name for name in [*parameters, "return"] if name not in function.__annotations__]


@pytest.mark.parametrize("name", MODULES)
def test_each_module_has_a_docstring_and_names_what_is_public(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__, f"{name} has no docstring"
    public = public_objects(module)
    named = set(getattr(module, "__all__", ()))
    assert set(public) <= named, f"{name} lacks in __all__: {sorted(set(public) - named)}"
    if MODULES[name].name != "__init__.py":
        assert hasattr(module, "__all__")
    assert [entry for entry in named if not hasattr(module, entry)] == []


@pytest.mark.parametrize("name", MODULES)
def test_each_public_name_has_a_docstring_and_annotations(name: str) -> None:
    gaps: list[str] = []
    for title, thing in public_objects(importlib.import_module(name)).items():
        members = {title: thing}
        if inspect.isclass(thing):
            members |= {f"{title}.{n}": m for n, m in methods_of(thing).items()}
        for label, member in members.items():
            if inspect.isfunction(member):
                gaps += [f"{label}: {gap}" for gap in gaps_in_annotations(member)]
            if not label.endswith(".__init__") and not has_docstring(member):
                gaps.append(f"{label}: docstring")
    assert gaps == []


def test_the_checkers_of_docstrings_and_annotations_find_gaps() -> None:
    def half(a: int, b):  # type: ignore[no-untyped-def]
        return a, b

    @dataclasses.dataclass
    class Bare:
        a: int

        def method(self, b):  # type: ignore[no-untyped-def]
            return b

    assert gaps_in_annotations(half) == ["b", "return"]
    assert not has_docstring(half)
    assert not has_docstring(Bare)
    assert list(methods_of(Bare)) == ["method"]
    assert has_docstring(gaps_in_annotations)


def test_what_one_module_takes_from_another_is_public() -> None:
    """No underscore, and named in `__all__` or written in capitals."""
    hidden: list[str] = []
    for module, path in modules_of(ROOT).items():
        for source, names in imports_of(module, path):
            if source not in MODULES:
                continue
            named = getattr(importlib.import_module(source), "__all__", ())
            hidden += [
                f"{module} takes {source}.{name}"
                for name in names
                if f"{source}.{name}" not in MODULES and name not in named and not (name.isupper() and name[0] != "_")
            ]
    assert hidden == []


# ---- packaging and import


def test_the_packages_to_install_are_the_folders() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    folders = {path.parent.relative_to(ROOT) for path in (ROOT / "wgan_aug").rglob("*.py")} | {Path("cli")}
    named = {".".join(folder.parts).replace("cli", "wgan_aug_cli") for folder in folders}
    listed = set(project["packages"])
    assert named <= listed
    data_only = listed - named  # folders of data alone
    assert [name for name in data_only if not (ROOT / name.replace(".", "/")).is_dir()] == []
    assert {name.partition(".")[0] for name in listed} == set(project["package-dir"])


def run(script: str) -> str:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_package_imports_nothing_heavy() -> None:
    heavy = ("torch", "pandas", "sklearn", "scipy", "numpy", "pyarrow", "narwhals", "typer", "rich")
    assert run(f"import sys, wgan_aug; print([m for m in {heavy} if m in sys.modules])") == "[]"


def test_importing_everything_sets_nothing_global() -> None:
    names = [name for name in MODULES if name != "wgan_aug"]
    script = f"""
import importlib, logging, random, warnings
import numpy, pandas, sklearn, torch

def state():
    return (
        random.getstate(), str(numpy.random.get_state()), torch.get_rng_state().tolist(), torch.get_num_threads(),
        torch.get_default_dtype(), torch.are_deterministic_algorithms_enabled(), torch.is_grad_enabled(),
        numpy.geterr(), list(warnings.filters), logging.root.level, list(logging.root.handlers),
        sklearn.get_config(), torch.backends.cudnn.benchmark, torch.get_float32_matmul_precision(),
        torch.distributions.Distribution._validate_args, pandas.get_option("mode.copy_on_write"),
    )

import pyarrow, narwhals, scipy.sparse, scipy.special, safetensors.numpy, torch.nn.utils.parametrizations
import sklearn.base, sklearn.ensemble, sklearn.pipeline, sklearn.utils.validation, pandas.api.types, scipy.stats
before = state()
for name in {names!r}:
    importlib.import_module(name)
print([i for i, (a, b) in enumerate(zip(before, state())) if a != b])
"""
    assert run(script) == "[]"
