"""One static HTML page of all runs: a table to sort and filter, and each run's curves, results and errors."""

import base64
import csv
import hashlib
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from string import Template
from urllib.parse import quote

from mlsci.plots.series import losses_and_scores
from mlsci.plots.svg import drawing
from mlsci.run_reader import Run, collect, is_number

STATES = ("finished", "running", "created", "interrupted", "failed")
NUMBERS = ("ours", "reference", "epochs", "CPU s")  # columns to sort by value
COLUMNS = ("experiment", "name", "state", "seed", "metric", *NUMBERS, "created", "git")

STYLE = """
:root { color-scheme: light dark; --line: #8883; --pale: #8881; --grey: light-dark(#666, #999);
  --blue: light-dark(#0072b2, #56b4e9); --orange: light-dark(#b36b00, #e69f00);
  --green: light-dark(#00795a, #2cc295); --purple: light-dark(#a84f80, #cc79a7);
  --red: light-dark(#c23b00, #ff7a3d); }
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem auto; max-width: 92rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0; } h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
#bar { display: flex; flex-wrap: wrap; gap: .3rem 1rem; align-items: center; margin: .6rem 0; }
#bar button, th { cursor: pointer; user-select: none; }
#bar button { background: none; border: 1px solid var(--line); border-radius: 1rem; font: inherit; }
input { font: inherit; padding: .25rem .6rem; min-width: 20rem; flex: 1; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .5rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { position: sticky; top: 0; background: Canvas; }
th[aria-sort=ascending]::after { content: " ▲"; }
th[aria-sort=descending]::after { content: " ▼"; }
.n { text-align: right; font-variant-numeric: tabular-nums; }
tr.run { cursor: pointer; } tr.run:hover, tr.open { background: var(--pale); } a { color: var(--blue); }
.finished, .yes { color: var(--green); } .running { color: var(--blue); } .created { color: var(--grey); }
.interrupted { color: var(--orange); } .failed, .no { color: var(--red); } .failed { font-weight: 600; }
.detail > td { white-space: normal; padding: .2rem 1rem 1.5rem; } .detail table { width: auto; }
.panels { display: flex; flex-wrap: wrap; gap: 1rem; } .panels > div { flex: 1 1 24rem; max-width: 600px; }
svg { width: 100%; background: var(--pale); }
line { stroke: var(--line); stroke-width: 1; } svg text { font-size: 24px; fill: var(--grey); }
path { fill: none; stroke: currentColor; stroke-width: 3; } circle { fill: currentColor; }
.key { font-size: .85rem; }
.c0 { color: var(--blue); } .c1 { color: var(--orange); } .c2 { color: var(--green); }
.c3 { color: var(--purple); } .c4 { color: var(--red); } .c5 { color: var(--grey); }
figure { margin: .8rem 0; flex: 0 1 600px; } figcaption { color: var(--grey); }
img { max-width: min(100%, 600px); background: white; } pre, code { font-size: .85rem; }
pre { overflow: auto; max-height: 30rem; background: var(--pale); padding: .6rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .6rem 0; }
dt { color: var(--grey); } dd { margin: 0; overflow-wrap: anywhere; }
"""

