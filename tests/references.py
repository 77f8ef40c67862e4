#!/usr/bin/env python3
"""The repository stands by itself: what a comment, a script or a page refers to is there.

Usage: tests/references.py [ROOT]; lists, in every text file that git knows, mentions of a page that does not exist,
citations of a heading that the page does not have (form: page, comma, heading in double quotes), citations by number
of sections that have none, links and anchors of Markdown that lead nowhere, and paths below the folders of the
repository at which nothing lies. In paths `*` and words in CAPITALS (NAME, N) stand for anything.
"""
import bisect
import fnmatch
import functools
import os
import re
import subprocess
import sys

FOLDERS = "engine|control|daemon|tests|bench|configs|docs|systemd|packaging"
# Inputs of the fuzzers are bytes; nobody reads them.
LEFT_OUT = ("tests/fuzz/corpus/",)
# Stand for any page.
ANY_PAGE = {"NAME.md", "FILE.md"}

PAGE = re.compile(r"(?<![\w/.$}-])(?:[\w.-]+/)*[A-Z][A-Z0-9_]*\.md\b")
CITED = re.compile(r"((?:docs/)?[A-Z][A-Z0-9_]*\.md)(?:\]\([^)]*\))?[,:]? (?:sections? (\d+)|"
                   r"(\"[^\"]+\"(?:,? (?:and )?\"[^\"]+\")*))")
# Words in capitals before a number of a section; the second alternative: names that need no word between.
NUMBERED = re.compile(r"\b[A-Z][A-Z0-9_]{2,}(?:\.md)?,? sections? \d[\d.]*"
                      r"|\b(?:DESIGN|DESK|PERF|ENV|STYLE|EFFECTS|WISHES|PROTOCOLS|NETWORK|WEB)(?:\.md)?,? \d[\d.]*")
OWN_SECTION = re.compile(r"(?<!\), )\bsections? (\d+)(?: to (\d+))?", re.I)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(rf"(?<![\w/.$}}*^<-])(?:{FOLDERS})/[\w.*/+-]*")
COMMENT = re.compile(r"\n[ \t]*(?:///?(?!/)|#|\*)?[ \t]*")


def files():
    """Every text file: {path: text}."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True)
    if listed.returncode == 0:
        names = listed.stdout.decode().split("\0")
    else:  # a copy without its history
        names = [os.path.relpath(os.path.join(folder, name)) for folder, _, found in os.walk(".") for name in found
                 if not folder.startswith(("./.git", "./build"))]
    texts = {}
    for name in sorted(set(names)):
        if not os.path.isfile(name):
            continue
        try:
            texts[name] = "" if name.startswith(LEFT_OUT) else open(name, encoding="utf-8").read()
        except UnicodeDecodeError:
            texts[name] = ""
    return texts


def without_code(text):
    """Markdown without its fenced and indented blocks, line for line."""
    lines, fenced = [], False
    for line in text.split("\n"):
        fence = line.lstrip().startswith("```")
        lines.append("" if fenced or fence or line.startswith("    ") else line)
        fenced ^= fence
    return "\n".join(lines)


class Repository:
    def __init__(self, texts):
        self.texts = texts
        self.places = set(texts)
        for name in texts:
            while "/" in name:
                name = name.rsplit("/", 1)[0]
                self.places.add(name)

    def page(self, mention, path):
        """Where a mention of a page leads; None: nowhere."""
        folder = os.path.dirname(path)
        for place in (mention, os.path.join("docs", mention), os.path.normpath(os.path.join(folder, mention))):
            if place in self.texts:
                return place
        return None

    @functools.lru_cache(None)
    def headings(self, page):
        return re.findall(r"^#+ +(.+?) *$", re.sub(r"^```.*?^```", "", self.texts[page], flags=re.M | re.S), re.M)

    def has_heading(self, page, wanted):
        plain = {re.sub(r"^\d+\. +", "", heading) for heading in self.headings(page)} | set(self.headings(page))
        return wanted.strip().rstrip(".,;") in plain

    def has_section(self, page, number):
        return any(heading.startswith(f"{number}. ") for heading in self.headings(page))

    def anchors(self, page):
        return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in self.headings(page)}

    def has_path(self, path, seen_from):
        """seen_from: a file; tests name each other as they include each other, from their own folder on."""
        return self.lies(path) or seen_from.startswith("tests/") and self.lies("tests/" + path)

    @functools.lru_cache(None)
    def lies(self, path):
        path = path.rstrip("/.")
        if path in self.places:
            return True
        # Programs are named without the ending of their source.
        pattern = re.sub(r"(?<![a-z])[A-Z]+(?![a-z])", "*", path)
        return any(fnmatch.fnmatchcase(place, pattern) or fnmatch.fnmatchcase(place, pattern + ".*")
                   for place in self.places)


def flowing(text):
    """Text and comments without their line breaks, and the function from a place in it to the line."""
    parts, starts, lines, at, line, length = [], [], [], 0, 1, 0
    for found in COMMENT.finditer(text):
        parts += [text[at:found.start()], " "]
        starts.append(length)
        lines.append(line)
        length += found.start() - at + 1
        line += found.group().count("\n")
        at = found.end()
    parts.append(text[at:])
    starts.append(length)
    lines.append(line)
    return "".join(parts), lambda place: lines[bisect.bisect_right(starts, place) - 1]


def look(repository, path, text):
    """(line, what is wrong) of one file."""
    markdown = path.endswith(".md")
    flow, line_of = flowing(text)
    for found in PAGE.finditer(flow):
        if found.group() not in ANY_PAGE and repository.page(found.group(), path) is None:
            yield line_of(found.start()), f"there is no {found.group()}"
    for found in CITED.finditer(flow):
        page = repository.page(found.group(1), path)
        if page is None:
            continue
        if found.group(2) and not repository.has_section(page, found.group(2)):
            yield line_of(found.start()), f"{page} has no section {found.group(2)}"
        for heading in re.findall(r'"([^"]+)"', found.group(3) or ""):
            if not repository.has_heading(page, heading):
                yield line_of(found.start()), f'{page} has no heading "{heading}"'
    for found in NUMBERED.finditer(flow):
        yield line_of(found.start()), f"\"{found.group()}\": cite a page of docs/ and its heading, or state the fact"
    for found in PATH.finditer(flow):
        if not repository.has_path(found.group(), path):
            yield line_of(found.start()), f"there is no {found.group()}"
    if not markdown:
        return
    for number, line in enumerate(without_code(text).split("\n"), 1):
        for target in LINK.findall(line):
            if re.match(r"[a-z]+:", target):
                continue
            place, _, anchor = target.partition("#")
            there = os.path.normpath(os.path.join(os.path.dirname(path), place)) if place else path
            if there not in repository.places:
                yield number, f"the link to {target} leads nowhere"
            elif anchor and anchor not in repository.anchors(there):
                yield number, f"the link to {target}: {there} has no such heading"
        for found in OWN_SECTION.finditer(line):
            for section in filter(None, found.groups()):
                if not repository.has_section(path, section):
                    yield number, f"this page has no section {section}"


def main():
    os.chdir(sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    repository = Repository(files())
    wrong = [f"{path}:{line}: {what}" for path, text in repository.texts.items()
             for line, what in sorted(set(look(repository, path, text)))]
    print(*wrong, sep="\n", end="\n" if wrong else "")
    sys.exit(1 if wrong else 0)


main()
