"""Writes the first inputs of every fuzz target into fuzz/corpus.

They are made from the built-in profile's fixtures, so that they are as current
as the profile is. The bytes in front of each are the target's other arguments,
as `arbitrary` reads them.
"""

import gzip
import json
import pathlib
import tomllib
import zlib

FUZZ = pathlib.Path(__file__).parent
NONE = b"\0"  # an empty list, a false, an absent option


def seed(target, number, data):
    folder = FUZZ / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"seed-{number:03}").write_bytes(data)


def requests():
    """A turn in each format, with what clients put around a person's words."""
    words = "<system-reminder>\nBe brief.\n</system-reminder>\n<task>Fix the test in a.rs \U0001f980</task>"
    call = {"name": "read", "arguments": '{"path": "a.rs"}'}
    yield {"model": "m", "tools": [{"type": "function"}], "messages": [
        {"role": "system", "content": "You help.\nAnswer in one line, please.\nUse the tools."},
        {"role": "user", "content": words},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "function": call}]},
        {"role": "tool", "tool_call_id": "1", "content": "fn main() {}"},
    ]}
    yield {"model": "m", "system": [{"type": "text", "text": "You are a poet."}], "messages": [
        {"role": "user", "content": [{"type": "text", "text": "A poem about \"rain\""}]},
        {"role": "assistant", "content": [{"type": "tool_use", "name": "read", "input": {"a": ["b"]}}]},
        {"role": "user", "content": [{"type": "tool_result", "content": [{"type": "text", "text": "wet"}]}]},
    ]}
    yield {"model": "m", "instructions": "Translate.", "input": [
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": words}]},
        {"type": "function_call", "call_id": "1", **call},
        {"type": "function_call_output", "call_id": "1", "output": "no such file"},
    ]}
    yield {"model": "m", "input": "\u7ee7\u7eed"}


def main():
    builtin = FUZZ.parent / "src" / "profile" / "builtin"
    fixtures = tomllib.loads((builtin / "zai.fixtures.toml").read_text("utf-8"))["fixture"]
    bodies = list(dict.fromkeys(fixture.get("body", "") for fixture in fixtures))
    for number, body in enumerate(bodies):
        data = body.encode()
        status = (429 - 200).to_bytes(2, "little")
        seed("judge", number, NONE + status + NONE + NONE + data)
        # Encoding, failed, bytes a piece less one; only gzip and deflate have
        # a compressor here, the others find their way.
        seed("encoded", number, NONE + b"\1" + b"\xff" + gzip.compress(data))
        seed("encoded", 1000 + number, b"\1" + b"\1" + b"\xff" + zlib.compress(data))
        seed("json_walker", number, b"\1" + NONE + data)
        seed("quoted", number, NONE + NONE + data)
        seed("reset", number, NONE + NONE + data)
        event = data if b"data:" in data else b"data: " + data + b"\n\n"
        seed("sse_scanner", number, NONE + NONE + NONE + event)
        seed("cut_stream", number, NONE + event)

    jwt = "eyJhbGciOiJIUzI1NiJ9.eyJhcGlfa2V5IjoidGVzdGVyIiwiZXhwIjoxfQ.c2lnbmF0dXJl"
    for number, header in enumerate(["Bearer tester.secret", f"bearer {jwt}", "tester"]):
        seed("account", number, header.encode() + b"\ntester")
    for number, fixture in enumerate(f for f in fixtures if "url" in f):
        seed("claim", number, fixture["url"].encode() + b"\napi.z.ai:443")
    for number, request in enumerate(requests()):
        seed("workload_view", number, json.dumps(request).encode())
    seed("profile_load", 0, (FUZZ / "acme.toml").read_bytes())


if __name__ == "__main__":
    main()
