"""The Markdown of the repository: its links, its headings, and which pages make the documentation site.

docs/README.md is the start page and the navigation: its second-level headings are the sections, the links below each are
the pages in order. A folder's README.md stands for the folder.
"""
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
START = "docs/README.md"
FENCED = re.compile(r"(^(`{3,}|~{3,})[^\n]*\n.*?^\2[`~]*[ \t]*$|`[^`\n]+`)", re.M | re.S)
LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
HEADING = re.compile(r"^(#{1,6}) +(.+?)#* *$", re.M)


def files(folder, pattern="*"):
    """The files below a folder of the repository."""
    found = (path for path in (ROOT / folder).rglob(pattern) if path.is_file())
    return sorted(str(path.relative_to(ROOT)) for path in found)


def outside_code(text, change):
    """The text with `change` applied to everything that is neither a code block nor inline code."""
    parts = FENCED.split(text)  # text, code, fence, text, code, fence, …
    return "".join(change(part) if i % 3 == 0 else part if i % 3 == 1 else "" for i, part in enumerate(parts))


def links(text):
    """(line, target) of each link and image."""
    found = []
    blank = outside_code(text, lambda part: part.replace("\0", ""))
    assert len(blank) == len(text)
    code = [match.span() for match in FENCED.finditer(text)]
    for match in LINK.finditer(text):
        if not any(start <= match.start(3) < end for start, end in code):
            found.append((text.count("\n", 0, match.start(3)) + 1, match[3]))
    return found


def slug(heading):
    """The anchor that a heading gets: as on code hosts and in the site."""
    plain = re.sub(r"`|\*|\[([^\]]*)\]\([^)]*\)", lambda match: match[1] or "", heading)
    return re.sub(r"[^\w\- ]", "", plain.strip().lower()).replace(" ", "-")


def anchors(text):
    seen, found = {}, set()
    for match in HEADING.finditer(re.sub(r"^(`{3,}|~{3,}).*?^\1[ \t]*$", "", text, flags=re.M | re.S)):
        name = slug(match[2])
        count = seen[name] = seen.get(name, -1) + 1
        found.add(f"{name}-{count}" if count else name)
    return found


def resolve(page, target):
    """The file of the repository that a link on `page` names."""
    path = (ROOT / page).parent / target.partition("#")[0]
    resolved = path.resolve()
    return str(resolved.relative_to(ROOT)) if resolved.is_relative_to(ROOT) else None


def is_local(target):
    return not re.match(r"[a-z][a-z0-9+.-]*:|#|/", target)


def sections():
    """[(title, [page])] of the navigation, and what no section lists."""
    text = (ROOT / START).read_text(encoding="utf-8")
    found, listed = [], {START}
    for chunk in re.split(r"^## ", text, flags=re.M)[1:]:
        pages = []
        for _, target in links(chunk):
            page = resolve(START, target) if is_local(target) else None
            if page and page.endswith(".md") and (ROOT / page).is_file() and page not in listed:
                listed.add(page)
                pages.append(page)
        if pages:
            found.append((chunk.partition("\n")[0].strip(), pages))
    folders = {str(Path(page).parent) for page in listed if page.endswith("/README.md") and page != START}
    missing = [page for page in files("docs", "*.md") if page not in listed and str(Path(page).parent) not in folders]
    return found, missing


def children(page):
    """The other pages of the folder whose README.md this is."""
    if page == START or not page.startswith("docs/") or not page.endswith("/README.md"):
        return []
    return [other for other in files(Path(page).parent, "*.md") if other != page]
