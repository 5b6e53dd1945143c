"""The command line `mlsci`: one function a verb; what needs torch is imported by the verb that needs it."""

import argparse
import gc
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from mlsci import __version__, arguments_of
from mlsci.errors import ConfigError, MlsciError
from mlsci.nearest import nearest

EPILOG = """\
mlsci train experiment=images/digits              one whole published experiment
mlsci train experiment=images/digits net=mlp      another net
mlsci train -m experiment=images/digits seed=0,1,2 net=cnn,mlp
mlsci train data=diabetes model=ridge             no experiment: any data with any model that fits
mlsci list experiment; mlsci show net/cnn; mlsci train --help
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Dispatch to a verb, and end the process with its exit code."""
    found = list(sys.argv[1:] if arguments is None else arguments)
    if str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))  # packages of the user, after all installed ones
    try:
        code = _dispatch(found)
    except MlsciError as error:
        for message in error.messages if isinstance(error, ConfigError) else [str(error)]:
            print(f"mlsci: error: {message}", file=sys.stderr)
        code = error.exit_code
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    finally:
        gc.enable()
    sys.exit(code)


def _dispatch(arguments: list[str]) -> int:
    if arguments and arguments[0] in PLAIN:
        gc.disable()  # a quarter of the CPU time of a check would go into finding nothing to free
        return PLAIN[arguments[0]](arguments[1:])
    if arguments and not arguments[0].startswith("-") and arguments[0] not in VERBS:
        verb, known = arguments[0], [*PLAIN_HELP, *VERBS]
        raise ConfigError(f"{verb}: no such verb{nearest(verb, known) or ';'} known: {', '.join(known)}")
    options = _parser().parse_args(arguments)
    return options.call(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mlsci",
        description="Machine learning for science: experiments composed by configs.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"mlsci {__version__}")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for name, (call, text, add) in VERBS.items():
        verb = verbs.add_parser(name, help=text, description=text)
        verb.set_defaults(call=call)
        add(verb)
    for name, text in PLAIN_HELP.items():
        verbs.add_parser(name, help=text, add_help=False)
    return parser


def _train(arguments: list[str]) -> int:
    from mlsci import launch

    if any(flag in arguments for flag in ("--help", "-h")):
        from mlsci.listing import train_help

        print(train_help(arguments))
        return 0
    return launch.train(arguments)


def _check(arguments: list[str]) -> int:
    from mlsci import launch

    if any(flag in arguments for flag in ("--help", "-h")):
        print(
            "usage: mlsci check [--build] [--gradients] [overrides]\n\nCheck a config as `train` would, and run "
            "nothing: choices, keys, types, targets (no torch needed).\n"
            "--build also builds data, net and model on made-up data and sends two samples through them.\n"
            "--gradients compares the gradient of the loss with central differences."
        )
        return 0
    return launch.check(arguments)


def _resume(options: argparse.Namespace) -> int:
    from mlsci import launch

    return launch.resume(Path(options.run_dir), options.overrides)


def _list(options: argparse.Namespace) -> int:
    from mlsci.listing import show_list

    show_list(options.group, config_dirs=options.config_dir)
    return 0


def _show(options: argparse.Namespace) -> int:
    from mlsci.listing import show_choice

    show_choice(options.choice, config_dirs=options.config_dir)
    return 0


def _copy(options: argparse.Namespace) -> int:
    from mlsci.listing import copy_choice

    print(copy_choice(options.choice, options.to, config_dirs=options.config_dir))
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    from mlsci.verbs import evaluate

    _print_values(evaluate(options.checkpoint, overrides=options.overrides, trust=options.trust))
    return 0


def _print_values(values: dict[str, float]) -> None:
    width = max((len(name) for name in values), default=0)
    for name, value in values.items():
        print(f"{name:<{width}}  {value:.6g}")


def _predict(options: argparse.Namespace) -> int:
    from mlsci.verbs import predict

    print(predict(options.checkpoint, options.input, out=options.out, trust=options.trust))
    return 0


def _sample(options: argparse.Namespace) -> int:
    from mlsci.verbs import sample

    out = options.out or Path(options.checkpoint).with_name("samples.npz")
    made = sample(
        options.checkpoint, n=options.n, out=out, seed=options.seed, condition=options.condition, trust=options.trust
    )
    for path in made:
        print(path)
    return 0


def _export(options: argparse.Namespace) -> int:
    from mlsci.verbs import export

    print(export(options.checkpoint, to=options.to, out=options.out, trust=options.trust))
    return 0


def _simulate(options: argparse.Namespace) -> int:
    from mlsci import keyvalue
    from mlsci.atoms.options import SimulateOptions

    chosen = keyvalue.read(options.options, SimulateOptions)  # mistakes are answered before torch is imported
    from mlsci.atoms import simulate

    print("\n".join(simulate(options.checkpoint, options.structure, chosen, trust=options.trust).lines()))
    return 0


def _relax(options: argparse.Namespace) -> int:
    from mlsci import keyvalue
    from mlsci.atoms.options import RelaxOptions

    chosen = keyvalue.read(options.options, RelaxOptions)
    from mlsci.atoms import relax

    print("\n".join(relax(options.checkpoint, options.structure, chosen, trust=options.trust).lines()))
    return 0


def _profile(options: argparse.Namespace) -> int:
    from mlsci import keyvalue
    from mlsci.atoms.options import ProfileOptions

    chosen = keyvalue.read(options.options, ProfileOptions)
    from mlsci.atoms import profile

    print("\n".join(profile(options.checkpoint, options.structure, chosen, trust=options.trust).lines()))
    return 0


def _results(options: argparse.Namespace) -> int:
    from mlsci import results

    runs = results.collect(options.runs)
    if options.write:
        results.write(runs, options.write)
        print(options.write)
    else:
        results.show(results.table(runs))
    return 0


def _dashboard(options: argparse.Namespace) -> int:
    from mlsci import dashboard

    if options.terminal:
        os.execvp("wandb", ["wandb", "leet", str(options.runs)])
    path = dashboard.build(options.runs, options.out)
    print(path)
    if options.open:
        import webbrowser

        webbrowser.open(path.absolute().as_uri())
    return 0


def _completion(options: argparse.Namespace) -> int:
    from mlsci.completion import script

    print(script(options.shell))
    return 0


def _complete(arguments: list[str]) -> int:
    from mlsci.completion import words

    print("\n".join(words(arguments)))
    return 0


Add = Callable[[argparse.ArgumentParser], None]
PLAIN: dict[str, Callable[[list[str]], int]] = {"train": _train, "check": _check, "__complete": _complete}
PLAIN_HELP = {
    "train": "run an experiment: key=value, group=choice, -m for sweeps (Hydra's syntax)",
    "check": "find the mistakes in a config without running it",
}
VERBS: dict[str, tuple[Callable[[argparse.Namespace], int], str, Add]] = {
    "list": (_list, "experiments, or the choices of a group, each with one line", arguments_of.add_list),
    "show": (_show, "print a config file", arguments_of.add_choice),
    "copy": (_copy, "copy a config file into a folder of your own, to change it", arguments_of.add_copy),
    "resume": (_resume, "continue a run bit for bit", arguments_of.add_resume),
    "evaluate": (_evaluate, "test a checkpoint", arguments_of.add_evaluate),
    "predict": (_predict, "answers for a .npz or .csv file", arguments_of.add_predict),
    "sample": (_sample, "draw from a generative model", arguments_of.add_sample),
    "export": (_export, "write a checkpoint's model as pt2 or onnx", arguments_of.add_export),
    "simulate": (_simulate, "molecular dynamics with a potential", arguments_of.add_simulate),
    "relax": (_relax, "the nearest minimum of a potential", arguments_of.add_relax),
    "profile": (_profile, "a potential's energy along a file of structures", arguments_of.add_profile),
    "results": (_results, "the table of runs, ours against published", arguments_of.add_results),
    "dashboard": (_dashboard, "a page of all runs", arguments_of.add_dashboard),
    "completion": (_completion, 'shell completion: eval "$(mlsci completion bash)"', arguments_of.add_completion),
}
