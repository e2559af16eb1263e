// The gateway's status page in a real browser.
//
//   node --test        (see run.sh, which installs what it needs)
//
// Screenshots are left in SHOTS, if it names a folder.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

import AxeBuilder from "@axe-core/playwright";
import { chromium } from "playwright-core";

const built = process.env.BUILT ?? "../../target/debug";
const folder = mkdtempSync(path.join(tmpdir(), "planguard-page-"));
const ledger = path.join(folder, "ledger.jsonl");
const patience = 20_000;
let gateway, url, browser;

before(async () => {
  gateway = spawn(path.join(built, "examples/gateway"), ["--listen", "127.0.0.1:0"], {
    env: { ...process.env, PLANGUARD_GATEWAY_LEDGER: ledger },
    stdio: ["ignore", "pipe", "ignore"],
  });
  url = await new Promise((resolve, reject) => {
    gateway.once("exit", (code) => reject(new Error(`the gateway ended with ${code}`)));
    let said = "";
    gateway.stdout.on("data", (data) => {
      said += data;
      const found = said.match(/listening on (http:\/\/[\d.]+:\d+)/);
      if (found) resolve(found[1]);
    });
  });
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync",
      "--no-first-run", "--disable-component-update"],
  });
});

after(async () => {
  await browser?.close();
  gateway?.kill();
  rmSync(folder, { recursive: true, force: true });
});

async function open(options = {}) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const elsewhere = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(url)) elsewhere.push(request.url());
  });
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  await page.goto(`${url}/planguard`);
  return { page, context, elsewhere, complaints };
}

const ask = () =>
  fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: "Bearer tester.secret", "content-type": "application/json" },
    body: JSON.stringify({
      model: "glm-5.2",
      messages: [{ role: "user", content: "Rename foo to bar in src/main.rs" }],
    }),
  });

async function isFine(page) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const grave = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
  assert.deepEqual(grave.map(({ id, nodes }) => [id, nodes.map((node) => node.html)]), []);
}

async function shoot(page, name) {
  if (process.env.SHOTS) {
    await page.screenshot({ path: path.join(process.env.SHOTS, `${name}.png`), fullPage: true });
  }
}

test("a halt appears without a reload and goes with the command", async () => {
  const { page, context, elsewhere, complaints } = await open();
  await page.getByText("No account has been used yet.").waitFor({ timeout: patience });
  await isFine(page);
  // The page that was loaded is the one that is looked at to the end.
  await page.evaluate(() => (window.here = true));
  for (let n = 0; n < 5; n++) await ask();
  await page.getByText("1 of 1 accounts halted").waitFor({ timeout: patience });
  await page.getByText("Fair Usage Policy").first().waitFor({ timeout: patience });
  const command = await page.locator("section.halt pre").innerText();
  await isFine(page);
  await shoot(page, "wide-halted");

  assert.match(command, /^planguard acknowledge h-[a-z]+ /);
  const [, id] = command.match(/acknowledge (h-[a-z]+)/);
  const tool = spawn(
    path.join(built, "planguard"),
    ["acknowledge", id, "--by", "Ada", "--note", "stopped the job", "--no-terminal", "--ledger", ledger],
    { stdio: ["ignore", "inherit", "inherit"] },
  );
  assert.equal(await new Promise((resolve) => tool.once("exit", resolve)), 0);
  await page.getByText("Nothing is halted").waitFor({ timeout: patience });
  await page.getByText("released by Ada").waitFor({ timeout: patience });
  assert.equal(await page.locator("section.halt").count(), 0);
  assert.equal((await ask()).status, 200, "the simulated provider is content too");
  assert.equal(await page.evaluate(() => window.here), true, "it was never loaded again");
  assert.deepEqual(elsewhere, [], "nothing comes from elsewhere");
  assert.deepEqual(complaints, []);
  await context.close();
});

test("it is whole on a small screen, in the dark, and by keyboard", async () => {
  const { page, context } = await open({
    viewport: { width: 360, height: 740 },
    colorScheme: "dark",
  });
  await isFine(page);
  const wide = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  assert.equal(wide, 0, "nothing has to be scrolled sideways but the table in its frame");
  await shoot(page, "narrow-dark");
  const reached = [];
  for (let n = 0; n < 6; n++) {
    await page.keyboard.press("Tab");
    reached.push(await page.evaluate(() => document.activeElement.tagName.toLowerCase()));
  }
  assert.ok(reached.includes("summary"), `the terms open by keyboard: ${reached}`);
  assert.ok(reached.includes("a"), `the data is reached by keyboard: ${reached}`);
  await context.close();
});

test("without a script it shows the same", async () => {
  const { page, context } = await open({ javaScriptEnabled: false });
  assert.match(await page.locator("#accounts").innerText(), /1 confirmed, 0 suspected, limit 3/);
  assert.match(await page.locator("#timeline").innerText(), /released by Ada/);
  await context.close();
});
