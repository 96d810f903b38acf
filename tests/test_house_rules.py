"""The house rules that no linter holds, checked on all our source, tests and benchmarks too.

Files are found by walking the folders, so a rule covers a file on the day it is written.
"""

import ast
import functools
import gc
import graphlib
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PRODUCT = ("agent", "adapters", "bot", "storage", "twins")
FOLDERS = (*PRODUCT, "tests", "benchmarks")

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 50
# Names that say a thing does something, but not what.
EMPTY_ENDINGS = ("manager", "helper", "util", "service")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Source:
    """One Python file: where it is, what it says, and the name it is imported by."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def place(self) -> str:
        """Its path as a person would type it."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def module(self) -> str:
        """Its dotted name; a package is called by its folder."""
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def package(self) -> str:
        """The dotted name that its relative imports start from."""
        return ".".join(self.path.relative_to(ROOT).parts[:-1])

    def functions(self) -> Iterator[Function]:
        """Every function and method, nested ones too."""
        return (node for node in ast.walk(self.tree) if isinstance(node, Function))


@functools.cache
def sources() -> tuple[Source, ...]:
    """All our Python files, parsed once; they stay, so the collector of garbage need not look at
    their million of nodes again and again, which takes as long as all the rules.
    """
    gc.disable()
    paths = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
    texts = [(path, path.read_text(encoding="utf-8")) for path in paths]
    found = tuple(Source(path, text, ast.parse(text, str(path))) for path, text in texts)
    gc.freeze()
    gc.enable()
    return found


def demand(rule: str, offences: Iterable[str]) -> None:
    """Fail with the rule and one line per place that breaks it."""
    found = list(offences)
    assert not found, "\n  ".join([rule, *found])


def is_type_checking(test: ast.expr) -> bool:
    """Whether this is the condition that only a type checker finds true."""
    return "TYPE_CHECKING" in {getattr(test, "id", ""), getattr(test, "attr", "")}


def statements_at_import(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when a module is imported: not those inside functions."""
    for statement in body:
        if isinstance(statement, Function):
            continue
        if isinstance(statement, ast.If) and is_type_checking(statement.test):
            yield from statements_at_import(statement.orelse)
            continue
        yield statement
        for block in ("body", "orelse", "finalbody"):
            yield from statements_at_import(getattr(statement, block, []))
        for handler in getattr(statement, "handlers", []):
            yield from statements_at_import(handler.body)


def imported_names(source: Source, statement: ast.stmt) -> Iterator[tuple[str, str]]:
    """Pairs of a module that this statement imports and the name it takes from there, if any."""
    if isinstance(statement, ast.Import):
        yield from ((alias.name, "") for alias in statement.names)
    elif isinstance(statement, ast.ImportFrom):
        base = statement.module or ""
        if statement.level:
            parts = source.package.split(".")
            parents = parts[: len(parts) - statement.level + 1]
            base = ".".join([*parents, base] if base else parents)
        yield from ((base, alias.name) for alias in statement.names)


def imports_at_import(source: Source, known: frozenset[str]) -> set[str]:
    """Our own modules that importing this one imports by name."""
    names = {
        target if (target := f"{module}.{name}") in known else module
        for statement in statements_at_import(source.tree.body)
        for module, name in imported_names(source, statement)
    }
    return (names & known) - {source.module}


def test_every_folder_of_the_product_is_walked() -> None:
    """The other rules would hold of nothing if the walk found nothing."""
    walked = {source.module.partition(".")[0] for source in sources()}
    demand("No Python file was found in:", sorted({*PRODUCT, "tests"} - walked))


def test_no_import_cycles() -> None:
    """Each module can be read and imported before those that build on it."""
    known = frozenset(source.module for source in sources())
    graph = {source.module: imports_at_import(source, known) for source in sources()}
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        path = " imports ".join(reversed(error.args[1]))
        demand("Modules import each other in a circle; move what they share inwards:", [path])


def test_no_long_files() -> None:
    """A file holds one idea, and a reader holds a file."""
    lengths = ((source.place, len(source.text.splitlines())) for source in sources())
    demand(
        f"Files over {MAX_FILE_LINES} lines; split them by idea:",
        (f"{place}: {lines} lines" for place, lines in lengths if lines > MAX_FILE_LINES),
    )


def test_no_long_functions() -> None:
    """A function fits on a screen."""
    lengths = (
        (source.place, function, (function.end_lineno or 0) - function.lineno + 1)
        for source in sources()
        for function in source.functions()
    )
    demand(
        f"Functions over {MAX_FUNCTION_LINES} lines; name their steps:",
        (
            f"{place}:{function.lineno} {function.name}: {lines} lines"
            for place, function, lines in lengths
            if lines > MAX_FUNCTION_LINES
        ),
    )


def all_imports() -> Iterator[tuple[Source, str, str]]:
    """Every import of every file, wherever it stands: the file, the place, and what is imported."""
    return (
        (source, f"{source.place}:{node.lineno}", f"{module}.{name}".rstrip("."))
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.stmt)
        for module, name in imported_names(source, node)
    )


def is_mock(imported: str) -> bool:
    """Whether the name is of one of the libraries that fake any object."""
    match imported.split("."):
        case ["unittest", "mock", *_] | ["mock" | "pytest_mock", *_]:
            return True
        case _:
            return False


def test_no_mocks() -> None:
    """A fake is a small real implementation that runs its port's contract suite."""
    demand(
        "Mocks agree with whatever the code does; write a small real fake:",
        (f"{place}: {imported}" for _, place, imported in all_imports() if is_mock(imported)),
    )


def test_only_the_process_knows_the_telemetry_sdk() -> None:
    """Everything else speaks OpenTelemetry's API, so that a deployment chooses where it goes.

    import-linter knows only the first part of a foreign name, and SDK and API share it.
    """
    demand(
        "OpenTelemetry's SDK and exporters are set up in bot, nowhere else:",
        (
            f"{place}: {imported}"
            for source, place, imported in all_imports()
            if imported.startswith(("opentelemetry.sdk", "opentelemetry.exporter"))
            and source.path.relative_to(ROOT).parts[0] in {"agent", "adapters", "storage", "twins"}
        ),
    )


def is_twin(module: str) -> bool:
    """Whether this is a local platform, a part of one, or what they share."""
    match module.split("."):
        case ["twins", *_]:
            return True
        case ["adapters", _, name, *_]:
            return name.startswith("twin")
        case _:
            return False


def test_nothing_in_production_knows_a_local_platform() -> None:
    """What runs at a company has no part of a Slack or a Teams; only the playground has them.

    import-linter cannot say "every module whose name begins with twin".
    """
    demand(
        "Local platforms are for tests, benchmarks and the playground:",
        (
            f"{place}: {imported}"
            for source, place, imported in all_imports()
            if is_twin(imported)
            and not is_twin(source.module)
            and not source.module.startswith(("bot.playground", "tests.", "benchmarks."))
        ),
    )


def test_every_module_says_what_it_is_for() -> None:
    """A reader learns from a module's first line whether to read on."""
    demand(
        "Modules that do not open with a docstring:",
        (source.place for source in sources() if not ast.get_docstring(source.tree)),
    )


def unannotated(function: Function) -> list[str]:
    """The parameters that have no annotation, and `return` if the result has none."""
    given = function.args
    variadic = [argument for argument in (given.vararg, given.kwarg) if argument]
    arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs, *variadic]
    missing = [argument.arg for argument in arguments if argument.annotation is None]
    named = [name for name in missing if name not in {"self", "cls"}]
    return named if function.returns else [*named, "return"]


