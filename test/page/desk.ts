// What the tests of the page share: a service with people and a browser, and the gestures
// of a person. Elements are found as a screen reader names them, so that a name that
// is missing or wrong fails a test.
import type { Browser, ElementHandle, Page } from "puppeteer-core";
import { type TokenService, startTokenService } from "../support/token-service.ts";
import { type Look, type Watched, openPage } from "../support/browser.ts";

export interface Desk {
  readonly service: TokenService;
  readonly browser: Browser;
  /** A moved clock lets tokens expire. */
  readonly clock: { now: number };
  open(look?: Look): Promise<Watched>;
  close(): Promise<void>;
}

export interface DeskOptions {
  readonly browser: Browser | Promise<Browser>;
  readonly development?: boolean;
}

/** The browser is the caller's, until the desk is closed. */
export async function openDesk(options: DeskOptions): Promise<Desk> {
  const clock = { now: Date.now() };
  const started = clock.now;
  const service = await startTokenService({ server: { teams: ["Data", "Ops"], development: options.development ?? false, clock: () => clock.now + Date.now() - started } });
  const browser = await options.browser;
  return {
    service,
    browser,
    clock,
    open: (look) => openPage(browser, look),
    close: async () => {
      for (const context of browser.browserContexts()) if (context.id !== undefined) await context.close();
      await browser.disconnect();
      await service.close();
    },
  };
}

type Role = "button" | "link" | "textbox" | "searchbox" | "combobox" | "checkbox" | "radio" | "menuitem" | "dialog" | "alertdialog" | "heading" | "row" | "table";

/** By role and accessible name; the one that is visible. */
export async function find(page: Page, role: Role, name: string): Promise<ElementHandle> {
  const found = await page.waitForSelector(`::-p-aria([name="${name}"][role="${role}"])`);
  if (found === null) throw new Error(`There is no ${role} "${name}".`);
  return found;
}

export async function has(page: Page, role: Role, name: string): Promise<boolean> {
  return (await page.$(`::-p-aria([name="${name}"][role="${role}"])`)) !== null;
}

export async function click(page: Page, role: Role, name: string): Promise<void> {
  await (await find(page, role, name)).click();
}

export async function type(page: Page, name: string, text: string, role: Role = "textbox"): Promise<void> {
  const field = await find(page, role, name);
  await field.click({ count: 3 });
  await field.type(text);
}

/** A token is pasted: nobody types one. */
export async function paste(page: Page, name: string, text: string): Promise<void> {
  await (await find(page, "textbox", name)).click({ count: 3 });
  await page.keyboard.sendCharacter(text);
}

/** What is offered may still be on its way from the server. */
export async function choose(page: Page, name: string, label: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const field = await find(page, "combobox", name);
    const value = await field.evaluate((element, wanted) => [...(element as HTMLSelectElement).options].find((option) => option.label === wanted)?.value, label);
    if (value !== undefined) return void (await (field as ElementHandle<HTMLSelectElement>).select(value));
    if (Date.now() > deadline) throw new Error(`"${name}" offers no "${label}".`);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
}

/** Until the page's visible text has it. */
export async function seeText(page: Page, text: string): Promise<void> {
  await page.waitForFunction((wanted) => document.body.innerText.includes(wanted), {}, text);
}

export async function gone(page: Page, selector: string): Promise<void> {
  await page.waitForFunction((wanted) => document.querySelector(wanted) === null, {}, selector);
}

export async function signIn(page: Page, service: TokenService, path = "/", token = service.adminToken): Promise<void> {
  await page.goto(service.url + path);
  await paste(page, "Token", token);
  await click(page, "button", "Sign in");
  await page.waitForSelector(".tabs, .card-buttons");
}

/** Signed in already, as a browser is that was here before: for what is not about signing in. */
export async function enter(page: Page, { url, adminToken }: TokenService, path: string): Promise<void> {
  const answer = await fetch(`${url}/session`, { method: "POST", headers: { origin: url, "content-type": "application/json" }, body: JSON.stringify({ token: adminToken }) });
  const [name = "", value = ""] = answer.headers.get("set-cookie")?.split(";", 1)[0]?.split("=") ?? [];
  await page.browserContext().setCookie({ name, value, domain: new URL(url).hostname, path: "/", httpOnly: true, sameSite: "Strict" });
  await page.goto(url + path);
}

/** What the row of a token says, and the colour of its dot. */
export async function rowOf(page: Page, name: string): Promise<{ text: string; dot: string }> {
  return page.$$eval(
    "[data-token]",
    (rows, wanted) => {
      const row = rows.find((one) => one.querySelector(".name")?.textContent === wanted) as HTMLElement | undefined;
      const dot = row?.querySelector(".dot");
      return { text: row?.innerText.replace(/\s+/g, " ") ?? "", dot: dot === null || dot === undefined ? "" : getComputedStyle(dot).backgroundColor };
    },
    name,
  );
}

export async function names(page: Page): Promise<string[]> {
  return page.$$eval("[data-token] .name", (found) => found.map((one) => one.textContent ?? ""));
}

/** Opens the vertical ellipsis of a row and picks from it. */
export async function pick(page: Page, row: string, item: string): Promise<void> {
  await click(page, "button", `Actions for ${row}`);
  await click(page, "menuitem", item);
}

export async function itemsOf(page: Page, row: string): Promise<string[]> {
  await click(page, "button", `Actions for ${row}`);
  await page.waitForSelector(".menu:popover-open");
  const items = await page.$$eval(".menu:popover-open .menu-item", (found) => found.map((one) => one.textContent ?? ""));
  await page.keyboard.press("Escape");
  return items;
}
