"""Signatures read from source equal those that Python reports after importing."""

import ast
import contextlib
import importlib
import inspect
import itertools
import subprocess
import sys
import textwrap
import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlsci.signature import NoSuchTarget, Signature, places, read
from mlsci.source.parameters import parameters

TARGETS = [
    "torch.optim.SGD",
    "torch.optim.Adam",
    "torch.optim.AdamW",
    "torch.optim.LBFGS",
    "torch.optim.RMSprop",
    "torch.optim.lr_scheduler.CosineAnnealingLR",
    "torch.optim.lr_scheduler.OneCycleLR",
    "torch.optim.lr_scheduler.StepLR",
    "torch.optim.lr_scheduler.ReduceLROnPlateau",
    "torch.nn.Linear",
    "torch.nn.Conv2d",
    "torch.nn.CrossEntropyLoss",
    "torch.nn.MSELoss",
    "torch.nn.GELU",
    "torch.nn.LSTM",
    "lightning.Trainer",
    "lightning.pytorch.Trainer",
    "lightning.pytorch.callbacks.EarlyStopping",
    "lightning.pytorch.callbacks.ModelCheckpoint",
    "lightning.pytorch.callbacks.LearningRateMonitor",
    "lightning.pytorch.loggers.WandbLogger",
    "torchmetrics.classification.MulticlassAccuracy",
    "torchmetrics.MeanSquaredError",
    "sklearn.neighbors.KNeighborsClassifier",
    "sklearn.svm.SVC",
    "sklearn.ensemble.RandomForestRegressor",
    "torchmetrics.Accuracy",
    "torch.nn.Tanh",
    "torch.nn.Sequential",
    "torch.utils.data.DataLoader",
    "sklearn.pipeline.Pipeline",
    "sklearn.gaussian_process.kernels.RBF",
]

MODULES = [
    "torch.optim",
    "torch.optim.lr_scheduler",
    "torch.nn",
    "torch.utils.data",
    "torchmetrics",
    "torchmetrics.classification",
    "lightning",
    "lightning.pytorch",
    "lightning.pytorch.callbacks",
    "lightning.pytorch.loggers",
    "lightning.pytorch.plugins",
    "sklearn.svm",
    "sklearn.linear_model",
    "sklearn.ensemble",
    "sklearn.preprocessing",
    "sklearn.gaussian_process.kernels",
]


def said(thing):
    """What `inspect` says a class takes."""
    try:
        found = inspect.signature(thing).parameters.values()
    except (TypeError, ValueError):
        return None
    named = [[p.name, p.default is p.empty, p.kind is p.KEYWORD_ONLY] for p in found if "VAR" not in p.kind.name]
    return [named, any(p.kind is p.VAR_KEYWORD for p in found), any(p.kind is p.VAR_POSITIONAL for p in found)]


@pytest.fixture(scope="module")
def reported():
    """What Python says after importing everything."""
    report = {}
    with warnings.catch_warnings(action="ignore"):
        for name in MODULES:
            module = importlib.import_module(name)
            for key in dir(module):
                if not key.startswith("_"):
                    thing = getattr(module, key)
                    report[f"{name}.{key}"] = said(thing) if inspect.isclass(thing) else None
        for target in TARGETS:
            module, _, key = target.rpartition(".")
            report[target] = said(getattr(importlib.import_module(module), key))
    return report


def told(signature):
    named = [[p.name, p.required, p.kind == "keyword"] for p in signature.parameters.values()]
    return [named, signature.open, signature.varargs]


@pytest.mark.parametrize("target", TARGETS)
def test_equals_inspect(target, reported):
    signature = read(target)
    assert signature is not None
    assert signature.is_class
    if target == "torch.nn.LSTM":  # (*args, **kwargs), spelled out by its overloads
        assert signature.open
        assert {"input_size", "hidden_size", "num_layers", "dropout"} <= set(signature.parameters)
    else:
        assert told(signature) == reported[target]


