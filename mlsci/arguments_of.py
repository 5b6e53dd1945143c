"""What the verbs of the command line take: one function a verb adds its arguments to a parser."""

import argparse
import os
from pathlib import Path


def add_config_dir(parser: argparse.ArgumentParser) -> None:
    """Further folders of configs."""
    parser.add_argument("--config-dir", action="append", default=[], metavar="DIR", help="a further config folder")


def add_checkpoint(parser: argparse.ArgumentParser) -> None:
    """The file that a verb starts from."""
    parser.add_argument("checkpoint", metavar="CKPT", help="a best.ckpt or last.ckpt; nothing else is needed")
    parser.add_argument(
        "--trust", action="append", default=[], metavar="PACKAGE", help="a package whose classes the file may build"
    )


def add_list(parser: argparse.ArgumentParser) -> None:
    """A group."""
    parser.add_argument("group", nargs="?", default="experiment", help="experiment (default), data, model, net, ...")
    add_config_dir(parser)


def add_choice(parser: argparse.ArgumentParser) -> None:
    """An option of a group."""
    parser.add_argument("choice", help="group/option, for example net/cnn or experiment/images/digits")
    add_config_dir(parser)


def add_copy(parser: argparse.ArgumentParser) -> None:
    """An option, and where to."""
    add_choice(parser)
    parser.add_argument("to", nargs="?", default="configs", help="folder to copy into (default: ./configs)")


def add_resume(parser: argparse.ArgumentParser) -> None:
    """A run, and what may change."""
    parser.add_argument("run_dir", metavar="RUN_DIR", help="the run folder")
    parser.add_argument("overrides", nargs="*", help="trainer.max_epochs=... and other trainer. or run. values")


def add_evaluate(parser: argparse.ArgumentParser) -> None:
    """A checkpoint, and other data."""
    add_checkpoint(parser)
    parser.add_argument("overrides", nargs="*", help="data.key=value")


def add_predict(parser: argparse.ArgumentParser) -> None:
    """A checkpoint, inputs, outputs."""
    add_checkpoint(parser)
    parser.add_argument("input", help="inputs as .npz or .csv")
    parser.add_argument("--out", required=True, help="predictions as .npz or .csv")


def add_sample(parser: argparse.ArgumentParser) -> None:
    """A checkpoint, how many, where to."""
    add_checkpoint(parser)
    parser.add_argument("-n", type=int, default=64, help="how many (default 64)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--condition", default=None, help="for conditional models, for example a class number")
    parser.add_argument("--out", default=None, help="file for the samples (default: samples.npz beside CKPT)")


def add_export(parser: argparse.ArgumentParser) -> None:
    """A checkpoint, and the format."""
    add_checkpoint(parser)
    parser.add_argument("--to", required=True, choices=["pt2", "onnx"])
    parser.add_argument("--out", default=None, help="the file (default: beside CKPT)")


def add_results(parser: argparse.ArgumentParser) -> None:
    """Which runs, where to."""
    parser.add_argument("--runs", type=Path, default=runs_folder(), help="the folder of runs")
    parser.add_argument("--write", type=Path, default=None, metavar="FILE", help="write into RESULTS.md's table")


def add_dashboard(parser: argparse.ArgumentParser) -> None:
    """Which runs, where to, how to look."""
    parser.add_argument("--runs", type=Path, default=runs_folder(), help="the folder of runs")
    parser.add_argument("--out", type=Path, default=None, help="the page (default: RUNS/index.html)")
    parser.add_argument("--open", action="store_true", help="open it in the browser")
    parser.add_argument("--terminal", action="store_true", help="wandb's terminal view instead")


def add_completion(parser: argparse.ArgumentParser) -> None:
    """A shell."""
    parser.add_argument("shell", choices=["bash", "zsh", "fish"])


def add_simulate(parser: argparse.ArgumentParser) -> None:
    """A checkpoint, a structure, and options as key=value."""
    from mlsci.atoms.options import SimulateOptions

    _add_structure(parser, SimulateOptions)


def add_relax(parser: argparse.ArgumentParser) -> None:
    """The same for a relaxation."""
    from mlsci.atoms.options import RelaxOptions

    _add_structure(parser, RelaxOptions)


def add_profile(parser: argparse.ArgumentParser) -> None:
    """The same for the energy along a file of structures."""
    from mlsci.atoms.options import ProfileOptions

    _add_structure(parser, ProfileOptions)


def _add_structure(parser: argparse.ArgumentParser, options: type) -> None:
    from mlsci.keyvalue import described

    add_checkpoint(parser)
    parser.add_argument("structure", metavar="STRUCTURE", help="atoms in any format of ASE: .xyz, .extxyz, .cif, ...")
    parser.add_argument("options", nargs="*", metavar="key=value", help="see below")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = f"keys and their defaults:\n{described(options)}".replace("%", "%%")


def runs_folder() -> Path:
    """Where runs are written and looked for."""
    return Path(os.environ.get("MLSCI_RUNS_DIR", "runs"))