SCRIPT = """
const body = document.querySelector("#runs tbody"), filter = document.querySelector("input");
const rows = [...body.rows], texts = new Map(rows.map(row => [row, row.textContent.toLowerCase()]));
function close() {
  const detail = body.querySelector(".detail");
  if (detail) { detail.previousElementSibling.classList.remove("open"); detail.remove(); }
}
function open(id) {
  close();
  const row = rows.find(row => row.id === id);
  if (!row) return;
  const detail = document.createElement("tr"), cell = detail.insertCell();
  detail.className = "detail"; cell.colSpan = row.cells.length;
  cell.append(document.getElementById("detail of " + id).content.cloneNode(true));
  row.classList.add("open"); row.after(detail); row.scrollIntoView({ block: "nearest" });
}
function openWanted() {
  try { open(decodeURIComponent(location.hash.slice(1))); } catch (error) { close(); }
}
function narrow() {
  close();
  const words = filter.value.toLowerCase().split(/\\s+/);
  for (const row of rows) row.hidden = !words.every(word => texts.get(row).includes(word));
}
function sort(head) {
  close();
  const down = head.getAttribute("aria-sort") === "ascending", sign = down ? -1 : 1;
  document.querySelectorAll("#runs th").forEach(other => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const value = row => row.cells[head.cellIndex].dataset.value ?? row.cells[head.cellIndex].textContent;
  const order = new Intl.Collator(undefined, { numeric: true }).compare;
  const compare = head.className === "n" ? (a, b) => a - b : order;
  const keys = new Map(rows.map(row => [row, value(row)]));
  const last = row => keys.get(row) === "";
  rows.sort((a, b) => last(a) - last(b) || sign * compare(keys.get(a), keys.get(b)));
  body.append(...rows);
}
filter.addEventListener("input", narrow);
for (const button of document.querySelectorAll("#bar button"))
  button.addEventListener("click", () => { filter.value = button.value; narrow(); });
for (const head of document.querySelectorAll("#runs th")) head.addEventListener("click", () => sort(head));
body.addEventListener("click", event => {
  const row = event.target.closest("tr.run");
  if (!row || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const shut = row.classList.contains("open");
  history.replaceState(null, "", "#" + (shut ? "" : encodeURIComponent(row.id)));
  if (shut) close(); else open(row.id);
});
addEventListener("hashchange", openWanted);
openWanted();
"""

PAGE = Template("""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>$title</title>
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy"
  content="script-src 'sha256-$hash'; object-src 'none'; base-uri 'none'">
<style>$style</style>
<h1>$title</h1>
<div id="bar">$counts<input type="search" aria-label="filter rows"
 placeholder="filter: words of a row"></div>
<table id="runs"><thead><tr>$heads</tr></thead><tbody>
$rows
</tbody></table>
$details
<script>$script</script>
</html>
""")


def build(root: str | Path, out: str | Path | None = None) -> Path:
    """Write the page of all runs below `root` to `out` (default `root/index.html`); return its path.

    The page loads nothing but the runs' own figures, by relative paths. All text out of a run is escaped.
    """
    root = Path(root)
    out = Path(out) if out else root / "index.html"
    text = page(collect(root)[::-1], root=root, base=out.parent)
    out.parent.mkdir(parents=True, exist_ok=True)
    scratch = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    scratch.write_text(text, encoding="utf-8", errors="replace")
    scratch.replace(out)
    return out


def page(runs: Sequence[Run], *, root: Path, base: Path) -> str:
    """The HTML of `runs`, newest first, for a file in the folder `base`."""
    names = [Path(os.path.relpath(run.folder, root)).as_posix() for run in runs]
    states = Counter(run.state for run in runs)
    buttons = [f'<button value="">all {len(runs)}</button>']
    buttons += [f'<button value="{s}">{_state(s)} {states[s]}</button>' for s in STATES if states[s]]
    return PAGE.substitute(
        title=f"mlsci: {len(runs)} run{'' if len(runs) == 1 else 's'}",
        hash=base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode(),
        style=STYLE,
        counts="".join(buttons),
        heads="".join(f"<th{_number_class(name)}>{name}</th>" for name in COLUMNS),
        rows="\n".join(_row(run, name) for run, name in zip(runs, names, strict=True)),
        details="\n".join(_detail(run, name, base=base) for run, name in zip(runs, names, strict=True)),
        script=SCRIPT,
    )


def _row(run: Run, name: str) -> str:
    main = run.comparison[0] if run.comparison else {}
    short = name.removeprefix(run.experiment + "/")
    verdict = "" if main.get("reached") is None else ("yes" if main["reached"] else "no")
    cells = (
        f"<td>{escape(run.experiment)}",
        f'<td><a href="#{quote(name, errors="replace")}">{escape(short)}</a>',
        f"<td>{_state(run.state)}",
        f"<td>{escape(run.seed)}",
        f"<td>{escape(str(main.get('metric', '')))}",
        _number_cell(main.get("ours"), verdict),
        _number_cell(main.get("published")),
        _number_cell(run.epoch),
        _number_cell(run.cpu_seconds),
        f"<td>{escape(run.created[:16].replace('T', ' '))}",
        f"<td>{escape(run.git)}",
    )
    return f'<tr class="run" id="{escape(name)}">{"".join(cells)}</tr>'


