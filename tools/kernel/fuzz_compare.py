# fuzz_compare.py - where two answers to a program begin to differ, and which rule that is about.
# SPDX-License-Identifier: Apache-2.0
import fnmatch
import itertools
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


def is_part(line):
    """Of a dump: the messages before its end have NLM_F_MULTI."""
    m = re.match(r"= \S+ .*?\bf([0-9a-f]+) #", line)
    return bool(m) and int(m.group(1), 16) & 2 and " DONE " not in line[:12]


def as_uml_lines(lines):
    """Parts of a dump are in the order of their text: that has changed."""
    lines = [as_uml(line) if line.startswith("=") else line for line in lines]
    return [line for parts, group in itertools.groupby(lines, is_part) for line in (sorted(group) if parts else group)]


def read_cases(text, machine):
    """{program's name: Case}."""
    cases, lines = {}, []
    for line in text.splitlines():
        lines.append(line)
        if line.startswith("case "):
            lines = [line]
        elif line == "end":
            cases[lines[0][len("case fuzz/"):]] = Case(as_uml_lines(lines) if machine == "uml" else lines)
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


# Attributes of which a path says where they differ: bytes of a member.
UNITS = {"STATS": 8, "IPV6": 1}


def first_digit(a, b):
    return next(i for i in range(len(a + b)) if a[i:i + 1] != b[i:i + 1])


def first_path(ours, theirs):
    x, y = tokens(ours), tokens(theirs)
    head = re.sub(r"^= (\S+) (ovs_\S+ \S+|\S+).*", r"\1:\2", theirs or ours).replace(" ", ".")
    for a, b in zip(x + [("", "")], y + [("", "")]):
        if a != b:
            name = a[0] if a[0] == b[0] or not b[0] else b[0] if not a[0] else "%s?%s" % (a[0], b[0])
            unit = UNITS.get(name.rpartition("/")[2]) if a[0] == b[0] else None
            if unit:
                name += "@%d" % ((first_digit(a[1], b[1]) - len("=")) // 2 // unit * unit)
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
        self.answer = ours[at] if at < len(ours) else ""    # the first that differs
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
    """Lines "MACHINE | RULE | REQUEST | ANSWER | REASON" of a file. RULE is of a difference's signature and REQUEST of the line
    that asks, both with * and ?; ANSWER is a regular expression that is found in dpsim's. A RULE "kernel says: ..." is of the
    kernel's log. MACHINE is any, uml or qemu."""

    def __init__(self, path, machine):
        self.rows = []
        with open(path) as file:
            for n, line in enumerate(file, 1):
                if not line.strip() or line.startswith("#"):
                    continue
                words = [w.strip() for w in line.split(" | ")]
                if len(words) != 5 or words[0] not in ("any", "uml", "qemu") or not words[4]:
                    raise OSError("%s:%d: want MACHINE | RULE | REQUEST | ANSWER | REASON" % (path, n))
                if words[0] in ("any", machine):
                    self.rows.append([w.replace("[", "[[]") for w in words[1:3]] + [re.compile(words[3]), words[4]])

    def reason(self, d):
        """Why a Difference is none to mend; None."""
        for rule, request, answer, reason in self.rows:
            if (fnmatch.fnmatchcase(d.signature, rule) and any(fnmatch.fnmatchcase(line, request) for line in d.requests) and
                    answer.search(d.answer)):
                return reason
        return None

    def complaint(self, text):
        """Why the kernel may say so; None."""
        return next((reason for rule, _, _, reason in self.rows if fnmatch.fnmatchcase("kernel says: " + text, rule)), None)
