// The openai and anthropic SDKs for Node, as they are, through the gateway.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { join } from "node:path";
import { describe, test } from "node:test";

import { STOPPED, firstTrigger, setting } from "./harness.mjs";

// Where `npm ci` was run, since nothing is installed beside this file.
const installed = createRequire(join(process.env.PLANGUARD_SDKS, "package.json"));
const OpenAI = installed("openai").default;
const Anthropic = installed("@anthropic-ai/sdk").default;

const model = "glm-5.2";
const messages = [{ role: "user", content: "Rename foo to bar in main.rs" }];
const apiKey = "tester.secret";

const openai = (url) => new OpenAI({ baseURL: `${url}/v1`, apiKey });

const WIRES = {
  "OpenAI chat": {
    refusedWith: 400,
    client: openai,
    ask: async (client) =>
      (await client.chat.completions.create({ model, messages })).choices[0].message.content,
    async *stream(client) {
      for await (const event of await client.chat.completions.create({ model, messages, stream: true }))
        yield event.choices[0]?.delta.content;
    },
  },
  "OpenAI responses": {
    refusedWith: 400,
    client: openai,
    ask: async (client) => (await client.responses.create({ model, input: messages })).output_text,
    async *stream(client) {
      for await (const event of await client.responses.create({ model, input: messages, stream: true })) {
        if (event.type === "response.output_text.delta") yield event.delta;
        // This format's own error events are no exceptions to the SDK.
        if (event.type === "error") throw new Error(event.message);
        if (event.type === "response.failed") throw new Error(event.response.error.message);
      }
    },
  },
  "Anthropic messages": {
    refusedWith: 451,
    client: (url) => new Anthropic({ baseURL: url, apiKey }),
    ask: async (client) =>
      (await client.messages.create({ model, messages, max_tokens: 64 })).content[0].text,
    async *stream(client) {
      const request = { model, messages, max_tokens: 64, stream: true };
      for await (const event of await client.messages.create(request))
        if (event.type === "content_block_delta") yield event.delta.text;
    },
  },
};

/** The text of an answer. Throws what the SDK does, with what had come until then. */
async function call(wire, client, streaming) {
  const deltas = [];
  try {
    if (!streaming) return await wire.ask(client);
    for await (const delta of wire.stream(client)) if (delta) deltas.push(delta);
    return deltas.join("");
  } catch (error) {
    throw Object.assign(error, { deltas });
  }
}

async function fails(...asked) {
  const error = await call(...asked).then(
    (text) => assert.fail(`it was answered: ${text}`),
    (error) => error,
  );
  assert.ok(error.message.includes(STOPPED), error.message);
  return error;
}

for (const [name, wire] of Object.entries(WIRES)) {
  describe(name, () => {
    for (const streaming of [false, true]) {
      const how = streaming ? "streaming" : "at once";

      test(`a normal answer arrives byte for byte, ${how}`, () =>
        setting("completion", {}, async ({ url, front, back }) => {
          const text = await call(wire, wire.client(url), streaming);
          assert.match(text, /^fn answer\(\) ./);
          const [[asked, answered], ...more] = front.exchanges();
          const [[sent, given]] = back.exchanges();
          assert.deepEqual(more, []);
          assert.equal(sent.body, asked.body);
          assert.match(given.first, / 200 /);
          assert.ok(given.body.length > text.length);
          assert.deepEqual(answered, given);
        }));

      test(`a strike is one request upstream, and calls after it are none, ${how}`, () =>
        setting("error:1313,completion", {}, async ({ url, front, arrivals }) => {
          const client = wire.client(url);
          for (const calls of [1, 2, 3]) {
            const error = await fails(wire, client, streaming);
            assert.equal(error.status, wire.refusedWith);
            assert.deepEqual(error.deltas, []);
            // The SDK's own retries would count here, too.
            assert.equal(front.exchanges().length, calls);
            assert.equal(await arrivals(), 1);
          }
          for (const [, answered] of front.exchanges()) {
            assert.equal(await firstTrigger(answered.body), undefined);
          }
        }));
    }

    test("a stream that is struck ends with planguard's words", () =>
      setting("mid_stream:3:1313,completion", { paceMs: 20 }, async ({ url, front, arrivals }) => {
        const client = wire.client(url);
        const error = await fails(wire, client, true);
        assert.deepEqual(error.deltas, ["fn ", "answer", "() "]);
        assert.equal(await firstTrigger(error.message), undefined);
        assert.equal(await arrivals(), 1);
        const [[, answered]] = front.exchanges();
        const last = answered.body.trim().split("\n\n").at(-1);
        assert.ok(last.includes(STOPPED), last);
        assert.equal(await firstTrigger(last), undefined);
        for (const again of [true, false]) {
          assert.equal((await fails(wire, client, again)).status, wire.refusedWith);
        }
        assert.equal(front.exchanges().length, 3);
        assert.equal(await arrivals(), 1);
      }));
  });
}
