#!/usr/bin/env python3
"""Real agents against the gateway of a halted account: what each sends, and shows.

    python3 clients/agents/run.py            # all of them: a quarter of an hour
    python3 clients/agents/run.py codex      # some, by name; --scenario likewise
    python3 clients/agents/run.py --page     # docs/clients.md anew from the log

Needs Linux, Node with npm, PyPI and npm, and `gateway` and `simulator` built
(clients/run.sh does). Agents see loopback alone (`unshare --net`). Each run is
a line of clients/agents/log.jsonl, and docs/clients.md is made of these lines.
"""

import argparse
import collections
import contextlib
import datetime
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import page
from agents import AGENTS, INSTALLED, KEY, MODEL, NPM, PROMPT
from harness import STOPPED, post, setting

HERE = pathlib.Path(__file__).resolve().parent
LOG = HERE / "log.jsonl"
OUTPUT = INSTALLED / "output"
CAP_SECS = 80
ALONE = "PLANGUARD_CLIENTS_ALONE"
PAYMENT = {b"HTTP/1.1 451 Unavailable For Legal Reasons": b"HTTP/1.1 402 Payment Required"}


class Scenario:
    """What the provider answers, in turn; whether the account is halted before."""

    def __init__(self, answers, halted=False, instead=(), wires=None):
        self.answers, self.halted, self.instead, self.wires = answers, halted, instead, wires


STRUCK = "error:1313,completion"
SCENARIOS = {
    "open": Scenario("completion"),
    "struck": Scenario(STRUCK),
    "halted": Scenario(STRUCK, halted=True),
    # The same gateway and the same body, with another status on its way.
    "halted, 402": Scenario(STRUCK, halted=True, instead=PAYMENT, wires={"Anthropic"}),
    "struck in the stream": Scenario("mid_stream:3:1313"),
}


def install():
    (INSTALLED / "agents").mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, INSTALLED / "agents")
    # Not `npm ci`, which wants the optional packages of all machines in the lock.
    npm = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(npm, cwd=INSTALLED / "agents", check=True)
    python = INSTALLED / "aider"
    if not (python / "bin/pip").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", python], check=True)
    requirements = HERE / "requirements.txt"
    subprocess.run([python / "bin/pip", "install", "-q", "-r", requirements], check=True)


def alone():
    """This program once more, where there is no network but loopback."""
    inside = 'ip link set lo up && exec "$@"'
    os.environ[ALONE] = "1"
    again = ["unshare", "--map-root-user", "--net", "sh", "-c", inside, "sh", sys.executable]
    os.execvp("unshare", again + [__file__, *sys.argv[1:]])


def start(agent, folder, url):
    """Its exit code, or None if it had to be stopped; its output; how long it took."""
    for name in ("home", "work", "tmp"):
        (folder / name).mkdir()
    (folder / "work/main.rs").write_text("fn foo() {}\n\nfn main() {\n    foo();\n}\n")
    command, environment = agent.command(folder, url)
    base = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "dumb", "NO_COLOR": "1"}
    base |= {"HOME": folder / "home", "TMPDIR": folder / "tmp"}
    began = time.monotonic()
    with open(folder / "output", "w+b") as output:
        child = subprocess.Popen(
            command, cwd=folder / "work", env=base | environment, stdin=subprocess.DEVNULL,
            stdout=output, stderr=output, start_new_session=True,
        )
        try:
            code = child.wait(CAP_SECS)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            seconds = time.monotonic() - began
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        output.seek(0)
        return code, output.read().decode(errors="replace"), seconds


def shows(output):
    """Whether it has the message, which may be coloured and wrapped."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", output)
    return STOPPED in " ".join(plain.split())


def measure(agent, name, scenario):
    options = {"pace_ms": 20, "instead": scenario.instead}
    with setting(scenario.answers, **options) as here, tempfile.TemporaryDirectory() as folder:
        if scenario.halted:
            body = {"model": MODEL, "messages": [{"role": "user", "content": PROMPT}]}
            post(here.gateway + "/v1/chat/completions", body, KEY)
        before, late = here.arrivals(), here.late()
        code, output, seconds = start(agent, pathlib.Path(folder), here.url)
        calls = here.front.model_calls()
        upstream, late = here.arrivals() - before, here.late() - late
    told = collections.Counter(str(answer.status) if answer else "none" for _, answer in calls)
    OUTPUT.mkdir(exist_ok=True)
    file = re.sub(r"\W+", "-", f"{agent.name} {agent.wire} {name}".lower())
    (OUTPUT / f"{file}.txt").write_text(output)
    return {
        "date": datetime.date.today().isoformat(),
        "client": agent.name,
        "version": agent.version(),
        "wire": agent.wire,
        "scenario": name,
        "requests": len(calls),
        "different": len({request.body for request, _ in calls}),
        "answers": dict(sorted(told.items())),
        "upstream": upstream,
        "late": late,
        "seen": shows(output),
        "exit": code,
        "seconds": round(seconds, 1),
    }


def key(line):
    return line["client"], line["wire"], line["scenario"]


def main():
    # By an exception, which ends the children too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("agents", nargs="*", metavar="AGENT", help="some of them, by name")
    parser.add_argument("--scenario", action="append", choices=SCENARIOS, help="some of them")
    parser.add_argument("--page", action="store_true", help="only make docs/clients.md anew")
    parser.add_argument("--installed", action="store_true", help="install nothing")
    args = parser.parse_args()
    lines = [json.loads(line) for line in LOG.read_text().splitlines()] if LOG.exists() else []
    if not args.page:
        if ALONE not in os.environ:
            if not args.installed:
                install()
            alone()
        names = args.scenario or SCENARIOS
        for agent in AGENTS:
            for name, scenario in ((name, SCENARIOS[name]) for name in names):
                wanted = not args.agents or agent.name in args.agents
                if wanted and (scenario.wires is None or agent.wire in scenario.wires):
                    line = measure(agent, name, scenario)
                    print(json.dumps(line), flush=True)
                    lines = [old for old in lines if key(old) != key(line)] + [line]
        order = [(agent.name, agent.wire, name) for agent in AGENTS for name in SCENARIOS]
        lines.sort(key=lambda line: order.index(key(line)))
        LOG.write_text("".join(json.dumps(line) + "\n" for line in lines))
    page.write(lines, CAP_SECS)


main()
