"""Lay the documentation out in build/docs, from which Zensical builds the site: `make docs`.

The pages are those of docs/, a few other Markdown files of the repository, and three that are made
here: the gallery, the table of config keys, and the replication. A link to a file of the repository
becomes one to its page, or to a copy of it, so that the same links work in a checkout and in the
site. Needs PyYAML beside the standard library, and `src` on the path.
"""

import ast
import json
import os
import re
import shutil
from pathlib import Path

import yaml

from diffinfo.figures.registry import FIGURES

ROOT = Path(__file__).resolve().parents[1]
DOCS, REFERENCE = ROOT / "docs", ROOT / "results" / "reference"
SCHEMA = ROOT / "src" / "diffinfo" / "config.schema.yaml"

# Markdown files of the repository that are pages as they are.
PAGES = {
    "README.md": "index.md",
    "CONTRIBUTING.md": "contributing.md",
    "config/README.md": "configuration.md",
    "benchmarks/README.md": "benchmarks.md",
    "results/reference/README.md": "published.md",
    "results/reference/replication.md": "replication.md",
    "results/reference/summary.md": "replication.md",
}
TRUST = "Which number to trust"  # the section of the README that the first page repeats
LINK = re.compile(r"(!?\[[^\]]*\]\()([^)\s#]*)(#[^)\s]*)?(\))")
FENCE = re.compile(r"(^```.*?^```)", re.MULTILINE | re.DOTALL)


def site_path(path: str) -> str:
    """Where a file of the repository lies in the site."""
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    return PAGES.get(path, f"repository/{path}")


def links(text: str) -> list[tuple[str, str]]:
    """Relative links of a page, outside of code: target and anchor, which may be empty."""
    plain = FENCE.sub("", text)
    found = [(match[2], match[3] or "") for match in LINK.finditer(plain)]
    return [(target, anchor) for target, anchor in found if not re.match(r"\w+:", target)]


def linked(target: str, page: str) -> str:
    """The file of the repository that a link on the page of that path leads to."""
    return os.path.normpath(Path(page).parent / target)


def moved(text: str, page: str, place: str) -> str:
    """The text of a page of the repository, with its links as they are at `place` in the site."""

    def of_site(match):
        opening, target, anchor, closing = match.groups()
        if not target or re.match(r"\w+:", target):
            return match[0]
        there = site_path(linked(target, page))
        return f"{opening}{os.path.relpath(there, Path(place).parent)}{anchor or ''}{closing}"

    parts = FENCE.split(text)
    return "".join(part if part.startswith("```") else LINK.sub(of_site, part) for part in parts)


def published(figure: str) -> list[str]:
    """The published runs that have a figure, the default run first."""
    runs = [path.parents[1].name for path in REFERENCE.glob(f"*/figures/{figure}.png")]
    return sorted(runs, key=lambda run: (run != "default", run))


def _caption(figure: str) -> str:
    module = ROOT / "src" / "diffinfo" / "figures" / f"{figure}.py"
    return ast.get_docstring(ast.parse(module.read_text()))


def _picture(figure: str, run: str) -> str:
    path = f"../results/reference/{run}/figures/{figure}.png"
    return f"![{FIGURES[figure].shows}]({path}){{ loading=lazy }}"


def _of_run(figure: str, run: str) -> str:
    """The command that makes a figure of a published run, its experiments and its tables."""
    name = "config.yaml" if run == "default" else f"{run}.yaml"
    config = yaml.safe_load((ROOT / "config" / name).read_text())
    manifest = json.loads((REFERENCE / run / "manifest.json").read_text())
    shown = manifest["config"]["figures"][figure]
    command = f"snakemake {config['results']}/figures/{figure}.pdf"
    if run != "default":
        command += f" --configfile config/{name}"
    entry, tables = FIGURES[figure], []
    for table in ([figure] if entry.table else []) + list(entry.borrows):
        path = REFERENCE / run / "tables" / f"{table}.csv"
        if path.is_file():
            rows, columns = path.read_text().splitlines(), path.read_text().split("\n", 1)[0]
            size = f"{len(rows) - 1:,} rows, {columns.count(',') + 1} columns"
            tables.append(f"[{table}.csv](../{path.relative_to(ROOT)}) ({size})")
        else:
            tables.append(f"`{table}.csv`, which the command computes, and which is not published")
    if entry.picture:
        tables.append(f"arrays of its first run (`{entry.picture}`)")
    made_by = f", made by `{entry.table}`" if entry.table else ""
    experiments = ", ".join(f"`{one}`" for one in shown) or "none: exact fields"
    return (
        f"```\n{command}\n```\n\nExperiments: {experiments}. "
        f"Drawn from: {'; '.join(tables)}{made_by}.\n"
    )


