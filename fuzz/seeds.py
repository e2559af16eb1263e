"""Writes the first inputs of every fuzz target into fuzz/corpus.

They are made from the built-in profile's fixtures, so that they are as current
as the profile is. The bytes in front of each are the target's other arguments,
as `arbitrary` reads them.
"""

import gzip
import pathlib
import tomllib
import zlib

FUZZ = pathlib.Path(__file__).parent
NONE = b"\0"  # an empty list, a false, an absent option


def seed(target, number, data):
    folder = FUZZ / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"seed-{number:03}").write_bytes(data)


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

    jwt = "eyJhbGciOiJIUzI1NiJ9.eyJhcGlfa2V5IjoidGVzdGVyIiwiZXhwIjoxfQ.c2lnbmF0dXJl"
    for number, header in enumerate(["Bearer tester.secret", f"bearer {jwt}", "tester"]):
        seed("account", number, header.encode() + b"\ntester")
    for number, fixture in enumerate(f for f in fixtures if "url" in f):
        seed("claim", number, fixture["url"].encode() + b"\napi.z.ai:443")
    seed("profile_load", 0, (FUZZ / "acme.toml").read_bytes())


if __name__ == "__main__":
    main()
