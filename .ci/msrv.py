"""Fails if a dependency of the crate wants a newer Rust than the crate does.

Looks at what a user's build resolves to, in the lock file: normal and build
dependencies, for no features, each feature by itself and all of them.
Dev-dependencies are exempt, since no user builds them. Crates that name no
rust-version are counted; the workflow's job on the real toolchain judges them.
"""

import json
import subprocess
import sys


def metadata(*args):
    command = ["cargo", "metadata", "--format-version=1", "--locked", *args]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def version(text):
    numbers = [int(number) for number in text.split(".")]
    return tuple(numbers + [0] * (3 - len(numbers)))


def is_built(kind):
    # `planguard_…` cfgs are for our own models and counters.
    return kind["kind"] != "dev" and "planguard_" not in (kind["target"] or "")


def built(data):
    """The ids of the packages that a build without dev-dependencies takes."""
    nodes = {node["id"]: node for node in data["resolve"]["nodes"]}
    todo, seen = [data["resolve"]["root"]], set()
    while todo:
        package = todo.pop()
        if package in seen:
            continue
        seen.add(package)
        for dependency in nodes[package]["deps"]:
            if any(is_built(kind) for kind in dependency["dep_kinds"]):
                todo.append(dependency["pkg"])
    return seen


def main():
    own = metadata("--no-deps")["packages"][0]
    limit = version(own["rust_version"])
    sets = [["--no-default-features"], ["--all-features"]]
    sets += [["--no-default-features", f"--features={feature}"] for feature in own["features"]]

    failed, silent, total = set(), set(), set()
    for features in sets:
        data = metadata(*features)
        packages = {package["id"]: package for package in data["packages"]}
        for package in (packages[id] for id in built(data)):
            name = f"{package['name']} {package['version']}"
            total.add(name)
            if package["rust_version"] is None:
                silent.add(name)
            elif version(package["rust_version"]) > limit:
                failed.add(f"{name} wants Rust {package['rust_version']} ({' '.join(features)})")

    for line in sorted(failed):
        print(line)
    print(
        f"{len(total)} crates in {len(sets)} feature sets, Rust {own['rust_version']}:"
        f" {len(failed)} want a newer one, {len(silent)} do not say"
    )
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