def test_every_function_is_annotated() -> None:
    """Signatures are the documentation that a type checker keeps true, in tests as well."""
    demand(
        "Functions with parameters or a result without a type:",
        (
            f"{source.place}:{function.lineno} {function.name}: {', '.join(missing)}"
            for source in sources()
            for function in source.functions()
            if (missing := unannotated(function))
        ),
    )


def test_no_empty_names() -> None:
    """A name tells what a thing is; these endings fit anything."""
    modules = ((source.place, source.module.rpartition(".")[2]) for source in sources())
    classes = (
        (f"{source.place}:{node.lineno}", node.name)
        for source in sources()
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef)
    )
    demand(
        f"Names ending in {', '.join(EMPTY_ENDINGS)} (or a plural); say what the thing is:",
        (
            f"{place} {name}"
            for place, name in (*modules, *classes)
            if name.lower().removesuffix("s").endswith(EMPTY_ENDINGS)
        ),
    )


def test_every_test_tells_its_story() -> None:
    """The suite reads as a specification: one sentence per behaviour."""
    demand(
        "Tests without a docstring:",
        (
            f"{source.place}:{function.lineno} {function.name}"
            for source in sources()
            if source.path.name.startswith("test_")
            for function in source.functions()
            if function.name.startswith("test_") and not ast.get_docstring(function)
        ),
    )


def distribution(requirement: str) -> str:
    """The name in a requirement, in the form that all spellings of it share."""
    name = re.match(r"[\w.-]+", requirement)
    return re.sub(r"[-_.]+", "-", name[0]).lower() if name else ""


def imported_distributions(folders: Iterable[str]) -> dict[str, str]:
    """What is imported anywhere in these folders and not ours: distributions, and one place."""
    known = packages_distributions()
    ours = {*sys.stdlib_module_names, *FOLDERS}
    return {
        distribution(known.get(package, [package])[0]): source.place
        for source in sources()
        if source.module.partition(".")[0] in folders
        for node in ast.walk(source.tree)
        for module, _ in imported_names(source, node if isinstance(node, ast.stmt) else ast.Pass())
        if (package := module.partition(".")[0]) not in ours
    }


def test_dependencies_are_declared_and_used() -> None:
    """Nothing is imported that only happens to be there, and nothing is declared for nobody."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = {distribution(one) for one in project["project"]["dependencies"]}
    beside = {distribution(one) for group in project["dependency-groups"].values() for one in group}
    product, rest = imported_distributions(PRODUCT), imported_distributions(FOLDERS)
    demand(
        "Imported, but no dependency:",
        (f"{n} ({p})" for n, p in product.items() if n not in needed),
    )
    undeclared = rest.keys() - needed - beside
    demand("Imported by tests, but in no group:", (f"{n} ({rest[n]})" for n in undeclared))
    demand("Declared, but never imported:", sorted(needed - product.keys()))
