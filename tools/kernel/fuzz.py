#!/usr/bin/env python3
# fuzz.py - kernel-run --fuzz: the same generated requests to dpsim and to the real kernel. docs/kernel-run.md
# SPDX-License-Identifier: Apache-2.0
import argparse
import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import fuzz_compare as compare      # noqa: E402 (no folder of bytecode in the source tree)
import fuzz_shrink as shrink        # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
DESCRIPTION = """
Sends generated requests, valid ones and such that break one rule, to dpsim and to the real kernel, compares what they answer,
sorts differences by rule, shrinks one of each, and prints it as a recorded case with both answers.
Exit status 0: no difference that tools/kernel/differences.txt does not explain."""
CPUS = {"uml": "1", "qemu": "4"}    # possible ones: their number bounds what the datapath accepts as upcall port ids

# What no request may say (fuzz-cases generate): what each kernel draws by lot of its own; under user-mode-linux also what that
# kernel is built without or, older as it is, does otherwise. docs/kernel-run.md
BY_LOT = r"PROBABILITY=(?!0{8}|f{8})[0-9a-f]{8}\b"
UNWANTED = {"uml": BY_LOT + r"|CT_ZONE|\bCT[{ \]}^=]|TRUNC|MRU=(?!0000)[0-3][0-9a-f]00\b", "qemu": BY_LOT}


