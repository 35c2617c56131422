"""The commands of the documentation, read out of its pages."""

import re

from regesta_server import ROOT


def blocks(page, heading):
    """The section's blocks in order: ("file", path, text) if the text before it says to write a file, or ("sh", lines, "")."""
    text = (ROOT / page).read_text() + "\n## \n"
    found = re.search(rf"^(##+) {re.escape(heading)}$", text, re.M)
    section = re.search(rf"(.*?)(?=^##{{1,{len(found.group(1)) - 1}}} )", text[found.end():], re.M | re.S).group(1)
    for before, language, block in re.findall(r"((?:[^\n]+\n)*)\n?```(\w*)\n(.*?)```", section, re.S):
        named = re.search(r"[Ww]rite\s+`([^`]+)`", before)
        if language == "sh":
            yield "sh", block.strip(), ""
        elif named:
            yield "file", named.group(1), block


def commands(block):
    """The commands of a shell block: lines, joined where one continues or a here-document or quote is open."""
    command = ""
    for line in block.split("\n"):
        command = f"{command}\n{line}" if command else line
        word = re.search(r"<<'(\w+)'", command)
        open_document = word and not re.search(rf"^{word.group(1)}$", command, re.M)
        if line.endswith("\\") or open_document or command.count("'") % 2 and not word:
            continue
        yield command
        command = ""
