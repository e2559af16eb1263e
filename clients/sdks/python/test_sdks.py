"""The openai and anthropic SDKs for Python, as they are, through the gateway."""

import pathlib
import signal
import sys
import unittest

import anthropic
import openai

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2]))

from harness import STOPPED, first_trigger, setting

# By an exception, which ends the children too.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))

MODEL = "glm-5.2"
PROMPT = "Rename foo to bar in main.rs"
KEY = "tester.secret"


class Failed(Exception):
    """How a call ended, whatever the SDK calls it: its message and its status."""

    def __init__(self, error, deltas=()):
        super().__init__(str(error))
        self.status = getattr(error, "status_code", None)
        self.deltas = list(deltas)


class Chat:
    def __init__(self, url):
        self.client = openai.OpenAI(base_url=url + "/v1", api_key=KEY)
        self.refused_with = 400

    def ask(self):
        answer = self.client.chat.completions.create(**self.request())
        return answer.choices[0].message.content

    def stream(self):
        for event in self.client.chat.completions.create(**self.request(), stream=True):
            yield from [event.choices[0].delta.content] if event.choices else []

    def request(self):
        return {"model": MODEL, "messages": [{"role": "user", "content": PROMPT}]}


class Responses(Chat):
    def ask(self):
        return self.client.responses.create(model=MODEL, input=PROMPT).output_text

    def stream(self):
        for event in self.client.responses.create(model=MODEL, input=PROMPT, stream=True):
            if event.type == "response.output_text.delta":
                yield event.delta
            # This format's own error event is no exception to the SDK.
            elif event.type == "error":
                raise openai.OpenAIError(event.message)
            elif event.type == "response.failed":
                raise openai.OpenAIError(event.response.error.message)


class Messages:
    def __init__(self, url):
        self.client = anthropic.Anthropic(base_url=url, api_key=KEY)
        self.refused_with = 451

    def ask(self):
        return self.client.messages.create(**self.request()).content[0].text

    def stream(self):
        for event in self.client.messages.create(**self.request(), stream=True):
            if event.type == "content_block_delta":
                yield event.delta.text

    def request(self):
        turn = {"role": "user", "content": PROMPT}
        return {"model": MODEL, "max_tokens": 64, "messages": [turn]}


def call(client, stream):
    """The text of an answer. Raises `Failed`, with what had come until then."""
    deltas = []
    try:
        if not stream:
            return client.ask()
        for delta in client.stream():
            deltas += [delta] if delta else []
    except (openai.OpenAIError, anthropic.AnthropicError) as error:
        raise Failed(error, deltas) from error
    return "".join(deltas)


class Promises:
    """What holds on each wire, streaming and not."""

    def modes(self, body):
        for stream in (False, True):
            with self.subTest(stream=stream):
                body(stream)

    def fails(self, client, stream):
        with self.assertRaises(Failed) as caught:
            call(client, stream)
        self.assertIn(STOPPED, str(caught.exception))
        return caught.exception

    def test_a_normal_answer_arrives_byte_for_byte(self):
        def body(stream):
            with setting("completion") as here:
                text = call(self.wire(here.url), stream)
                self.assertRegex(text, r"^fn answer\(\) .")
                [(asked, answered)] = here.front.exchanges()
                [(sent, given)] = here.back.exchanges()
                self.assertEqual(asked.body, sent.body)
                self.assertEqual(given.status, 200)
                self.assertGreater(len(given.body), len(text))
                self.assertEqual(answered.first, given.first)
                self.assertEqual(answered.lasting(), given.lasting())
                self.assertEqual(answered.body, given.body)

        self.modes(body)

    def test_a_strike_is_one_request_upstream_and_calls_after_it_are_none(self):
        def body(stream):
            with setting("error:1313,completion") as here:
                client = self.wire(here.url)
                for calls in (1, 2, 3):
                    failed = self.fails(client, stream)
                    self.assertEqual(failed.status, client.refused_with)
                    self.assertEqual(failed.deltas, [])
                    # The SDK's own retries would count here, too.
                    self.assertEqual(len(here.front.exchanges()), calls)
                    self.assertEqual(here.arrivals(), 1)

        self.modes(body)

    def test_a_refusal_holds_nothing_that_makes_clients_repeat_it(self):
        def body(stream):
            with setting("error:1313,completion") as here:
                for _ in range(2):
                    self.fails(self.wire(here.url), stream)
                for _, answered in here.front.exchanges():
                    self.assertIsNone(first_trigger(answered.body.decode()))

        self.modes(body)

    def test_a_stream_that_is_struck_ends_with_planguard_s_words(self):
        with setting("mid_stream:3:1313,completion", pace_ms=20) as here:
            client = self.wire(here.url)
            failed = self.fails(client, True)
            self.assertEqual(failed.deltas, ["fn ", "answer", "() "])
            self.assertIsNone(first_trigger(str(failed)))
            self.assertEqual(here.arrivals(), 1)
            [(_, answered)] = here.front.exchanges()
            events = answered.body.decode().strip().split("\n\n")
            self.assertIn(STOPPED, events[-1])
            self.assertIsNone(first_trigger(events[-1]))
            for again in (True, False):
                self.assertEqual(self.fails(client, again).status, client.refused_with)
            self.assertEqual(len(here.front.exchanges()), 3)
            self.assertEqual(here.arrivals(), 1)


class OpenaiChat(Promises, unittest.TestCase):
    wire = Chat


class OpenaiResponses(Promises, unittest.TestCase):
    wire = Responses


class AnthropicMessages(Promises, unittest.TestCase):
    wire = Messages


if __name__ == "__main__":
    unittest.main()
