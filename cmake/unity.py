"""Writes a room's unity files: OUT/<room>_<n>.cpp, each including up to SIZE of the sources, and prints their paths for CMake.
Sources that could disturb each other with names in anonymous namespaces go into different files. The headers come before all
sources, so that these names mean nothing to them.
Usage: unity.py OUT ROOM SIZE SOURCE..."""
import re
import sys
from pathlib import Path

SOURCES = Path(__file__).resolve().parent.parent / "src"
# These see the generated otlp.pb.h.
ALONE = {"otlp_protobuf.cpp"}
# A file may say these again.
REPEATABLE = re.compile(r"using [^=]+$|namespace \w+ =|template |static_assert")


def local_names(text):
    """Names that a source declares at the left margin of its anonymous namespaces; some too many do no harm."""
    found, inside = set(), False
    for line in text.splitlines():
        if line == "namespace {":
            inside = True
        elif line == "}  // namespace":
            inside = False
        elif (inside or line.startswith("static ")) and line[:1].isalpha() and not REPEATABLE.match(line):
            head = line
            while "<" in head and (shorter := re.sub(r"<[^<>]*>", "", head)) != head:
                head = shorter
            words = re.findall(r"\w+", re.split(r"[({=;\[]|(?<!:):(?!:)| final", head, maxsplit=1)[0])
            found.update(words[-1:])
            if head.startswith(("const", "static")):
                found.update(re.findall(r"(\w+) =", head))
    return found


def defined_types(text):
    return set(re.findall(r"^(?:struct|class|enum class|using) (\w+)\b(?!;)", text, re.MULTILINE))


def taken_over(text):
    """The names that a source takes over from another namespace."""
    return set(re.findall(r"^using [\w:]+::(\w+);", text, re.MULTILINE))


def used_names(text):
    """Names that a source mentions outside comments and strings without qualifying them, and its namespaces."""
    text = re.sub(r'//[^\n]*|"(?:\\.|[^"\\\n])*"', "", text)
    spaces = re.findall(r"^namespace ([\w:]+) \{", text, re.MULTILINE)
    return set(re.findall(r"(?<![\w.>:])[A-Za-z_]\w*", text)).union(*(space.split("::") for space in spaces))


def batches(sources, size):
    """Each source goes into the first batch with room, none of whose local names it mentions, nor the other way round: it would
    mean another thing there, or nothing. A source is alone if one of its types has the name of one in a header."""
    found, alone = [], []
    headers = {header for source in sources for header in source.parent.glob("*.h")}
    in_headers = set().union(*(defined_types(header.read_text(encoding="utf-8")) for header in headers))
    for source in sources:
        text = source.read_text(encoding="utf-8")
        over = taken_over(text)
        local, used = local_names(text) | over, used_names(text) - over
        opens = re.search(r"^using namespace (?!std::)", text, re.MULTILINE)
        types = over | (defined_types(text) & local_names(text))
        if opens or source.name in ALONE or types & in_headers:
            alone.append([source])
            continue
        for batch in found:
            if len(batch[0]) < size and not used & batch[1] and not local & batch[2]:
                batch[0].append(source)
                batch[1].update(local)
                batch[2].update(used)
                break
        else:
            found.append(([source], local, used))
    return [batch[0] for batch in found] + alone


def unity_text(batch):
    """Sources by their paths below src/, so that the compiler cache knows the file in another clone, too."""
    headers = dict.fromkeys(line for source in batch for line in source.read_text(encoding="utf-8").splitlines()
                            if re.match(r'#include (<.+>|".+\.h")', line))
    return "".join(f"{line}\n" for line in [*headers, *(f'#include "{source.relative_to(SOURCES)}"' for source in batch)])


def write_if_new(path, text):
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def main():
    out, room, size, sources = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), [Path(name) for name in sys.argv[4:]]
    out.mkdir(parents=True, exist_ok=True)
    paths = []
    for number, batch in enumerate(batches(sources, size), 1):
        if len(batch) == 1:
            paths.append(batch[0])
            continue
        paths.append(out / f"{room}_{number}.cpp")
        write_if_new(paths[-1], unity_text(batch))
    print(";".join(map(str, paths)), end="")


main()
