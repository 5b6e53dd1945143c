"""Shell completion: verbs, groups, choices and keys, without torch."""

import os
from collections.abc import Sequence
from pathlib import Path

from mlsci import groups

VERBS = (
    *("train", "check", "list", "show", "copy", "resume", "evaluate", "predict", "sample", "export"),
    *("simulate", "relax", "profile", "results", "dashboard", "completion"),
)

BASH = """\
_mlsci() {
  local IFS=$'\\n' cur="${COMP_LINE:0:$COMP_POINT}"; cur="${cur##* }"
  local before="${COMP_LINE:0:$COMP_POINT}"
  COMPREPLY=($(mlsci __complete "$before"))
  local prefix="${cur%"${cur##*[=:]}"}"
  COMPREPLY=("${COMPREPLY[@]#"$prefix"}")
  [[ ${COMPREPLY[0]} == *= || ${COMPREPLY[0]} == */ ]] && compopt -o nospace
}
complete -o default -F _mlsci mlsci"""
ZSH = """\
_mlsci() { local -a w; w=("${(@f)$(mlsci __complete "${BUFFER[1,CURSOR]}")}"); compadd -S '' -- $w; }
compdef _mlsci mlsci"""
FISH = "complete -c mlsci -f -a '(mlsci __complete (commandline -cp))'"


def script(shell: str) -> str:
    """The lines that switch completion on in bash, zsh or fish."""
    return {"bash": BASH, "zsh": ZSH, "fish": FISH}[shell]


def words(arguments: Sequence[str]) -> list[str]:
    """The words that can stand where the line `arguments[0]` ends."""
    parts = (arguments[0] if arguments else "").split(" ")
    done, current = parts[1:-1], parts[-1]
    if not done:
        return [verb for verb in VERBS if verb.startswith(current)]
    if done[0] in {"train", "check"}:
        return _override_words(current)
    if done[0] in {"show", "copy", "list"}:
        known = groups.files(groups.folders())
        whole = sorted(known) if done[0] == "list" else [f"{g}/{o}" for g, opts in known.items() for o in opts]
        return [word for word in whole if word.startswith(current)]
    return _path_words(current)


def _override_words(current: str) -> list[str]:
    known = groups.files(groups.folders())
    group, equals, option = current.partition("=")
    if equals:
        return [f"{group}={name}" for name in known.get(group, {}) if name.startswith(option)]
    found = [f"{name}=" for name in (*known, "seed", "run.name", "trust") if name.startswith(current)]
    section, dot, _ = current.rpartition(".")
    if dot:
        found += [f"{word}=" for word in _keys(section) if word.startswith(current)]
    else:
        found += [f"{name}." for name in known if name.startswith(current) and name not in {"experiment", "debug"}]
    return found


def _keys(section: str) -> list[str]:
    """Keys below a section of the default config."""
    from omegaconf import DictConfig, OmegaConf

    from mlsci.config import explain

    node = OmegaConf.select(explain([]).config, section)
    keys = map(str, node) if isinstance(node, DictConfig) else ()
    return [f"{section}.{key}" for key in keys if not key.startswith("_")]


def _path_words(current: str) -> list[str]:
    place = Path(os.path.dirname(current) or ".")
    if not place.is_dir():
        return []
    prefix = "" if str(place) == "." and not current.startswith("./") else f"{os.path.dirname(current)}/"
    found = [f"{prefix}{p.name}{'/' if p.is_dir() else ''}" for p in sorted(place.iterdir()) if p.name[0] != "."]
    return [word for word in found if word.startswith(current)]
