"""Pages of the documentation: what they link to is there, and they say all that they should.

Nothing is built, but by the last test, and that only where Zensical is installed.
"""

import importlib
import os
import re
import runpy
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

import diffinfo
from diffinfo.figures.registry import FIGURES

ROOT = Path(__file__).parents[2]
GENERATE = runpy.run_path(str(ROOT / "docs" / "generate.py"))
PAGES = GENERATE["pages"]()
PROJECT = tomllib.loads((ROOT / "zensical.toml").read_text())["project"]


def _leaves(nav):
    for entry in nav.values() if isinstance(nav, dict) else nav:
        if isinstance(entry, str):
            yield entry
        else:
            yield from _leaves(entry)


def _anchors(text):
    """Of the headings of a page, as Python-Markdown makes them."""
    found = set()
    for heading in re.findall(r"(?m)^#+ (.*)$", GENERATE["FENCE"].sub("", text)):
        if own := re.search(r"\{ #(\S+) \}$", heading):
            found.add(own[1])
        else:
            plain = re.sub(r"[^\w\s-]", "", heading.replace("`", "")).strip().lower()
            found.add(re.sub(r"[-\s]+", "-", plain))
    return found


def test_every_page_is_in_the_nav():
    assert sorted(_leaves(PROJECT["nav"])) == sorted(PAGES)


@pytest.mark.parametrize("place", sorted(PAGES))
def test_links_lead_somewhere(place):
    page, text = PAGES[place]
    for target, anchor in GENERATE["links"](text):
        there = GENERATE["linked"](target, page) if target else page
        of_site = GENERATE["site_path"](there)
        made = there.startswith("docs/") and of_site in PAGES
        assert made or (ROOT / there).is_file(), f"{page}: no file {target}"
        if anchor:
            text_there = PAGES[of_site][1] if target else text
            assert anchor[1:] in _anchors(text_there), f"{page}: no heading {target}{anchor}"


def test_links_of_the_readme_lead_somewhere():
    text = (ROOT / "README.md").read_text()
    targets = GENERATE["links"](text)
    assert len(targets) > 15
    for target, _ in targets:
        assert (ROOT / target).is_file(), target


def test_pages_of_the_checkout_link_to_nothing_that_is_made():
    """So that they read well where they lie."""
    for page, text in PAGES.values():
        if (ROOT / page).is_file() and page.startswith("docs/"):
            for target, _ in GENERATE["links"](text):
                there = GENERATE["linked"](target, page) if target else page
                assert (ROOT / there).is_file(), f"{page}: {target} is made by generate.py"


def test_links_are_moved_with_their_page():
    moved = GENERATE["moved"]
    assert moved("[a](../../README.md#cite)", "docs/tutorials/a.md", "tutorials/a.md") == (
        "[a](../index.md#cite)"
    )
    assert moved("![a](../results/reference/a.png)", "docs/a.md", "a.md") == (
        "![a](repository/results/reference/a.png)"
    )
    code = "```\n[a](../b.md)\n```\n"
    assert moved(code, "docs/a.md", "a.md") == code


@pytest.mark.parametrize("name", FIGURES)
def test_the_gallery_has_every_figure(name):
    section = re.search(
        rf"^## {name}: .*?(?=^## |\Z)", PAGES["gallery.md"][1], re.MULTILINE | re.DOTALL
    )[0]
    for run in GENERATE["published"](name):
        assert f"results/reference/{run}/figures/{name}.png" in section
    assert f"/figures/{name}.pdf" in section or "No published run" in section


def test_every_published_figure_is_in_the_gallery():
    published = (ROOT / "results" / "reference").glob("*/figures/*.png")
    assert {path.stem for path in published} <= set(FIGURES)


def test_every_section_of_the_schema_is_a_table_of_keys():
    sections = yaml.safe_load((ROOT / "src/diffinfo/config.schema.yaml").read_text())["$defs"]
    for name, section in sections.items():
        for key in section.get("properties", {}):
            assert f"| `{key}`" in PAGES["keys.md"][1], f"{name}.{key}"


def test_the_api_has_what_the_package_offers():
    text = PAGES["api.md"][1]
    found = re.findall(r"(?m)^::: (\S+)$", text)
    for name in found:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError:
            module, attribute = name.rsplit(".", 1)
            assert hasattr(importlib.import_module(module), attribute), name
    assert {name.split(".")[-1] for name in found} >= set(diffinfo.__all__)


def test_the_modules_and_tests_that_the_theory_names_are_there():
    text = PAGES["theory.md"][1]
    tests = re.findall(r"`(tests/\S+?\.py)(?:::(\w+))?`", text)
    modules = re.findall(r"`((?:\w+/)?\w+\.py)`", text)
    assert len(tests) > 30
    for path, name in tests:
        assert not name or f"def {name}(" in (ROOT / path).read_text(), (path, name)
    for module in modules:
        assert (ROOT / "src" / "diffinfo" / module).is_file(), module


def test_nothing_is_loaded_from_elsewhere():
    loaded = [*PROJECT["extra_css"], *PROJECT["extra_javascript"]]
    loaded += [entry["path"] for entry in PROJECT["extra"]["polyfills"]]
    for path in loaded:
        assert (ROOT / "docs" / path).is_file(), path
    assert PROJECT["theme"]["font"] is False
    css = (ROOT / "docs" / "assets" / "katex" / "katex.min.css").read_text()
    for font in re.findall(r"url\((fonts/[^)]*\.woff2)\)", css):
        assert (ROOT / "docs" / "assets" / "katex" / font).is_file(), font


def test_the_site_builds_and_loads_nothing_from_elsewhere(tmp_path):
    path = os.pathsep.join([str(ROOT / ".venv" / "docs" / "bin"), os.environ["PATH"]])
    zensical = shutil.which("zensical", path=path)
    if zensical is None:
        pytest.skip("zensical is not installed here: `make docs` sets it up")
    GENERATE["main"](tmp_path / "build" / "docs")
    shutil.copy(ROOT / "zensical.toml", tmp_path)
    for name in ("docs", "src"):
        (tmp_path / name).symlink_to(ROOT / name)
    command = [zensical, "build", "--strict"]
    environment = os.environ | {"PATH": f"{Path(zensical).parent}{os.pathsep}{path}"}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True)
    built = list((tmp_path / "site").rglob("*.html"))
    assert len(built) > len(PAGES)  # and 404.html
    for page in built:
        html = page.read_text()
        assert not re.findall(r"<(?:script|img)[^>]* src=\"(?:https?:)?//[^\"]*", html), page
        assert not re.findall(r"<link[^>]* rel=\"stylesheet\"[^>]*//[^>]*>", html), page
