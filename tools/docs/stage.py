"""stage.py OUT: lays the pages of the site out below OUT as the generator wants them: docs/ as the root, README.md as
index.md, the navigation as toctrees, and links to what is not part of the site as plain text."""
import shutil
import sys
from pathlib import Path

from pages import LINK, ROOT, START, children, files, is_local, outside_code, resolve, sections

NOT_FOUND = """---
orphan: true
---
# Page not found

There is no page at this address. Use the search or the navigation, or start at the [first page](index.md).
"""


def staged(page):
    """docs/git.md → git.md, docs/adr/README.md → adr/index.md, ARCHITECTURE.md → architecture.md"""
    if not page.startswith("docs/"):
        return page.lower()
    inside = page.removeprefix("docs/")
    return inside.removesuffix("README.md") + "index.md" if inside.endswith("README.md") else inside


def relative(page, other):
    return "../" * staged(page).count("/") + staged(other)


def rewritten(page, text, site):
    def link(match):
        image, label, target = match.groups()
        if not is_local(target):
            return match[0]
        path, _, anchor = target.partition("#")
        other = resolve(page, path)
        if other in site:
            return f"{image}[{label}]({relative(page, other)}{'#' + anchor if anchor else ''})"
        return f"{label} (`{other}`)" if other else label

    return outside_code(text, lambda part: LINK.sub(link, part))


def toctree(caption, entries):
    head = "```{toctree}\n:hidden:\n" + (f":caption: {caption}\n" if caption else "")
    return "\n" + head + "\n" + "\n".join(entry.removesuffix(".md") for entry in entries) + "\n```\n"


def main():
    out = Path(sys.argv[1])
    shutil.rmtree(out, ignore_errors=True)
    navigation, unlisted = sections()
    if unlisted:
        navigation = navigation + [("More", unlisted)]
    pages = {START} | {page for _, listed in navigation for page in listed}
    pages |= {child for page in set(pages) for child in children(page)}
    others = {name for name in files("docs") if not name.endswith(".md")}
    site = pages | others
    for page in sorted(pages):
        text = rewritten(page, (ROOT / page).read_text(encoding="utf-8"), site)
        if page == START:
            text += "".join(toctree(title, map(staged, listed)) for title, listed in navigation)
        elif below := children(page):
            text += toctree("", [Path(child).name for child in below])
        target = out / staged(page)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    for name in others:
        target = out / staged(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    (out / "404.md").write_text(NOT_FOUND, encoding="utf-8")


if __name__ == "__main__":
    main()