def gallery() -> str:
    """Every figure with its pictures, caption, commands, experiments and tables."""
    lines = [
        "# Gallery",
        "",
        "Every figure of the published runs. This page is made from the figures' modules and from "
        "`results/reference/`. Figures 1 to 19 are the paper's. ± and intervals are those of the "
        "captions; all information is in nats.",
        "",
    ]
    lines += [f"[{name}](#{name}) ·" for name in FIGURES]
    lines[-1] = lines[-1].removesuffix(" ·")
    for name, figure in FIGURES.items():
        lines += ["", f"## {name}: {figure.shows} {{ #{name} }}", ""]
        runs = published(name)
        if runs:
            lines += [_picture(name, runs[0]), ""]
        lines += [_caption(name), ""]
        if not runs:
            lines += ["No published run has this figure.", ""]
        for run in runs:
            if run == runs[0]:
                lines += [f"Shown: run `{run}`.", "", _of_run(name, run)]
            else:
                inner = f"{_picture(name, run)}\n\n{_of_run(name, run)}".splitlines()
                lines += [f'??? note "{name} of run {run}"', ""]
                lines += [f"    {line}".rstrip() for line in inner] + [""]
    return "\n".join(lines) + "\n"


def _kind(value: dict, of: dict) -> str:
    """The type and range of a key, in words."""
    value = of[value["$ref"].split("/")[-1]] | value if "$ref" in value else value
    if "enum" in value:
        return ", ".join(f"`{one}`" for one in value["enum"])
    kind = value.get("type", "")
    words = {"array": "list", "object": "section", "string": "text", "boolean": "true or false"}
    kind = (words | {"integer": "whole number"}).get(kind, kind)
    if "items" in value:
        return f"{kind} of {_kind(value['items'], of)}"
    limits = {
        "minimum": "at least",
        "exclusiveMinimum": "above",
        "maximum": "at most",
        "exclusiveMaximum": "below",
    }
    said = [f"{words} {value[key]}" for key, words in limits.items() if key in value]
    return ", ".join([kind, *said])


def keys() -> str:
    """Every key of a config, section by section, from its schema."""
    schema = yaml.safe_load(SCHEMA.read_text())
    of = schema["$defs"]
    lines = [
        "# Config keys",
        "",
        "Made from `src/diffinfo/config.schema.yaml`, which a config is checked against before "
        "any job.",
    ]

    def section(name, value):
        properties = {
            key: of[inner["$ref"].split("/")[-1]] | inner if "$ref" in inner else inner
            for key, inner in value["properties"].items()
        }
        lines.extend(["", f"## {name}", "", value.get("description", ""), ""])
        lines.extend(["| key | what | default | meaning |", "|---|---|---|---|"])
        for key, inner in properties.items():
            default = json.dumps(inner["default"]) if "default" in inner else ""
            about = inner.get("description", "").replace("|", "\\|").replace("<", "&lt;")
            needed = " (needed)" if key in value.get("required", []) else ""
            shown = f"`{default}`" if default else ""
            lines.append(f"| `{key}`{needed} | {_kind(inner, of)} | {shown} | {about} |")
        for key, inner in value["properties"].items():
            if "properties" in inner:
                section(f"{name}.{key}", inner)

    section("top of the file", {k: v for k, v in schema.items() if k != "description"})
    for name, value in of.items():
        if "properties" in value:
            section(name, value)
    return "\n".join(lines) + "\n"


def replication() -> str:
    """The papers' numbers beside ours, and the thesis on each data set."""
    return (
        "---\nhide:\n  - toc\n---\n\n# Replication\n\n"
        "Every number that the papers print, beside ours. The runs are described in "
        "[Published results](README.md).\n\n"
        f"{(REFERENCE / 'replication.md').read_text()}\n"
        "## Does the thesis hold? { #thesis }\n\n"
        "The thesis: the label's information lies at noisier levels than the entropy. The last "
        "column says by how many standard errors the share of I(X;Y) at s < 0.1 T is below that "
        "of S_NN.\n\n"
        f"{(REFERENCE / 'summary.md').read_text()}"
    )


def pages() -> dict[str, tuple[str, str]]:
    """Path in the site -> the file of the repository that it stands for, and its text."""
    found = {}
    for path in sorted(DOCS.rglob("*.md")):
        name = str(path.relative_to(ROOT))
        found[site_path(name)] = (name, path.read_text())
    readme = (ROOT / "README.md").read_text()
    section = re.search(rf"^## {TRUST}\n.*?(?=^## )", readme, re.MULTILINE | re.DOTALL)[0]
    name, start = found["index.md"]
    found["index.md"] = (name, start.replace(f"<!-- {TRUST} -->\n", section))
    for name, place in PAGES.items():
        if place not in found and place != "replication.md":
            found[place] = (name, (ROOT / name).read_text())
    made = {
        "gallery.md": ("docs/gallery.md", gallery()),
        "keys.md": ("docs/keys.md", keys()),
        "replication.md": ("results/reference/replication.md", replication()),
    }
    return found | made


def main(out: Path = ROOT / "build" / "docs") -> None:
    """Write the folder `out` anew."""
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(DOCS / "assets", out / "assets")
    for place, (page, text) in pages().items():
        path = out / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(moved(text, page, place))
        for target, _ in links(text):
            source = linked(target, page) if target else ""
            copy = out / site_path(source)
            if source and not source.startswith("docs/") and source not in PAGES:
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / source, copy)


if __name__ == "__main__":
    main()
