# fuzz_shrink.py - makes programs small that still differ in the same way: fewer steps, then fewer attributes.
#
# A machine's start costs seconds and a program milliseconds: each round tries everything that could go from every program at once.
# SPDX-License-Identifier: Apache-2.0
import struct

import fuzz_compare as compare

NLMSG, GENL, OVS = 16, 4, 4         # bytes of headers
PROGRAM_TYPE, N_FAMILIES = 0x7D00, 6
SEND = 0


class Step:
    def __init__(self, kind, who, data, label):
        self.kind, self.who, self.data, self.label = kind, who, data, label

    def line(self):
        return struct.pack("<BBH", self.kind, self.who, len(self.data)) + self.data


class Program:
    """A program of fuzz/program.h: 'steps', each with what was drawn."""

    def __init__(self, name, steps):
        self.name, self.steps = name, steps

    @classmethod
    def from_line(cls, line):
        words = line.split()
        data, labels = bytes.fromhex(words[2]), words[3].split(",") if len(words) > 3 else []
        steps = []
        while len(data) >= 4:
            kind, who, n = struct.unpack_from("<BBH", data)
            steps.append(Step(kind, who, data[4:4 + n], labels[len(steps)] if len(steps) < len(labels) else "-"))
            data = data[4 + n:]
        return cls(words[1], steps)

    def line(self):
        return "program %s %s %s\n" % (self.name, b"".join(s.line() for s in self.steps).hex(), ",".join(s.label for s in self.steps))

    def size(self):
        return sum(4 + len(s.data) for s in self.steps)

    def parts(self, within_steps):
        """What can be taken away: numbers of steps, or (step, path of an attribute)."""
        if not within_steps:
            return list(range(len(self.steps)))
        return [(i, path) for i, s in enumerate(self.steps) for path in attr_paths(s)]

    def without(self, parts, name):
        steps = {p for p in parts if not isinstance(p, tuple)}
        kept = []
        for i, s in enumerate(self.steps):
            if i not in steps:
                paths = {p[1] for p in parts if isinstance(p, tuple) and p[0] == i}
                kept.append(Step(s.kind, s.who, cut_message(s.data, paths), s.label) if paths else s)
        return Program(name, kept)


# ---- attributes ----

def attr_start(step):
    """Where the attributes of a step's one generic message begin; None: it has none that can be taken out."""
    if step.kind != SEND or len(step.data) < NLMSG + GENL:
        return None
    size, kind = struct.unpack_from("<IH", step.data)
    if size != len(step.data):
        return None
    start = NLMSG + GENL + (OVS if PROGRAM_TYPE <= kind < PROGRAM_TYPE + N_FAMILIES else 0)
    return start if start <= size else None


def attr_list(data):
    """[(type, payload)] of a list that has no loose end; None: it is none."""
    found = []
    while data:
        if len(data) < 4:
            return None
        size, kind = struct.unpack_from("<HH", data)
        if size < 4 or size > len(data) or kind & 0x3FFF > 64:
            return None
        found.append((kind, data[4:size]))
        data = data[(size + 3) & ~3:]
    return found or None


def list_paths(data, path):
    for i, (_, payload) in enumerate(attr_list(data) or ()):
        yield path + (i,)
        yield from list_paths(payload, path + (i,))


def attr_paths(step):
    start = attr_start(step)
    return list(list_paths(step.data[start:], ())) if start is not None else []


def cut_list(data, paths, path):
    out = b""
    for i, (kind, payload) in enumerate(attr_list(data)):
        here = path + (i,)
        if here in paths:
            continue
        if any(p[:len(here)] == here for p in paths):
            payload = cut_list(payload, paths, here)
        out += struct.pack("<HH", 4 + len(payload), kind) + payload + bytes(-len(payload) % 4)
    return out


def cut_message(data, paths):
    start = attr_start(Step(SEND, 0, data, ""))
    data = data[:start] + cut_list(data[start:], paths, ())
    return struct.pack("<I", len(data)) + data[4:]


# ---- rounds ----

class Candidate:
    """The smallest program of a rule so far, and what is tried next."""

    PHASES = ("alone", "steps", "attributes", "done")

    def __init__(self, signature, program, step):
        self.signature, self.best, self.step = signature, program, step
        self.phase = 0
        self.tried = []             # (parts taken away, program)

    def is_done(self):
        return self.PHASES[self.phase] == "done"

    def sets(self):
        """What is taken away, each set for itself."""
        n = len(self.best.steps)
        if self.PHASES[self.phase] == "alone":
            return [[i for i in range(n) if i != self.step], list(range(self.step + 1, n))]
        parts = self.best.parts(self.PHASES[self.phase] == "attributes")
        halves = [parts[:len(parts) // 2], parts[len(parts) // 2:]] if len(parts) > 3 else []
        return halves + [[p] for p in parts if n > 1 or isinstance(p, tuple)]

    def propose(self, n):
        self.tried = [(s, self.best.without(s, "%d.%d" % (n, i))) for i, s in enumerate(self.sets()) if s]
        return [p for _, p in self.tried]

    def combine(self, name, holds):
        """All that could go alone, together: what may go at once cannot be told but by trying."""
        alone = [s[0] for s, p in self.tried if len(s) == 1 and holds(self, p)]
        whole = self.best.without(alone, name)
        return whole if len(alone) > 1 and whole.steps else None

    def take(self, programs, holds):
        smaller = [p for p in programs if p and p.size() < self.best.size() and holds(self, p)]
        if smaller:
            self.best = min(smaller, key=Program.size)
        if not smaller or self.PHASES[self.phase] == "alone":
            self.phase += 1


def one_round(candidates, sides, broken):
    under_way = [c for c in candidates if not c.is_done()]
    programs = [p for n, c in enumerate(under_way) for p in c.propose(n)]
    ours, theirs = sides.ask_both(programs, broken)

    def holds(c, p):
        d = p.name in ours and p.name in theirs and compare.difference(ours[p.name], theirs[p.name])
        return bool(d) and d.signature == c.signature

    together = [c.combine("%d.all" % n, holds) for n, c in enumerate(under_way)]
    more = sides.ask_both([p for p in together if p], broken)
    ours.update(more[0])
    theirs.update(more[1])
    for c, all_at_once in zip(under_way, together):
        c.take([p for _, p in c.tried] + [all_at_once], holds)


def all_rules(rules, sides, broken, rounds):
    """[(signature, program, our Case, their Case)] of {signature: (program, step)}, each as small as it gets."""
    candidates = [Candidate(s, p, step) for s, (p, step) in sorted(rules.items())]
    while rounds and any(not c.is_done() for c in candidates):
        one_round(candidates, sides, broken)
        rounds -= 1
    named = [Program("minimal.%d" % n, c.best.steps) for n, c in enumerate(candidates)]
    ours, theirs = sides.ask_both(named, broken)
    return [(c.signature, p, ours[p.name], theirs[p.name]) for c, p in zip(candidates, named)
            if p.name in ours and p.name in theirs]
