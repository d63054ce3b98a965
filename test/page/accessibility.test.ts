// Every view by axe, in light on a desktop and in dark at 360 pixels: WCAG 2.2 A and AA
// and axe's own good practice, with no finding. And nothing jumps while a view appears.
import axe from "axe-core";
import type { Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Look, type Watched, joinBrowser, noBrowser, setLook } from "../support/browser.ts";
import { type Desk, click, find, gone, openDesk, pick, seeText, signIn, type } from "./desk.ts";
import { furnish } from "./scenery.ts";

/** Each width and each scheme once: what is narrow is the same in both, and colours do not know the width. */
const looks: readonly Look[] = [
  { width: 1280, height: 800, scheme: "light" },
  { width: 360, height: 740, scheme: "dark" },
];

type Run = { violations: { id: string; help: string; nodes: { target: unknown; failureSummary?: string }[] }[]; incomplete: { id: string; nodes: { target: unknown; any: { message: string }[] }[] }[] };

async function findings(page: Page): Promise<string[]> {
  // Once for a document: it is half a megabyte.
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(axe.source);
  const { violations, incomplete } = (await page.evaluate(() =>
    (globalThis as unknown as { axe: { run(context: Document, options: object): Promise<unknown> } }).axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      resultTypes: ["violations", "incomplete"],
    }),
  )) as Run;
  return [
    ...violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${help} at ${JSON.stringify(target)} ${failureSummary ?? ""}`)),
    // What axe could not decide, but for the contrast of what lies under a window or a note.
    ...incomplete.filter(({ id }) => id !== "color-contrast").flatMap(({ id, nodes }) => nodes.map(({ target, any }) => `undecided ${id} at ${JSON.stringify(target)} ${any[0]?.message ?? ""}`)),
  ];
}

/** Nothing is wider than the window, at any width. */
const overflow = (page: Page): Promise<number> => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

describe.skipIf(noBrowser)("every view", () => {
  let desk: Desk;
  let watched: Watched;
  let page: Page;

  beforeAll(async () => {
    desk = await openDesk({ browser: joinBrowser(inject("browser")), development: true });
    await furnish(desk);
    watched = await desk.open();
    page = watched.page;
    await page.evaluateOnNewDocument(() => {
      const moves: string[] = [];
      (globalThis as unknown as { moves: string[] }).moves = moves;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean; sources: { node: Element | null }[] })[]) {
          if (!entry.hadRecentInput) moves.push(`${entry.value.toFixed(4)} ${entry.sources.map(({ node }) => node?.className ?? "").join(", ")}`);
        }
      }).observe({ type: "layout-shift", buffered: true });
    });
  });
  afterAll(() => desk.close());

  const inspect = async (): Promise<void> => {
    for (const look of looks) {
      await setLook(page, look);
      expect(await findings(page), `${look.scheme}, ${look.width} pixels`).toEqual([]);
      expect(await overflow(page), `${look.width} pixels`).toBe(0);
      expect(await page.$$eval("[popover]:not(:popover-open) *", (items) => items.filter((item) => item.checkVisibility()).map(({ textContent }) => textContent)), "what shows of closed menus").toEqual([]);
    }
    await setLook(page, looks[0] as Look);
  };
  const moves = (): Promise<string[]> => page.evaluate(() => (globalThis as unknown as { moves: string[] }).moves);
  const visit = async (path: string, text: string): Promise<void> => {
    await page.goto(desk.service.url + path);
    await seeText(page, text);
    await page.evaluate(() => document.fonts.ready);
    expect(await moves(), path).toEqual([]);
  };

  test("signing in, with a failure", async () => {
    await visit("/", "Sign in as");
    await inspect();
    await click(page, "button", "Sign in");
    await seeText(page, "Paste a token.");
    await type(page, "Token", "nonsense");
    await click(page, "button", "Sign in");
    await seeText(page, "The token is not valid.");
    await inspect();
  });

  test("signed in", async () => {
    await signIn(page, desk.service);
    expect(await page.title()).toBe("Tags · Settings · Qualytics");
  });

  test.each([
    ["/", "No tags"],
    ["/settings/tokens", "ci-cd-pipeline"],
    ["/settings/security", "Pipeline Automation"],
    ["/settings/audit", "Token generated"],
    ["/settings/nowhere", "There is no page here"],
    ["/cli/authorize?redirect_uri=http%3A%2F%2Flocalhost%3A9%2F&state=s&hostname=ada-laptop", "Authorize the command line?"],
  ])("%s", async (path, text) => {
    await visit(path, text);
    await inspect();
  });

  test("service tokens, a search without a match, a menu", async () => {
    await visit("/settings/tokens", "ci-cd-pipeline");
    await click(page, "radio", "Service tokens");
    await seeText(page, "ingest-2026-q4");
    await inspect();
    await click(page, "button", "Actions for alation-trial");
    await page.waitForSelector(".menu:popover-open");
    expect(await findings(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await type(page, "Search tokens and service users", "no such thing", "searchbox");
    await seeText(page, "No token matches");
    await inspect();
  });

  test("generating: the window, its complaints, the secret", async () => {
    await visit("/settings/tokens", "ci-cd-pipeline");
    await click(page, "button", "Generate Token");
    await click(page, "button", "Generate");
    await seeText(page, "Give the token a name");
    await inspect();
    await type(page, "Name", "audit-me");
    await click(page, "button", "Generate");
    await page.waitForSelector(".secret");
    await inspect();
    await click(page, "button", "Close");
    await gone(page, "dialog");
  });

  test("messages, and the windows that ask", async () => {
    await pick(page, "audit-me", "Revoke");
    await seeText(page, "User token successfully revoked");
    await inspect();
    await pick(page, "audit-me", "Delete");
    await find(page, "alertdialog", "Delete Token");
    await inspect();
    await click(page, "button", "Cancel");
    await pick(page, "bootstrap", "Revoke");
    await find(page, "alertdialog", "Revoke Token");
    await inspect();
    await click(page, "button", "Cancel");
  });

  test("adding, editing and deactivating a service user", async () => {
    await visit("/settings/security", "Pipeline Automation");
    await click(page, "checkbox", "Show deactivated");
    await seeText(page, "Retired Exporter");
    await inspect();
    await click(page, "button", "Add");
    await click(page, "menuitem", "Service User");
    await click(page, "button", "Next");
    await seeText(page, "Give the service user a name");
    await inspect();
    await type(page, "Name", "Newcomer");
    await click(page, "button", "Next");
    await seeText(page, "Step 2 of 2");
    await inspect();
    await page.keyboard.press("Escape");
    await pick(page, "Data Ingest", "Edit");
    await find(page, "checkbox", "Ops");
    await inspect();
    await page.keyboard.press("Escape");
    await pick(page, "Data Ingest", "Deactivate");
    await click(page, "button", "Deactivate");
    await seeText(page, "The user has active tokens");
    await inspect();
    await click(page, "button", "Cancel");
  });

  test("a list that cannot be loaded, and one that is empty", async () => {
    await page.setRequestInterception(true);
    const answer = { body: "{}", status: 503 };
    page.on("request", (request) => {
      if (new URL(request.url()).pathname === "/api/user-tokens") void request.respond({ status: answer.status, contentType: "application/json", body: answer.body });
      else void request.continue();
    });
    await visit("/settings/tokens", "This could not be loaded");
    await inspect();
    Object.assign(answer, { status: 200, body: "[]" });
    await click(page, "button", "Try again");
    await seeText(page, "No tokens yet");
    await inspect();
    await page.setRequestInterception(false);
  });

  test("and the browser had nothing to complain about", () => {
    expect(watched.complaints).toEqual([]);
  });
});
