"""docs/clients.md, from the lines of log.jsonl: no figure in it is typed."""

from harness import ROOT

PAGE = ROOT / "docs/clients.md"

HEAD = """\
# Real clients before a halted account

<!-- Made by clients/agents/run.py from clients/agents/log.jsonl. -->

What agents do when the [gateway](../examples/gateway/main.rs) tells them that their account is halted. Each was started as its user starts
it, in a folder and a HOME of its own, with one small task, without a network but loopback; behind the gateway stood the
[simulated provider](../examples/simulator.rs).

| client | version | wire | scenario | requests | different | answered | upstream | late | message shown | exit | seconds |
|---|---|---|---|---:|---:|---|---:|---:|---|---:|---:|
"""

TAIL = """
## How to read it

- **scenario**: *open*: nothing is wrong, for comparison. *struck*: the provider objects to the first request that reaches it, by an error
  before any text. *halted*: the account was halted before the client began. *halted, 402*: the same, and each 451 became a 402 with the
  same body on its way to the client; {instead}. *struck in the stream*: the provider objects after some pieces of text.
- **requests**: model requests that the client sent to the gateway, its own retries among them. A turn of an agent may be several: a title
  for the session, a summary. **different** counts those whose bodies differ, so what is beyond it was sent again unchanged.
- **answered**: how often the client got which status.
- **upstream**: requests of the client that reached the provider: two where the client asked for something else at the same time, as
  opencode does for a title. **late**: those of them that reached it after it had sent its first signal, by its own count. There may be
  none: {verdict}
- **message shown**: whether `planguard stopped this call` stood in what the client printed (SillyTavern: in what its server gave the page).
- **exit**: the client's exit code; "–" if it was still at it after {cap} s and was stopped, and its requests are then a lower bound. Some
  clients end with 0 after an error. SillyTavern's is 0 if its server gave the page an answer.

One run each, on {dates}; times are those of a small machine that did other work as well.

## How to run it again

```sh
bash clients/run.sh              # builds the gateway, and runs the SDKs' tests
python3 clients/agents/run.py    # installs the agents inside target/, runs them, writes this page
```

Versions are pinned in `clients/agents/package.json` and `requirements.txt`. What each client printed is then in `target/clients/output`.
The second is no part of `.ci/run`: it takes long and installs much.
"""


def row(line):
    answers = ", ".join(f"{count} × {status}" for status, count in line["answers"].items())
    capped = line["exit"] is None
    cells = [
        line["client"],
        line["version"],
        line["wire"],
        line["scenario"],
        f"{line['requests']}{'…' if capped else ''}",
        line["different"],
        answers or "–",
        line["upstream"],
        line["late"],
        shown(line),
        "–" if capped else line["exit"],
        line["seconds"],
    ]
    return "| " + " | ".join(str(cell) for cell in cells) + " |\n"


def shown(line):
    if line["seen"]:
        return "yes"
    return "–" if line["scenario"] == "open" else "**no**"


def differs(lines):
    """What 402 changes, by client."""
    anthropic = [line for line in lines if line["wire"] == "Anthropic"]
    halted = {line["client"]: line for line in anthropic if line["scenario"] == "halted"}
    changed = []
    for line in (line for line in anthropic if line["scenario"] == "halted, 402"):
        what = ("requests", "different", "seen", "exit")
        if [line[name] for name in what] != [halted[line["client"]][name] for name in what]:
            changed.append(line["client"])
    return f"it matters to {', '.join(changed)}" if changed else "it matters to none of them"


def write(lines, cap):
    over = [line for line in lines if line["late"]]
    names = "; ".join(f"{line['client']}, {line['wire']}, {line['scenario']}" for line in over)
    verdict = f"**there were, with {names}**." if over else "there were none."
    dates = " and ".join(sorted({line["date"] for line in lines}))
    tail = TAIL.format(cap=cap, dates=dates, verdict=verdict, instead=differs(lines))
    PAGE.write_text(HEAD + "".join(map(row, lines)) + tail)
