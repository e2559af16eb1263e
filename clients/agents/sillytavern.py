"""SillyTavern's server, and what its page sends when somebody presses the button.

Prints what the page gets, which shows an error's message as it is. Ends with 0
if that is an answer, with 1 if it is an error.
"""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request

NODE, SERVER, FOLDER, PORT, URL, MODEL, KEY, PROMPT, SOURCE = sys.argv[1:]
HERE = f"http://127.0.0.1:{PORT}"
BEGINS = {
    "custom": {"custom_url": URL + "/v1"},
    "claude": {"reverse_proxy": URL + "/v1", "proxy_password": KEY},
}


def post(path, body):
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(HERE + path, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=75) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def wait(server):
    while server.poll() is None:
        try:
            with urllib.request.urlopen(HERE + "/csrf-token", timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    sys.exit("SillyTavern did not start")


def main():
    options = ["--port", PORT, "--dataRoot", FOLDER + "/data", "--configPath", FOLDER + "/config.yaml"]
    options += ["--listen", "false", "--disableCsrf", "--browserLaunchEnabled", "false"]
    server = subprocess.Popen([NODE, SERVER, *options], stdout=sys.stderr, stdin=subprocess.DEVNULL)
    try:
        wait(server)
        post("/api/secrets/write", {"key": "api_key_custom", "value": KEY})
        turn = {"role": "user", "content": PROMPT}
        request = {"chat_completion_source": SOURCE, "model": MODEL, "messages": [turn]}
        request |= {"stream": True, "max_tokens": 200, "temperature": 1} | BEGINS[SOURCE]
        status, text = post("/api/backends/chat-completions/generate", request)
    finally:
        server.kill()
        server.wait()
    print(status, text)
    sys.exit(status >= 400 or '"error"' in text.strip().split("\n\n")[-1])


main()
