// What a list shows besides its rows: states by date, long lists, strange names, a service
// that is slow, that refuses, that forgets who is signed in. And what each role is offered.
import type { HTTPRequest, Page } from "puppeteer-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from "vitest";
import { type Watched, joinBrowser, noBrowser } from "../support/browser.ts";
import { type Desk, choose, click, enter, find, gone, has, itemsOf, names, openDesk, pick, rowOf, seeText, signIn, type } from "./desk.ts";
import { furnish } from "./scenery.ts";

const red = "rgb(208, 58, 47)";

describe.skipIf(noBrowser)("states of the lists", () => {
  let desk: Desk;
  let watched: Watched;
  let page: Page;

  beforeAll(async () => {
    desk = await openDesk({ browser: joinBrowser(inject("browser")), development: true });
    await furnish(desk);
  });
  afterAll(() => desk.close());
  beforeEach(async () => {
    watched = await desk.open();
    page = watched.page;
    await enter(page, desk.service, "/settings/tokens");
    await seeText(page, "ci-cd-pipeline");
  });
  afterEach(() => watched.close());

  /** Answers of the list of own tokens, from now on. */
  const intercept = async (answer: (request: HTTPRequest) => void): Promise<void> => {
    await page.setRequestInterception(true);
    page.on("request", (request) => {
      if (new URL(request.url()).pathname === "/api/user-tokens" && request.method() === "GET") answer(request);
      else void request.continue();
    });
  };
  const token = (id: number, name: string, more: object = {}): object => ({ id, created: "2026-01-15T10:30:00Z", name, active: true, expiration: null, last_used: null, user: { id: 1, name: "A", user_id: "a", role: "Admin" }, ...more });
  const json = (body: unknown): { status: number; contentType: string; body: string } => ({ status: 200, contentType: "application/json", body: JSON.stringify(body) });

  test("expired is red and can only be deleted; nearly expired says so", async () => {
    const expired = await rowOf(page, "dbt-migration");
    expect(expired.dot).toBe(red);
    expect(expired.text).toMatch(/dbt-migration Expired .* 40 days ago Last Used/);
    expect(await itemsOf(page, "dbt-migration")).toEqual(["Delete"]);
    expect((await rowOf(page, "ci-cd-pipeline")).text).toContain("Expiring soon: in 19 days");
    expect((await rowOf(page, "status-board")).text).toContain("Never Not Used");
  });

  test("filter, search and order", async () => {
    await click(page, "radio", "Expiring soon 1");
    expect(await names(page)).toEqual(["ci-cd-pipeline"]);
    await click(page, "radio", "Revoked 1");
    expect(await names(page)).toEqual(["old-laptop"]);
    await click(page, "radio", "Expired 1");
    expect(await names(page)).toEqual(["dbt-migration"]);
    await click(page, "radio", "All 7");
    await type(page, "Search tokens", "LAP", "searchbox");
    expect(await names(page)).toEqual(["laptop", "old-laptop"]);
    expect(await page.evaluate(() => location.href)).not.toContain("LAP");
    await type(page, "Search tokens", "nothing like it", "searchbox");
    await click(page, "button", "Show all tokens");
    expect((await names(page)).length).toBe(7);
    await click(page, "button", "Expiration");
    expect((await names(page))[0]).toBe("dbt-migration");
    // What never expires comes last.
    expect((await names(page)).slice(-2).toSorted()).toEqual(["bootstrap", "status-board"]);
    await page.setViewport({ width: 360, height: 740 });
    await choose(page, "Sort by", "Used last");
    expect(["laptop", "ci-cd-pipeline", "dbt-migration", "old-laptop"]).toEqual(expect.arrayContaining((await names(page)).slice(1, 5)));
  });

  test("ten thousand tokens: fifty at a time, found by search", async () => {
    const many = Array.from({ length: 10_000 }, (_, index) => token(index + 1, `token-${String(index + 1).padStart(5, "0")}`));
    await intercept((request) => void request.respond(json(many)));
    await page.reload();
    await seeText(page, "Page 1 of 200");
    expect((await names(page)).length).toBe(50);
    await click(page, "button", "Next");
    await seeText(page, "Page 2 of 200");
    await type(page, "Search tokens", "07777", "searchbox");
    await page.waitForFunction(() => document.querySelectorAll("[data-token]").length === 1);
    expect(await names(page)).toEqual(["token-07777"]);
  });

  test("names are text, whatever they look like", async () => {
    const nasty = `<img src=x onerror=alert(1)> "quoted" ' & \u202Erelbat\u202C ${"é".repeat(40)} ${"w".repeat(160)}`;
    await intercept((request) => void request.respond(json([token(1, nasty), token(2, "名前 🗝️")])));
    await page.setViewport({ width: 360, height: 740 });
    await page.reload();
    await seeText(page, "名前");
    expect((await names(page)).includes(nasty)).toBe(true);
    expect(await page.$("img")).toBeNull();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
    expect(watched.complaints).toEqual([]);
  });

  test("a slow answer shows that it is on its way; a late one replaces nothing newer", async () => {
    const waiting: HTTPRequest[] = [];
    await intercept((request) => waiting.push(request));
    await page.reload();
    await page.waitForFunction(() => document.querySelector('.skeleton[role="status"]')?.textContent === "Loading tokens");
    await click(page, "radio", "Service tokens");
    await seeText(page, "ingest-2026-q4");
    for (const request of waiting) await request.respond(json([token(1, "late")]));
    await seeText(page, "ingest-2026-q4");
    expect(await names(page)).not.toContain("late");
  });

  test("no answer, too many requests: a sentence that says what to do", async () => {
    let fail: (request: HTTPRequest) => void = (request) => void request.abort();
    await intercept((request) => fail(request));
    await page.reload();
    await seeText(page, "The service does not answer. Look at your connection, and try again.");
    fail = (request) => void request.respond({ status: 429, headers: { "retry-after": "3" }, contentType: "application/json", body: "{}" });
    await click(page, "button", "Try again");
    await seeText(page, "Too many requests. Try again in 3 seconds.");
    fail = (request) => void request.continue();
    await click(page, "button", "Try again");
    await seeText(page, "ci-cd-pipeline");
  });

  test("a name that is taken is told at the field, and nothing typed is lost", async () => {
    await click(page, "button", "Generate Token");
    await type(page, "Name", "laptop");
    await choose(page, "Expiration", "1 year");
    await click(page, "button", "Generate");
    await seeText(page, "There is a token of this name already");
    // The field is given the focus once the sentence stands there.
    await page.waitForFunction(() => (document.activeElement as HTMLInputElement).value === "laptop");
    await type(page, "Name", "laptop-2");
    await click(page, "button", "Generate");
    await page.waitForSelector(".secret");
    await page.goto(`${desk.service.url}/settings/tokens`);
    await seeText(page, "laptop-2");
    expect((await rowOf(page, "laptop-2")).text).toMatch(/in 1[12] months/);
  });

  test("somebody else was faster: it is told, and the list is true again", async () => {
    const { body } = await desk.service.api<{ id: number; name: string }[]>("GET", "/api/user-tokens");
    const id = body.find(({ name }) => name === "notebook-exports")?.id;
    await desk.service.api("PUT", `/api/user-tokens/${id}`, {});
    await desk.service.api("DELETE", `/api/user-tokens/${id}`);
    await pick(page, "notebook-exports", "Revoke");
    await seeText(page, "Token not found.");
    await page.waitForFunction(() => !document.body.innerText.includes("notebook-exports"));
  });

  test("revoking the token one signed in with is asked about, and ends the session", async () => {
    const { body } = await desk.service.api<{ bearer_token: string }>("POST", "/api/user-tokens", { name: "short-lived" });
    await click(page, "button", "Sign out");
    await signIn(page, desk.service, "/settings/tokens", body.bearer_token);
    await seeText(page, "This session");
    await pick(page, "short-lived", "Revoke");
    await find(page, "alertdialog", "Revoke Token");
    await click(page, "button", "Revoke");
    await find(page, "heading", "Sign in");
    await seeText(page, "The session has ended. Sign in again.");
    await gone(page, "dialog");
  });

  test.each([
    ["Mo Member", ["Tags", "Tokens"], false],
    ["Mara Manager", ["Tags", "Tokens", "Security"], true],
  ])("%s is offered what the role may do, and starts with no token", async (person, tabs, users) => {
    await click(page, "button", "Sign out");
    await click(page, "button", `${person} ${person.split(" ")[1] ?? ""}`);
    await click(page, "link", "Tokens");
    await seeText(page, "No tokens yet");
    expect(await page.$$eval(".tabs a", (links) => links.map((link) => link.textContent))).toEqual(tabs);
    expect(await has(page, "radio", "Service tokens")).toBe(false);
    await click(page, "button", "Generate Token");
    expect(await has(page, "combobox", "Type")).toBe(false);
    expect(await has(page, "checkbox", "SCIM Administration Token")).toBe(false);
    await page.keyboard.press("Escape");
    if (!users) return;
    await click(page, "link", "Security");
    await seeText(page, "Data Ingest");
    expect(await has(page, "button", "Add")).toBe(false);
    expect(await has(page, "button", "Actions for Data Ingest")).toBe(false);
  });

  test("revoked and past its end, it cannot come back", async () => {
    const restorable = async (): Promise<string[]> => {
      await click(page, "radio", "Service tokens");
      await seeText(page, "alation-trial");
      return itemsOf(page, "alation-trial");
    };
    expect(await restorable()).toEqual(["Restore", "Delete"]);
    desk.clock.now += 31 * 86_400_000;
    await page.reload();
    await find(page, "heading", "Sign in");
    await enter(page, desk.service, "/settings/tokens");
    expect(await restorable()).toEqual(["Delete"]);
  });
});
