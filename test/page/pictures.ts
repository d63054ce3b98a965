// Takes the pictures of the page that people look at, docs/pictures/, and measures how long
// the first view takes. `make pictures`.
import { mkdirSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
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
const budgetMs = 300;

async function take(page: Page, name: string, look: Look): Promise<void> {
  await page.setViewport({ ...look, deviceScaleFactor: 1.5 });
  await page.evaluate(() => document.fonts.ready);
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  const bytes = await page.screenshot({ type: "webp", quality: 82 });
  writeFileSync(join(folder, `${name}.webp`), bytes);
  process.stdout.write(`docs/pictures/${name}.webp ${Math.round(bytes.length / 1_024)} KiB\n`);
}

interface Paint {
  readonly first: number;
  /** The largest piece of the view: the list of tokens. */
  readonly view: number;
}

/** What the browser says of its own painting, from the navigation's start, with nothing of the page in its cache. */
async function firstView({ service, open }: Desk): Promise<Paint> {
  const { page, close } = await open();
  await signIn(page, service);
  const session = await page.createCDPSession();
  await session.send("Network.setCacheDisabled", { cacheDisabled: true });
  const seen: Paint[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await page.goto(`${service.url}/settings/tokens`);
    await page.waitForSelector("[data-token]");
    seen.push(
      await page.evaluate(async () => {
        const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
        await frame();
        await frame();
        const view = await new Promise<number>((resolve) => new PerformanceObserver((list) => resolve(list.getEntries().at(-1)?.startTime ?? 0)).observe({ type: "largest-contentful-paint", buffered: true }));
        return { first: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 0, view };
      }),
    );
  }
  await close();
  const median = (values: readonly number[]): number => Math.round(values.toSorted((one, other) => one - other)[Math.floor(rounds / 2)] ?? 0);
  return { first: median(seen.map(({ first }) => first)), view: median(seen.map(({ view }) => view)) };
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
  const { first, view } = await firstView(desk);
  process.stdout.write(`first view: first paint ${first} ms, list painted ${view} ms (budget ${budgetMs} ms; median of ${rounds}, nothing cached, load ${(loadavg()[0] ?? 0).toFixed(1)})\n`);
  if (view > budgetMs || view === 0) process.exitCode = 1;
  await furnish(desk);
  await photograph(desk);
} finally {
  await browser.close();
  await desk.service.close();
}
