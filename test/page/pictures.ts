// Takes the pictures of the page that people look at, docs/pictures/, and measures how long
// the first view takes. `make pictures`.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import type { Page } from "puppeteer-core";
import { bundlePage } from "../../tools/page-bundle.ts";
import { type Look, setLook, startBrowser } from "../support/browser.ts";
import { type Desk, click, find, openDesk, seeText, signIn, type } from "./desk.ts";
import { furnish } from "./scenery.ts";

const folder = join(import.meta.dirname, "../../docs/pictures");
const wide = { width: 1280, height: 860 };
const narrow = { width: 360, height: 780 };
const rounds = 9;

async function take(page: Page, name: string, look: Look): Promise<void> {
  await page.setViewport({ ...look, deviceScaleFactor: 1.5 });
  await page.evaluate(() => document.fonts.ready);
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  const bytes = await page.screenshot({ type: "webp", quality: 82 });
  writeFileSync(join(folder, `${name}.webp`), bytes);
  process.stdout.write(`docs/pictures/${name}.webp ${Math.round(bytes.length / 1_024)} KiB\n`);
}

/** From the navigation's start until the list of tokens is painted, in a browser that knows nothing of the page yet. */
async function firstView({ service, open }: Desk): Promise<number> {
  const { page, close } = await open();
  await signIn(page, service);
  const session = await page.createCDPSession();
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await page.goto(`${service.url}/settings/tokens`);
    await page.waitForSelector("[data-token]");
    times.push(await page.evaluate(() => new Promise<number>((resolve) => requestAnimationFrame(() => setTimeout(() => resolve(performance.now()))))));
  }
  await close();
  return Math.round(times.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0);
}

async function photograph(desk: Desk): Promise<void> {
  const { service } = desk;
  const { page, close } = await desk.open();
  const go = async (path: string, text: string): Promise<void> => {
    await page.goto(service.url + path);
    await seeText(page, text);
  };
  await signIn(page, service);
  for (const scheme of ["light", "dark"] as const) {
    await setLook(page, { ...wide, scheme });
    await go("/settings/tokens", "ci-cd-pipeline");
    await take(page, `tokens-${scheme}`, { ...wide, scheme });
  }
  await click(page, "button", "Generate Token");
  await type(page, "Name", "nightly-export");
  await click(page, "button", "Generate");
  await page.waitForSelector(".secret");
  await take(page, "generated-dark", { ...wide, scheme: "dark" });
  await setLook(page, { ...wide, scheme: "light" });
  await go("/settings/tokens", "ci-cd-pipeline");
  await click(page, "radio", "Service tokens");
  await click(page, "button", "Actions for alation-trial");
  await find(page, "menuitem", "Restore");
  await take(page, "service-tokens-light", { ...wide, scheme: "light" });
  await setLook(page, { ...narrow, scheme: "light" });
  await go("/settings/tokens", "ci-cd-pipeline");
  await take(page, "tokens-narrow-light", { ...narrow, scheme: "light" });
  await close();
}

mkdirSync(folder, { recursive: true });
const browser = await startBrowser();
const desk = await openDesk({ browser });
try {
  const script = [...bundlePage()].find(([name]) => name.endsWith(".js"))?.[1];
  process.stdout.write(`script: ${(brotliCompressSync(script ?? "").length / 1_024).toFixed(1)} KiB compressed\n`);
  process.stdout.write(`first view: ${await firstView(desk)} ms (median of ${rounds}, nothing cached)\n`);
  await furnish(desk);
  await photograph(desk);
} finally {
  await browser.close();
  await desk.service.close();
}
