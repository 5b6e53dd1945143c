"""One static HTML page of all runs: a table to sort and filter, and each run's curves, results and errors."""

import base64
import csv
import hashlib
import math
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from urllib.parse import quote

from mlsci.run_reader import Run, collect, is_number

MOST_POINTS = 400  # of one curve: more cannot be told apart on a screen
WIDTH, HEIGHT = 1200, 380  # of a drawing, in half pixels
STATES = ("finished", "running", "created", "interrupted", "failed")
COLUMNS = "experiment,name,state,seed,metric,ours,reference,epochs,CPU s,created,git".split(",")
Curve = list[tuple[float, float]]

STYLE = """
:root { color-scheme: light dark; --line: #8883; --pale: #8881; --grey: light-dark(#666, #999);
  --blue: light-dark(#0072b2, #56b4e9); --orange: light-dark(#b36b00, #e69f00);
  --green: light-dark(#00795a, #2cc295); --purple: light-dark(#a84f80, #cc79a7);
  --red: light-dark(#c23b00, #ff7a3d); }
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem auto; max-width: 84rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0; } h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
#bar { display: flex; flex-wrap: wrap; gap: .3rem 1rem; align-items: center; margin: .6rem 0; }
#bar button, th { cursor: pointer; user-select: none; }
#bar button { background: none; border: 1px solid var(--line); border-radius: 1rem; font: inherit; }
input { font: inherit; padding: .25rem .6rem; min-width: 20rem; flex: 1; }
table { border-collapse: collapse; width: 100%; } .wide { overflow-x: auto; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { position: sticky; top: 0; background: Canvas; } th[aria-sort=ascending]::after { content: " ▲"; }
th[aria-sort=descending]::after { content: " ▼"; } .n { text-align: right; font-variant-numeric: tabular-nums; }
tr.run { cursor: pointer; } tr.run:hover, tr.open { background: var(--pale); } a { color: var(--blue); }
.finished, .yes { color: var(--green); } .running { color: var(--blue); } .created { color: var(--grey); }
.interrupted { color: var(--orange); } .failed, .no { color: var(--red); font-weight: 600; }
.detail > td { white-space: normal; padding: .2rem 1rem 1.5rem; } .detail table { width: auto; }
.panels { display: flex; flex-wrap: wrap; gap: 1rem; } .panels > div { flex: 1 1 24rem; max-width: 600px; }
svg { width: 100%; background: var(--pale); } svg text { font-size: 24px; fill: var(--grey); }
path { fill: none; stroke: currentColor; stroke-width: 3; vector-effect: none; } .key { font-size: .85rem; }
.c0 { color: var(--blue); } .c1 { color: var(--orange); } .c2 { color: var(--green); }
.c3 { color: var(--purple); } .c4 { color: var(--red); } .c5 { color: var(--grey); }
img { max-width: min(100%, 600px); background: white; } pre, code { font-size: .85rem; }
pre { overflow: auto; max-height: 30rem; background: var(--pale); padding: .6rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: .6rem 0; }
dt { color: var(--grey); } dd { margin: 0; overflow-wrap: anywhere; }
"""

SCRIPT = """
const body = document.querySelector("#runs tbody"), filter = document.querySelector("input");
const rows = [...body.rows], texts = new Map(rows.map(row => [row, row.textContent.toLowerCase()]));
const close = () => body.querySelectorAll(".detail").forEach(detail => {
  detail.previousElementSibling.classList.remove("open"); detail.remove(); });
function open() {
  close();
  const row = rows.find(row => row.id === decodeURIComponent(location.hash.slice(1)));
  if (!row) return;
  const detail = document.createElement("tr"), cell = detail.insertCell();
  detail.className = "detail"; cell.colSpan = row.cells.length;
  cell.append(document.getElementById("of " + row.id).content.cloneNode(true));
  row.classList.add("open"); row.after(detail); row.scrollIntoView({ block: "nearest" });
}
function narrow() {
  close();
  const words = filter.value.toLowerCase().split(/\\s+/);
  for (const row of rows) row.hidden = !words.every(word => texts.get(row).includes(word));
}
const value = (row, column) => row.cells[column].dataset.value ?? row.cells[column].textContent;
function sort(head) {
  close();
  const down = head.getAttribute("aria-sort") === "ascending", column = head.cellIndex;
  document.querySelectorAll("#runs th").forEach(other => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const order = new Intl.Collator(undefined, { numeric: true }).compare;
  const compare = (a, b) => head.className === "n" ? a - b : order(a, b);
  const empty = row => value(row, column) === "";
  rows.sort((a, b) => empty(a) - empty(b) || (down ? -1 : 1) * compare(value(a, column), value(b, column)));
  body.append(...rows);
}
filter.addEventListener("input", narrow);
document.querySelectorAll("#bar button").forEach(button =>
  button.addEventListener("click", () => { filter.value = button.value; narrow(); }));
document.querySelectorAll("#runs th").forEach(head => head.addEventListener("click", () => sort(head)));
body.addEventListener("click", event => {
  const row = event.target.closest("tr.run");
  if (!row || event.target.closest("a")) return;
  if (row.classList.contains("open")) { close(); history.replaceState(null, "", " ".trim() || "#"); }
  else if (location.hash === "#" + encodeURIComponent(row.id)) open();
  else location.hash = encodeURIComponent(row.id);
});
addEventListener("hashchange", open); open();
"""


def build(root: str | Path, out: str | Path | None = None) -> Path:
    """Write the page of all runs below `root` to `out` (default `root/index.html`); return its path.

    The page loads nothing but the runs' own figures, by relative paths. All text of a run is escaped.
    """
    root, out = Path(root), Path(out) if out else Path(root) / "index.html"
    runs = collect(root)[::-1]
    out.parent.mkdir(parents=True, exist_ok=True)
    scratch = out.with_name(f".{out.name}.{os.getpid()}.tmp")
    scratch.write_text(page(runs, root=root, base=out.parent), encoding="utf-8", errors="replace")
    scratch.replace(out)
    return out