def options():
    ap = argparse.ArgumentParser(prog="kernel-run --fuzz", description=DESCRIPTION,
                                 formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--fuzz", action="store_true", help=argparse.SUPPRESS)
    ap.add_argument("--uml", dest="machine", action="store_const", const="uml", default="uml",
                    help="user-mode-linux: faster, configured otherwise (default)")
    ap.add_argument("--qemu", dest="machine", action="store_const", const="qemu", help="the emulated version")
    ap.add_argument("--seed", type=int, default=1, metavar="N", help="of the requests (1)")
    ap.add_argument("--first", type=int, default=0, metavar="N", help="number of the first program (0)")
    ap.add_argument("--count", type=int, default=5000, metavar="N", help="requests, at least (5000)")
    ap.add_argument("--batch", type=int, default=20000, metavar="N", help="requests for each start of the machine (20000)")
    ap.add_argument("--programs", metavar="FILE", help="these programs instead of generated ones: lines of --keep's files")
    ap.add_argument("--rounds", type=int, default=12, metavar="N", help="of shrinking; 0: programs as they are (12)")
    ap.add_argument("--keep", metavar="FOLDER", help="leave programs and answers there")
    ap.add_argument("--timeout", type=int, default=1800, metavar="SEC", help="for each start of the machine (1800)")
    ap.add_argument("--build", default=os.path.join(HERE, "../../build"), metavar="FOLDER")
    ap.add_argument("--list", default=os.path.join(HERE, "differences.txt"), metavar="FILE",
                    help="of the explained differences")
    return ap.parse_args()


Breakage = collections.namedtuple("Breakage", "side program said reason")     # reason: why that is no matter, or None


class Sides:
    """Both sides: a list of programs in, their answers out."""

    def __init__(self, o, work, explained):
        self.o, self.work, self.explained, self.n_runs = o, work, explained, 0
        self.is_sound = set()       # sides that have run nothing to the end
        self.seconds = {"dpsim": 0.0, "kernel": 0.0}
        self.bin = os.path.join(os.path.realpath(o.build), "bin")

    def tool(self, name):
        return os.path.join(self.bin, name)

    def command(self, side, path, log):
        if side == "dpsim":
            return [self.tool("dpsim"), "run", "--cpus", CPUS[self.o.machine], "--", self.tool("fuzz-drive"), path]
        return [os.path.join(HERE, "../kernel-run"), "--" + self.o.machine, "--timeout", str(self.o.timeout),
                "--keep-log", log, "--file", path, "--", self.tool("fuzz-drive"), "-k", path]

    def once(self, side, programs):
        """A run: {name: Case} of the programs that came to their ends, {name: what the kernel complained of first meanwhile}, and
        what was said when the side was lost before the last, or None."""
        self.n_runs += 1
        base = os.path.join(self.work, "%03d-%s" % (self.n_runs, side))
        path, transcript, log = base + ".programs", base + ".answers", base + ".log"
        with open(path, "w") as file:
            file.writelines(p.line() for p in programs)
        begin = time.monotonic()
        with open(transcript, "w") as file:
            done = subprocess.run(self.command(side, path, log), stdout=file, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                                  cwd=self.work, check=False)
        self.seconds[side] += time.monotonic() - begin
        text = subprocess.run([self.tool("fuzz-cases"), "text", path, transcript], stdout=subprocess.PIPE, check=True)
        cases = compare.read_cases(text.stdout.decode(errors="replace"), self.o.machine)
        complaints = dict(reversed(complaints_in(log)))
        if not done.returncode and len(cases) == len(programs):
            return cases, complaints, None
        return cases, complaints, "exit status %d\n%s%s" % (done.returncode, done.stderr.decode(errors="replace"), end_of(log))

    def ask(self, side, programs, broken):
        """{name: Case}. Programs that the side did not survive, or complained of, are added to 'broken' with what was said."""
        answers = {}
        while programs:
            cases, complaints, said = self.once(side, programs)
            if said and "fuzz-drive: " in said:
                sys.exit("kernel-run --fuzz: %s: %s" % (side, said))
            answers.update(cases)
            for p in programs:
                if p.name in complaints and p.name in cases:
                    broken.append(Breakage(side, p, complaints[p.name], self.explained.complaint(complaints[p.name])))
            programs = [p for p in programs if p.name not in cases]
            if said and not programs:
                sys.exit("kernel-run --fuzz: %s ends badly: %s" % (side, said))
            if said:
                self.check_start(side)
                lost = programs.pop(0)          # the next run goes on behind it
                broken.append(Breakage(side, lost, said, self.explained.complaint(complaints.get(lost.name, "nothing"))))
        return answers

    def check_start(self, side):
        """A side that cannot do nothing is not broken by a program."""
        if side not in self.is_sound:
            said = self.once(side, [])[2]
            if said:
                sys.exit("kernel-run --fuzz: %s does not start: %s" % (side, said))
            self.is_sound.add(side)

    def ask_both(self, programs, broken):
        kernel = self.ask("kernel", programs, broken)
        return self.ask("dpsim", programs, broken), kernel

    def generate(self, first, n):
        """About n requests: programs from number 'first' on."""
        per_program = 10
        done = subprocess.run([self.tool("fuzz-cases"), "generate", str(self.o.seed), str(first), str(n // per_program + 1),
                               UNWANTED[self.o.machine]], stdout=subprocess.PIPE, check=True)
        return read_programs(done.stdout.decode())


def complaints_in(log):
    """[(program, text)] of what the kernel says when it finds itself in a state that should not be:
    "WARNING net/openvswitch/actions.c:842"."""
    found, name = [], "-"
    if not os.path.exists(log):
        return found
    with open(log, errors="replace") as file:
        for m in re.finditer(r"\bprogram (?P<name>\S+)$|(?P<what>WARNING|BUG|Oops|general protection|Kernel panic)\b[^\n]*?"
                             r"(?: at (?P<where>[\w/]+\.[ch]:\d+)|$)", file.read(), re.MULTILINE):
            name = m.group("name") or name
            if m.group("what"):
                found.append((name, " ".join((m.group("what"), m.group("where") or ""))))
    return found


def end_of(log):
    """What the kernel complained of, or the last lines of its console."""
    if not os.path.exists(log):
        return ""
    with open(log, errors="replace") as file:
        return "\n".join(sorted({c for _, c in complaints_in(log)}) or file.read().splitlines()[-10:])


def read_programs(text):
    return [shrink.Program.from_line(line) for line in text.splitlines() if line.startswith("program ")]


def batches(o, sides):
    if o.programs:
        with open(o.programs) as file:
            yield read_programs(file.read())
        return
    first, left = o.first, o.count
    while left > 0:
        programs = sides.generate(first, min(left, o.batch))
        first += len(programs)
        left -= sum(len(p.steps) for p in programs)
        yield programs


class Report:
    def __init__(self, o, explained):
        self.o, self.explained = o, explained
        self.n_programs = self.n_requests = self.n_volatile = 0
        self.rules = {}             # signature: [(program, step)] that nothing explains
        self.reasons = {}           # explained: how many programs
        self.broken = []            # Breakages

    def add(self, programs, ours, theirs):
        self.n_programs += len(programs)
        self.n_requests += sum(len(p.steps) for p in programs)
        for p in programs:
            if p.name in ours and p.name in theirs:
                d = compare.difference(ours[p.name], theirs[p.name])
                reason = self.explained.reason(d) if d else None
                if reason:
                    self.reasons[reason] = self.reasons.get(reason, 0) + 1
                elif d:
                    self.rules.setdefault(d.signature, []).append((p, d.step))

    def unexplained_breakages(self):
        return [b for b in self.broken if not b.reason]

    def print_table(self):
        rows = [(len(programs), signature) for signature, programs in self.rules.items()]
        reasons = collections.Counter(self.reasons) + collections.Counter(b.reason for b in self.broken if b.reason)
        rows += [(n, "explained: " + reason) for reason, n in reasons.items()]
        for n, text in sorted(rows, key=lambda r: (-r[0], r[1])):
            print("%7d  %s" % (n, text))

    def print_totals(self, sides):
        unexplained, explained = sum(len(p) for p in self.rules.values()), sum(self.reasons.values())
        lost = self.unexplained_breakages()
        print("%d requests in %d programs, seed %d, %s: %d programs differ, %d of them explained; %d volatile; %d break a side, "
              "%d of them explained" % (self.n_requests, self.n_programs, self.o.seed, self.o.machine, unexplained + explained,
                                        explained, self.n_volatile, len(self.broken), len(self.broken) - len(lost)))
        print("seconds: dpsim %.0f, kernel %.0f" % (sides.seconds["dpsim"], sides.seconds["kernel"]))


def confirm(report, sides):
    """Differing programs again, the smallest of each rule: the kernel's own two answers may differ."""
    suspects = {s: sorted(programs, key=lambda p: p[0].size())[:5] for s, programs in report.rules.items()}
    ours, theirs = sides.ask_both([p for some in suspects.values() for p, _ in some], report.broken)

    def holds(signature, p):
        d = p.name in ours and p.name in theirs and compare.difference(ours[p.name], theirs[p.name])
        return d and d.signature == signature

    for signature, some in suspects.items():
        same = [entry for entry in some if holds(signature, entry[0])]
        if same:
            report.rules[signature].sort(key=lambda entry: entry != same[0])
        else:
            report.n_volatile += len(report.rules.pop(signature))


def show(report, sides):
    """A minimal program of each rule that nobody has explained."""
    rules = {s: programs[0] for s, programs in report.rules.items()}
    for signature, program, ours, theirs in shrink.all_rules(rules, sides, report.broken, report.o.rounds):
        d = compare.difference(ours, theirs)
        print("# rule: %s" % signature)
        print("# program: %s" % program.line().strip())
        print("\n".join(theirs.lines))
        for line in d.ours if d else ["the same when it runs alone"]:
            print("# dpsim: " + line)
        print()


def show_broken(report):
    for b in report.unexplained_breakages():
        print("# %s broke, or complained: %s%s\n" % (b.side, b.program.line(), b.said))


def run(o, work):
    explained = compare.Explained(o.list, o.machine)
    sides, report = Sides(o, work, explained), Report(o, explained)
    for programs in batches(o, sides):
        ours, theirs = sides.ask_both(programs, report.broken)
        report.add(programs, ours, theirs)
    if not report.n_programs:
        sys.exit("kernel-run --fuzz: no programs")
    confirm(report, sides)
    show(report, sides)
    show_broken(report)
    report.print_table()
    report.print_totals(sides)
    return 1 if report.rules or report.unexplained_breakages() else 0


def main():
    o = options()
    work = o.keep or tempfile.mkdtemp(prefix="dpsim-fuzz-")
    os.makedirs(work, exist_ok=True)
    try:
        return run(o, os.path.abspath(work))
    finally:
        if not o.keep:
            shutil.rmtree(work)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (OSError, subprocess.CalledProcessError) as e:
        sys.exit("kernel-run --fuzz: %s" % e)
