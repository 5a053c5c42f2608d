# fuzz_compare.py - where two answers to a program begin to differ, and which rule that is about.
# SPDX-License-Identifier: Apache-2.0
import fnmatch
import re


def as_uml(line):
    """An answer without what Debian's user-mode-linux is configured otherwise for: it has no
    conntrack zones and pads 64-bit attributes."""
    return line.replace(" CT_ZONE=0000", "").replace("PAD ", "").replace(" PAD", "")


class Case:
    """A program as a recorded case, and its answers by step."""

    def __init__(self, lines):
        self.lines = lines
        self.steps = []             # (label, requests, answers)
        for line in lines:
            if line.startswith("# step "):
                self.steps.append((line.split(" ", 3)[3], [], []))
            elif self.steps and line != "end":
                self.steps[-1][2 if line.startswith("=") else 1].append(line)


def read_cases(text, side, machine):
    """{program's name: Case}."""
    cases, lines = {}, []
    for line in text.splitlines():
        if machine == "uml" and line.startswith("="):
            line = as_uml(line)
        lines.append(line)
        if line.startswith("case "):
            lines = [line]
        elif line == "end":
            cases[lines[0][len("case fuzz/"):]] = Case(lines)
            lines = []
    return cases


# ---- the first difference ----

def tokens(line):
    """[(path, text)] of an answer: words, and the attributes within brackets by their names."""
    found, path = [], []
    for m in re.finditer(r"(?P<name>[^\s\[\]{}=]+(?:\([^)]*\))?)(?P<is>=(?:s\([^)]*\)|[^\s\[\]{}]*)|\{)?|(?P<end>\})|[\[\]]", line):
        if m.group("end"):
            if path:
                path.pop()
        elif m.group("name"):
            found.append(("/".join(path + [m.group("name")]), m.group("is") or ""))
            if m.group("is") == "{":
                path.append(m.group("name"))
    return found


def result_of(answers):
    """How the request ended: ACK, an errno, or nothing."""
    for line in answers:
        words = line.split()
        if words[2] in ("ERROR", "CALL") or (words[2] == "DONE" and words[3] != "0"):
            return words[3]
    return next((w for w in ("ACK", "DONE") for line in answers if line.split()[2] == w), "-")


def first_path(ours, theirs):
    x, y = tokens(ours), tokens(theirs)
    head = re.sub(r"^= (\S+) (ovs_\S+ \S+|\S+).*", r"\1:\2", theirs or ours).replace(" ", ".")
    for a, b in zip(x + [("", "")], y + [("", "")]):
        if a != b:
            name = a[0] if a[0] == b[0] or not b[0] else b[0] if not a[0] else "%s?%s" % (a[0], b[0])
            if a[0] == b[0] and name.endswith("STATS"):
                name += "@%d" % (next(i for i in range(len(a[1] + b[1])) if a[1][i:i + 1] != b[1][i:i + 1]) // 16 * 8)
            return "%s:%s" % (head, re.sub(r"#\d+/\S+", "#", name) if "/" not in name or name[0] == "#" else name)
    return head


class Difference:
    def __init__(self, step, label, ours, theirs):
        self.step, self.ours, self.theirs = step, ours, theirs
        x, y = result_of(ours), result_of(theirs)
        pair = x if x == y else "%s,kernel:%s" % (x, y)
        at = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))
        if at >= len(theirs):
            path = "only_dpsim:" + first_path(ours[at], "")
        elif at >= len(ours):
            path = "only_kernel:" + first_path("", theirs[at])
        else:
            path = first_path(ours[at], theirs[at])
        self.signature = " ".join((label, pair, path if x == y else "-"))
        self.requests = []          # of the step


def difference(ours, theirs):
    """Of two Cases; None."""
    for i, ((label, requests, x), (_, _, y)) in enumerate(zip(ours.steps, theirs.steps)):
        if x != y:
            d = Difference(i, label, x, y)
            d.requests = requests
            return d
    return None


# ---- the list of explained ones ----

class Explained:
    """Lines "MACHINE | RULE | REQUEST | REASON" of a file. RULE is of a difference's signature and REQUEST of the line that
    asks, both with * and ?; a RULE "kernel says: ..." is of its log. MACHINE is any, uml or qemu."""

    def __init__(self, path, machine):
        self.rows = []
        with open(path) as file:
            for n, line in enumerate(file, 1):
                if not line.strip() or line.startswith("#"):
                    continue
                words = [w.strip() for w in line.split(" | ")]
                if len(words) != 4 or words[0] not in ("any", "uml", "qemu") or not words[3]:
                    raise OSError("%s:%d: want MACHINE | RULE | REQUEST | REASON" % (path, n))
                if words[0] in ("any", machine):
                    self.rows.append([w.replace("[", "[[]") for w in words[1:3]] + [words[3]])

    def reason(self, d):
        """Why a Difference is none to mend; None."""
        for rule, request, reason in self.rows:
            if fnmatch.fnmatchcase(d.signature, rule) and any(fnmatch.fnmatchcase(line, request) for line in d.requests):
                return reason
        return None

    def complaint(self, text):
        """Why the kernel may say so; None."""
        return next((reason for rule, _, reason in self.rows if fnmatch.fnmatchcase("kernel says: " + text, rule)), None)
