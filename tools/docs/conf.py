"""The documentation site: Sphinx reads the staged Markdown (stage.py), the theme is Furo. Its pages obey a strict
Content-Security-Policy: what the theme writes inline moves to files, and the build fails where something inline is left."""
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

HERE = Path(__file__).resolve().parent
project = "Regesta"
release = re.search(r"project\(regesta VERSION ([\d.]+)", (HERE.parents[1] / "CMakeLists.txt").read_text())[1]
language = "en"
extensions = ["myst_parser"]
root_doc = "index"
myst_heading_anchors = 6
suppress_warnings = ["misc.highlighting_failure"]  # examples shortened by "…"
pygments_style, pygments_dark_style = "default", "github-dark"

html_theme = "furo"
html_title = f"Regesta {release}"
html_favicon = str(HERE.parents[1] / "web/public/favicon.png")
html_static_path = [str(HERE / "static")]
html_css_files = ["regesta.css"]
html_use_index = html_copy_source = html_show_sourcelink = html_show_copyright = False
html_theme_options = {
    "top_of_page_buttons": [],
    "light_css_variables": {"color-brand-primary": "#1f5c4a", "color-brand-content": "#1f5c4a", "color-brand-visited": "#1f5c4a",
                            "color-background-primary": "#ffffff", "color-background-secondary": "#faf9f6"},
    "dark_css_variables": {"color-brand-primary": "#7cc7ad", "color-brand-content": "#7cc7ad", "color-brand-visited": "#7cc7ad",
                           "color-background-primary": "#14171a", "color-background-secondary": "#1b1f23"},
}

THEME_SCRIPT = 'document.body.dataset.theme = localStorage.getItem("theme") || "auto";'


class Inline(HTMLParser):
    """What a strict Content-Security-Policy would block."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        names = dict(attrs)
        if tag == "style" or tag == "script" and "src" not in names:
            self.found.append(f"<{tag}>")
        self.found += [f"{tag} {name}=" for name in names if name == "style" or name.startswith("on")]
        self.found += [f"{tag} {value}" for value in names.values() if (value or "").strip().lower().startswith("javascript:")]


def without_inline(html):
    """(page, style): the page with its inline parts as files of _static/."""
    root = re.search(r'data-content_root="([^"]*)"', html)[1]
    style = re.search(r"<style>(.*?)</style>", html, re.S)
    html = html.replace(style[0], f'<link rel="stylesheet" href="{root}_static/variables.css">', 1)
    script = re.search(rf"<script>\s*{re.escape(THEME_SCRIPT)}\s*</script>", html)
    html = html.replace(script[0], f'<script src="{root}_static/theme.js"></script>', 1)
    html = html.replace(' style="display: none;"', ' class="hidden-icons"').replace(' style="opacity: 50%"', ' class="faint"')
    return html, style[1]


def from_anywhere(html):
    """The page of unknown addresses is served below any of them, so its links start at the root."""
    html = html.replace('data-content_root="./"', 'data-content_root="/docs/"')
    return re.sub(r'(\s(?:href|src|action)=")(?:\./)?(?![#/]|[a-z]+:)', r"\1/docs/", html)


def finish(app, exception):
    if exception or app.builder.name != "html":
        return
    out = Path(app.outdir)
    for path in out.rglob("*.html"):
        html, style = without_inline(path.read_text(encoding="utf-8"))
        if path.name == "404.html":
            html = from_anywhere(html)
        check = Inline()
        check.feed(html)
        if check.found:
            raise RuntimeError(f"{path.relative_to(out)} has inline parts that the policy blocks: {', '.join(check.found[:5])}")
        path.write_text(html, encoding="utf-8")
    (out / "_static/variables.css").write_text(style, encoding="utf-8")
    (out / "_static/theme.js").write_text(THEME_SCRIPT + "\n", encoding="utf-8")
    shutil.rmtree(out / "_sources", ignore_errors=True)
    for name in ("objects.inv", ".buildinfo", "_static/debug.css"):
        (out / name).unlink(missing_ok=True)


def setup(app):
    app.connect("build-finished", finish)