def test_every_public_name_of_many_modules(reported):
    """Nothing that exists is said not to, and every class that is read equals what `inspect` says."""
    compared, wrong = 0, []
    for target, expected in reported.items():
        try:
            signature = read(target) if expected else places(target) and None
        except NoSuchTarget as error:
            wrong.append(str(error))
            continue
        if signature is None or not expected[0]:  # not told, or hidden behind (*args, **kwargs)
            continue
        compared += 1
        if told(signature) != expected:
            wrong.append((target, told(signature), expected))
    assert wrong == []
    assert compared > 400
    assert len(reported) > 700


def test_imports_nothing_heavy_and_is_fast():
    script = f"""if True:
        import sys, time
        from mlsci.signature import read
        start = time.process_time()
        found = [read(target) for target in {TARGETS!r}]
        assert None not in found
        seconds = time.process_time() - start
        heavy = {{"torch", "numpy", "lightning", "sklearn", "hydra", "omegaconf"}} & set(sys.modules)
        print(seconds, sorted(heavy))
    """
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    seconds, heavy = done.stdout.split(maxsplit=1)
    assert heavy.strip() == "[]"
    assert float(seconds) < 2.0  # 0.2 s measured; the room is for a busy machine


COUNTER = itertools.count()


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Write a package from {path: source} and give its name; ``PKG`` in a source stands for the name."""
    made = []

    def write(**files):
        name = f"synthetic_package_{next(COUNTER)}"
        for path, source in {"__init__": "", **files}.items():
            place = tmp_path / name / (path.replace("__in__", "/") + ".py")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(textwrap.dedent(source).replace("PKG", name))
        made.append(name)
        return name

    monkeypatch.syspath_prepend(tmp_path)
    yield write
    for module in [m for m in sys.modules if m.split(".")[0] in made]:
        del sys.modules[module]


def imported(target):
    """What Python says of a dotted target: attributes first, submodules where there is none."""
    parts = target.split(".")
    thing = importlib.import_module(parts[0])
    for end, part in enumerate(parts[1:], start=2):
        try:
            thing = getattr(thing, part)
        except AttributeError:
            thing = importlib.import_module(".".join(parts[:end]))
    return said(thing)


CASES = {
    "a plain class": ("class A:\n  def __init__(self, x: int, *, y=1): ...", "A"),
    "no constructor": ("class A: ...", "A"),
    "inherited": ("class B:\n  def __init__(self, x, y=2): ...\nclass A(B): ...", "A"),
    "the second base": (
        "class B: ...\nclass C:\n  def __init__(self, x): ...\nclass A(B, C): ...",
        "A",
    ),
    "a diamond": (
        """
        class Top:
            def __init__(self, top): ...
        class Left(Top): ...
        class Right(Top):
            def __init__(self, right): ...
        class A(Left, Right): ...
        """,
        "A",
    ),
    "generic": (
        """
        from typing import Generic, TypeVar
        from abc import ABC
        T = TypeVar("T")
        class B(Generic[T], ABC):
            def __init__(self, x: T, *args, y=1, **kwargs): ...
        class A(B[int]): ...
        """,
        "A",
    ),
    "an alias": ("class B:\n  def __init__(self, x): ...\nA = B", "A"),
    "an alias of an attribute": ("from PKG import other\nA = other.B", "A"),
    "a re-export": ("from .other import B as A", "A"),
    "a name taken over": ("from .other import B\nclass B(B):\n  pass", "B"),
    "an absolute re-export": ("from PKG.other import B as A", "A"),
    "a star": ("from .other import *", "B"),
    "a star with __all__": ("from .listed import *", "_Hidden"),
    "through a module": ("", "other.B"),
    "through an imported module": ("from PKG import other as o", "o.B"),
    "under if": (
        "import sys\nif sys.version_info >= (3, 0):\n  from .other import B as A\nelse:\n  A = None",
        "A",
    ),
    "not under TYPE_CHECKING": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n  class A:\n    def __init__(self, no): ...\n"
        "else:\n  from .other import B as A",
        "A",
    ),
    "under try": (
        "try:\n  from nowhere_at_all import A\nexcept ImportError:\n  from .other import B as A",
        "A",
    ),
    "an optional import": ("try:\n  from .other import B as A\nexcept ImportError:\n  A = None", "A"),
    "a function": ("def f(x, y: float = 1.0, *rest, z): ...", "f"),
    "positional only": ("def f(x, /, y, *, z=1): ...", "f"),
    "a wrapped function": (
        """
        import functools
        def loud(f):
            @functools.wraps(f)
            def inner(*args, **kwargs):
                return f(*args, **kwargs)
            return inner
        @loud
        def f(x, y=1): ...
        """,
        "f",
    ),
    "a class method": ("class A:\n  @classmethod\n  def make(cls, x, y=1): ...", "A.make"),
    "a static method": ("class A:\n  @staticmethod\n  def make(x, y=1): ...", "A.make"),
    "an inherited class method": (
        "class B:\n  @classmethod\n  def make(cls, x): ...\nclass A(B): ...",
        "A.make",
    ),
    "an unbound method": ("class A:\n  def run(self, x): ...", "A.run"),
    "a nested class": ("class A:\n  class Inner:\n    def __init__(self, x): ...", "A.Inner"),
    "a new": ("class A:\n  def __new__(cls, x, *, y=1): return super().__new__(cls)", "A"),
    "a dataclass": (
        """
        from dataclasses import dataclass, field
        from typing import ClassVar
        @dataclass
        class A:
            x: int
            y: float = 1.0
            z: list[int] = field(default_factory=list)
            hidden: int = field(default=0, init=False)
            only: int = field(default=0, kw_only=True)
            shared: ClassVar[int] = 3
            plain = 4
        """,
        "A",
    ),
    "a keyword-only dataclass": (
        "import dataclasses as d\n@d.dataclass(kw_only=True, frozen=True)\nclass A:\n  x: int = 1\n  y: str",
        "A",
    ),
    "a sentinel": (
        "from dataclasses import dataclass, KW_ONLY\n@dataclass\nclass A:\n  x: int\n  _: KW_ONLY\n  y: int",
        "A",
    ),
    "inherited fields": (
        """
        from __future__ import annotations
        from dataclasses import dataclass, field, InitVar
        import typing
        @dataclass
        class Base:
            x: int
            y: int = 1
            gone: int = 2
        @dataclass
        class Middle(Base):
            seed: InitVar[int] = 0
            name: "str" = "a"
            count: typing.ClassVar[int] = 0
        class Plain(Middle):
            ignored: int = 5
        @dataclass(kw_only=True)
        class A(Plain):
            x: int
            z: int
            gone: int = field(default=3, init=False)
        """,
        "A",
    ),
    "inherited from a dataclass": (
        "from dataclasses import dataclass\n@dataclass\nclass B:\n  x: int\nclass A(B): ...",
        "A",
    ),
    "its own constructor": (
        "from dataclasses import dataclass\n@dataclass\nclass A:\n  x: int\n  def __init__(self, y): ...",
        "A",
    ),
    "no init": (
        "from dataclasses import dataclass\n@dataclass(init=False)\nclass A:\n  x: int\n  def __init__(self, q): ...",
        "A",
    ),
    "deleted, then a module": ("from .other import B as other\ndel other", "other.B"),
    "attribute before module": ("from .same import same", "same"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_synthetic_package_equals_inspect(case, package):
    source, name = CASES[case]
    other = "class B:\n  def __init__(self, b, c=1): ..."
    listed = "__all__ = ['_Hidden']\n__all__ += []\nclass _Hidden:\n  def __init__(self, h): ..."
    same = "def same(s): ..."
    top = package(__init__=source, other=other, listed=listed, same=same)
    signature = read(f"{top}.{name}")
    assert signature is not None
    assert told(signature) == imported(f"{top}.{name}")


def test_overloads_spell_out_what_an_open_constructor_takes(package):
    top = package(
        __init__="""
        from typing import overload
        class A:
            @overload
            def __init__(self, x: int, y: str = "a") -> None: ...
            @overload
            def __init__(self, x: float, z: int = 1) -> None: ...
            def __init__(self, *args, **kwargs): ...
        """
    )
    signature = read(f"{top}.A")
    assert signature.open
    assert {p.name: p.required for p in signature.parameters.values()} == {"x": True, "y": False, "z": False}
    assert signature.parameters["x"].annotation is None  # the overloads do not agree
    assert ast.unparse(signature.parameters["y"].annotation) == "str"


def test_undecided_branches_take_what_either_takes(package):
    source = "import os\nif os.environ.get('A'):\n  def f(x, y): ...\nelse:\n  def f(x, z=1): ..."
    signature = read(f"{package(__init__=source)}.f")
    assert {p.name: p.required for p in signature.parameters.values()} == {"x": True, "y": False, "z": False}


UNTOLD = {
    "a dynamic module": "def __getattr__(name): return 1",
    "globals": "for name in 'AB':\n  globals()[name] = int",
    "exec": "exec('A = 1')",
    "a star import from C": "from math import *",
    "a star import from nowhere": "try:\n  from nowhere_at_all import *\nexcept ImportError:\n  pass",
    "a call": "import functools\nA = functools.partial(print, 1)",
    "an unknown decorator": "def deco(f): return lambda *a: f(*a)\n@deco\ndef A(x): ...",
    "a base in C": "class A(dict): ...",
    "a metaclass that is called": (
        "class Meta(type):\n  def __call__(cls, *args): return 1\nclass A(metaclass=Meta):\n"
        "  def __init__(self, x): ..."
    ),
    "a constructor set from outside": "class A:\n  def __init__(self, x): ...\nA.__init__ = print",
    "a class rebound": "class A:\n  def __init__(self, x): ...\nA = print(A)",
    "a loop": "for A in (int, float): pass",
    "itself": "class A(A): ...",
    "attrs": "from attr import define\n@define\nclass A:\n  x: int",
    "a foreign dataclass": "from somewhere import dataclass\n@dataclass\nclass A:\n  x: int",
    "an enum": "import enum\nclass A(enum.Enum):\n  X = 1",
    "a named tuple": "from typing import NamedTuple\nclass A(NamedTuple):\n  x: int",
    "set from another module": "",
}


@pytest.mark.parametrize("case", UNTOLD)
def test_what_source_does_not_tell_is_none(case, package):
    setter = "import PKG\nsetattr(PKG, 'A', int)" if case == "set from another module" else ""
    assert read(f"{package(__init__=UNTOLD[case], setter=setter)}.A") is None


def test_broken_source_is_not_told(package):
    top = package(broken="def (")
    assert read(f"{top}.broken.A") is None


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("torch.optim.Adma", "torch.optim.Adma: no 'Adma' in torch.optim; did you mean 'Adam'?"),
        ("torch.nn.linear", "torch.nn.linear: no 'linear' in torch.nn; did you mean 'Linear'?"),
        (
            "mlsci.source.lokup.mro",
            "mlsci.source.lokup.mro: no module 'lokup' in mlsci.source; did you mean 'lookup'?",
        ),
        ("sklearn.svm.SCV", "sklearn.svm.SCV: no 'SCV' in sklearn.svm; did you mean 'SVC'?"),
        (
            "no_such_package_here.Bar",
            "no_such_package_here.Bar: no package 'no_such_package_here' is installed",
        ),
        (
            "mlsci.signature",
            "mlsci.signature: is a module, not a class or function; did you mean 'Signature'?",
        ),
        ("lightning.Trainr", "lightning.Trainr: no 'Trainr' in lightning; did you mean 'Trainer'?"),
        ("mlsci..x", "'mlsci..x' is not a dotted name such as package.module.Class"),
        ("", "'' is not a dotted name such as package.module.Class"),
    ],
)
def test_what_is_not_there_is_named(target, message):
    with pytest.raises(NoSuchTarget) as caught:
        read(target)
    assert str(caught.value) == message


def test_what_every_module_and_class_has_is_not_denied():
    assert read("torch.nn.__builtins__") is None
    assert read("torch.nn.Linear.mro") is None


def test_absence_is_certain_through_stars_and_classes(package):
    top = package(__init__="from .other import *\nclass C:\n  def make(self): ...", other="class Bee: ...")
    with pytest.raises(NoSuchTarget, match="did you mean 'Bee'"):
        read(f"{top}.Bea")
    with pytest.raises(NoSuchTarget, match=r"no 'mkae' in .*\.C; did you mean 'make'"):
        read(f"{top}.C.mkae")


def test_places_see_through_borrowed_modules():
    assert [place.name for place in places("torch.optim.adam.torch.load")] == ["torch.serialization.load"]
    assert [place.name for place in places("mlsci.source.lookup.ast.parse")] == ["ast.parse"]
    assert [place.name for place in places("mlsci.source.modules.os.system")] == ["os.system"]


def test_where_it_is_defined():
    signature = read("torch.nn.Linear")
    assert signature.module == "torch.nn.modules.linear"
    with open(signature.path, encoding="utf-8") as file:
        assert file.readlines()[signature.line - 1].startswith("class Linear")


def test_an_edited_file_is_read_again(package, tmp_path):
    top = package(__init__="def f(x): ...")
    assert list(read(f"{top}.f").parameters) == ["x"]
    (tmp_path / top / "__init__.py").write_text("def f(other): ...")
    assert list(read(f"{top}.f").parameters) == ["other"]


def test_the_current_folder_counts(tmp_path, monkeypatch):
    (tmp_path / "only_in_the_current_folder.py").write_text("def f(x): ...")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    assert list(read("only_in_the_current_folder.f").parameters) == ["x"]


NAMES = st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=8)


@settings(max_examples=40, deadline=None)
@given(NAMES, st.data())
def test_any_parameter_list_equals_inspect(names, data):
    cuts = sorted(data.draw(st.tuples(*[st.integers(0, len(names))] * 2)))
    groups = [names[: cuts[0]], names[cuts[0] : cuts[1]], names[cuts[1] :]]
    optional = data.draw(st.integers(0, cuts[1]))  # positional defaults come last
    texts = [f"{n}=1" if i >= optional else n for i, n in enumerate(names[: cuts[1]])]
    if groups[0]:
        texts.insert(cuts[0], "/")
    if groups[2]:
        texts += ["*", *(f"{n}=1" if data.draw(st.booleans()) else n for n in groups[2])]
    source = f"def f({', '.join(texts)}): ..."
    space = {}
    exec(source, space)
    kinds = {
        "POSITIONAL_ONLY": "positional-only",
        "POSITIONAL_OR_KEYWORD": "positional",
        "KEYWORD_ONLY": "keyword",
    }
    expected = [
        (p.name, p.default is p.empty, kinds[p.kind.name]) for p in inspect.signature(space["f"]).parameters.values()
    ]
    found = parameters(ast.parse(source).body[0].args, module="m", bound=False)
    assert [(p.name, p.required, p.kind) for p in found.values()] == expected


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["mlsci", "torch", "nn", "Linear", "os", "", "_x", "signature", "é", "1"])).map(".".join)
)
def test_no_text_breaks_it(target):
    with contextlib.suppress(NoSuchTarget):
        assert read(target) is None or isinstance(read(target), Signature)