def _detail(run: Run, name: str, *, base: Path) -> str:
    """What a click on a run opens: inert in the page until then, figures included."""
    address = quote(os.fsencode(os.path.relpath(run.folder, base)))  # quoted, a "javascript:" is a mere folder
    parts = [*_error(run), _facts(run), *_curves(run), *_comparison(run), *_figures(run, address=address)]
    links = [
        f'<a href="{address}/{file}">{file}</a>'
        for file in ("log.txt", "config.yaml", "metrics.csv", "metrics.json", "provenance.json")
        if (run.folder / file).is_file()
    ]
    return f'<template id="detail of {escape(name)}">{"".join(parts)}<p>{" · ".join(links)}</p></template>'


def _error(run: Run) -> Iterator[str]:
    if run.error:
        yield f'<h3 class="failed">{escape(run.error)}</h3>'
    if run.traceback:
        yield f"<pre>{escape(run.traceback)}</pre>"


def _facts(run: Run) -> str:
    facts = {
        "command": run.command,
        "overrides": "  ".join(run.overrides),
        "choices": "  ".join(f"{group}={choice}" for group, choice in run.choices.items() if choice),
        "hardware": run.hardware,
        "parameters": "" if run.parameters is None else f"{run.parameters:,}",
        "wall time": "" if run.wall_seconds is None else f"{run.wall_seconds:.4g} s",
        "sweep": run.sweep,
        "metrics": "  ".join(f"{metric}={value:.4g}" for metric, value in run.metrics.items()),
    }
    lines = [f"<dt>{key}</dt><dd>{escape(value)}</dd>" for key, value in facts.items() if value]
    return f"<dl>{''.join(lines)}</dl>"


def _curves(run: Run) -> Iterator[str]:
    try:
        losses, scores = losses_and_scores(run.folder / "metrics.csv")
    except (OSError, csv.Error):
        return
    panels = [drawing(losses, log=True), drawing(scores, log=False)]
    yield f'<div class="panels">{"".join(f"<div>{panel}</div>" for panel in panels if panel)}</div>'


def _comparison(run: Run) -> Iterator[str]:
    if not run.comparison:
        return
    heads = ("metric", "ours", "reference", "unit", "who", "better", "reached", "source")
    yield f"<h3>ours against published and baselines</h3><table><tr><th>{'<th>'.join(heads)}</tr>"
    for entry in run.comparison:
        texts = [escape(str(entry.get(key) or "")) for key in ("unit", "who", "better")]
        verdict = "" if entry.get("reached") is None else ("yes" if entry["reached"] else "no")
        yield f"<tr><td>{escape(str(entry['metric']))}{_number_cell(entry['ours'])}"
        yield f"{_number_cell(entry.get('published'))}<td>{'<td>'.join(texts)}<td class='{verdict}'>{verdict}"
        yield f"<td>{escape(str(entry.get('source') or ''))}</tr>"
    yield "</table>"


def _figures(run: Run, *, address: str) -> Iterator[str]:
    yield '<div class="panels">'
    for figure in sorted(path for end in ("png", "gif") for path in run.folder.glob(f"figures/*.{end}")):
        source = f"{address}/figures/{quote(os.fsencode(figure.name))}"
        yield f'<figure><figcaption>{escape(figure.stem)}</figcaption><img src="{source}" alt=""></figure>'
    yield "</div>"


def _state(state: str) -> str:
    return f'<span class="{state if state in STATES else "created"}">{escape(state)}</span>'


def _number_class(column: str) -> str:
    return ' class="n"' if column in NUMBERS else ""


def _number_cell(value: object, verdict: str = "") -> str:
    if is_number(value):
        return f'<td class="n {verdict}" data-value="{value}">{value:.5g}'
    return f'<td class="n {verdict}" data-value="">{"nan" if isinstance(value, float) else ""}'
