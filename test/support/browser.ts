// A real Chromium for the tests of the page. Decides where it comes from (tools/engines
// knows), that a whole run shares one, and that each test has a profile of its own: no
// cookie, cache or storage is shared.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { type Browser, type BrowserContext, type Page, connect, launch } from "puppeteer-core";

const root = join(import.meta.dirname, "..", "..");

/** BROWSER=none says that this machine has none and can get none: the ring is then left out. */
export const noBrowser = process.env["BROWSER"] === "none";

/** What the runner's set-up tells the tests: where the browser answers, or why there is none. */
export interface SharedBrowser {
  readonly endpoint?: string;
  readonly problem?: string;
}

function program(): string {
  const brought = spawnSync(join(root, "tools", "engines"), ["--for", "the tests of the page", "chromium"], { encoding: "utf8", stdio: ["ignore", "ignore", "pipe"] });
  if (brought.status !== 0) throw new Error(`There is no browser to test the page with. ${brought.stderr.trim()}\nWhere none can be had, BROWSER=none leaves these tests out.`);
  return join(root, ".tools", "bin", "chromium");
}

export function startBrowser(): Promise<Browser> {
  return launch({
    executablePath: program(),
    // The sandbox needs rights that containers lack; these pages are our own. Fonts look the same everywhere.
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--font-render-hinting=none", "--force-color-profile=srgb"],
    env: { ...process.env, LANG: "en_US.UTF-8", TZ: "UTC" },
    protocolTimeout: 240_000,
  });
}

export function joinBrowser({ endpoint, problem }: SharedBrowser): Promise<Browser> {
  if (endpoint === undefined) throw new Error(problem);
  return connect({ browserWSEndpoint: endpoint, protocolTimeout: 240_000 });
}

export interface Look {
  readonly width: number;
  readonly height: number;
  readonly scheme: "light" | "dark";
}

export const desktop: Look = { width: 1280, height: 800, scheme: "light" };

/** What goes wrong in the page unasked: errors, refused resources, warnings. */
export interface Watched {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly complaints: string[];
  close(): Promise<void>;
}

export async function openPage(browser: Browser, look: Look = desktop): Promise<Watched> {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  page.setDefaultTimeout(Number(process.env["PAGE_WAIT"] ?? 60_000));
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // A refused request is a test's business; the browser writes a line for each.
    if (["error", "warn"].includes(message.type()) && !message.text().startsWith("Failed to load resource")) complaints.push(message.text());
  });
  await setLook(page, look);
  return { page, context, complaints, close: () => context.close() };
}

export async function setLook(page: Page, { width, height, scheme }: Look): Promise<void> {
  await page.setViewport({ width, height });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }, { name: "prefers-reduced-motion", value: "reduce" }]);
}
