// The gateway before the simulated provider, and what passes on the wire.
// `../../harness.py` is the same for Python.

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../../..");
const EXAMPLES = process.env.PLANGUARD_EXAMPLES ?? join(ROOT, "target/debug/examples");
const STARTED_MS = 20_000;
const CONNECTION_HEADERS = ["connection", "keep-alive", "transfer-encoding", "upgrade"];
export const STOPPED = "planguard stopped this call";

// Children are ended on exit, which a signal alone does not bring about.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

/** The first text that makes some client send a request again, if `text` holds one. */
export async function firstTrigger(text) {
  const source = await readFile(join(ROOT, "src/refusal/trigger.rs"), "utf8");
  const rows = [...source.matchAll(/^ {4}trigger\(\w+, r(#?)"(.*)"\1\),$/gm)];
  if (rows.length === 0 || rows.length !== source.match(/^ {4}trigger\(/gm).length) {
    throw new Error("src/refusal/trigger.rs is not written as it was");
  }
  return rows.map(([, , pattern]) => new RegExp(pattern, "i").exec(text)?.[0]).find(Boolean);
}

/** Starts a program that prints `listening on URL` when it is ready: that URL. */
async function program(ends, name, ...args) {
  const child = spawn(join(EXAMPLES, name), args, { stdio: ["ignore", "pipe", "pipe"] });
  const over = new Promise((resolve) => child.on("close", resolve));
  const kill = () => child.kill("SIGKILL");
  ends.push(() => (kill(), over));
  process.once("exit", kill);
  over.then(() => process.off("exit", kill));
  let log = "";
  child.stderr.on("data", (text) => (log += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    over.then(() => reject(new Error(`${name} did not start: ${log}`)));
    const impatience = setTimeout(kill, STARTED_MS);
    createInterface(child.stdout).on("line", (line) => {
      const found = /^listening on (http:\/\/[\d.]+:\d+)/.exec(line);
      if (!found) return;
      clearTimeout(impatience);
      resolve(found[1]);
    });
  });
}

/** Passes connections on to `upstream` and keeps what went through, both ways. */
async function tap(ends, upstream) {
  const kept = [];
  const open = new Set();
  const server = createServer((client) => {
    const { hostname: host, port } = new URL(upstream);
    const provider = connect({ host, port: Number(port) });
    const bytes = { sent: [], got: [] };
    kept.push(bytes);
    for (const [from, to, into] of [
      [client, provider, bytes.sent],
      [provider, client, bytes.got],
    ]) {
      open.add(from);
      from.on("data", (piece) => (into.push(piece), to.write(piece)));
      from.on("end", () => to.end());
      from.on("error", () => to.destroy());
      from.on("close", () => open.delete(from));
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  ends.push(() => {
    open.forEach((socket) => socket.destroy());
    return new Promise((resolve) => server.close(resolve));
  });
  /** Each request with its answer. */
  const exchanges = () =>
    kept.flatMap(({ sent, got }) => {
      const answers = messages(Buffer.concat(got));
      return messages(Buffer.concat(sent)).map((request, at) => [request, answers[at]]);
    });
  return { url: `http://127.0.0.1:${server.address().port}`, exchanges };
}

/** HTTP/1.1 messages: first line, lasting headers, body without its framing. */
function messages(bytes) {
  const found = [];
  for (let at = 0; at < bytes.length; ) {
    const head = bytes.indexOf("\r\n\r\n", at);
    const [first, ...lines] = bytes.toString("latin1", at, head).split("\r\n");
    const headers = lines.map((line) => /^([^:]+): *(.*)$/.exec(line).slice(1));
    const header = (name) => headers.find(([key]) => key.toLowerCase() === name)?.[1];
    at = head + 4;
    let body;
    if (header("transfer-encoding")?.includes("chunked")) {
      const pieces = [];
      for (let size = -1; size !== 0; ) {
        const line = bytes.indexOf("\r\n", at);
        size = parseInt(bytes.toString("latin1", at, line), 16);
        pieces.push(bytes.subarray(line + 2, line + 2 + size));
        at = line + 2 + size + 2;
      }
      body = Buffer.concat(pieces).toString();
    } else {
      const length = Number(header("content-length") ?? 0);
      body = bytes.toString("utf8", at, at + length);
      at += length;
    }
    const lasting = headers.filter(([key]) => !CONNECTION_HEADERS.includes(key.toLowerCase()));
    found.push({ first, headers: lasting.sort(), body });
  }
  return found;
}

/** client → front → gateway → back → simulated provider, as long as `use` runs. */
export async function setting(answers, { paceMs = 0 } = {}, use) {
  const ends = [];
  try {
    const folder = await mkdtemp(join(tmpdir(), "planguard-"));
    ends.push(() => rm(folder, { recursive: true }));
    const pace = ["--pace-ms", String(paceMs)];
    const provider = await program(ends, "simulator", "--answers", answers, ...pace);
    const back = await tap(ends, provider);
    const config = join(folder, "gateway.toml");
    await writeFile(
      config,
      `listen = "127.0.0.1:0"
ledger = '${join(folder, "ledger.jsonl")}'
[[upstream]]
profile = "zai"
openai = "https://api.z.ai/api/coding/paas/v4"
anthropic = "https://api.z.ai/api/anthropic"
responses = "https://api.z.ai/api/v1"
via = "${back.url}"
`,
    );
    const front = await tap(ends, await program(ends, "gateway", "--config", config));
    const arrivals = async () => (await (await fetch(`${provider}/simulator/arrivals`)).json()).length;
    await use({ url: front.url, front, back, arrivals });
  } finally {
    for (const end of ends.reverse()) await end();
  }
}
