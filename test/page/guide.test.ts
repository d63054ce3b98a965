// The user guide's steps, clicked one after the other, in its words.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Watched, joinBrowser, noBrowser } from "../support/browser.ts";
import { type Desk, choose, click, find, gone, has, itemsOf, openDesk, pick, rowOf, seeText, signIn, type } from "./desk.ts";

const green = "rgb(23, 138, 76)";
const orange = "rgb(217, 115, 13)";

describe.skipIf(noBrowser)("the guide's steps", () => {
  let desk: Desk;
  let watched: Watched;
  let page: Page;
  let downloads: string;

  beforeAll(async () => {
    desk = await openDesk({ browser: joinBrowser(inject("browser")) });
    watched = await desk.open();
    page = watched.page;
    downloads = mkdtempSync(join(tmpdir(), "page-downloads-"));
    const session = await desk.browser.target().createCDPSession();
    const contextId = watched.context.id;
    await session.send("Browser.setDownloadBehavior", { behavior: "allow", downloadPath: downloads, ...(contextId === undefined ? {} : { browserContextId: contextId }) });
    await watched.context.overridePermissions(desk.service.url, ["clipboard-read", "clipboard-write"]);
  });
  afterAll(async () => {
    await desk.close();
    rmSync(downloads, { recursive: true, force: true });
  });

  const works = async (token: string): Promise<number> => (await desk.service.api("GET", "/api/users/me", undefined, token)).status;
  const shownSecret = (): Promise<string> => page.$eval(".secret", (element) => element.textContent ?? "");
  let secret = "";

  test("log in, Settings, Tags by default, then the Tokens tab", async () => {
    await signIn(page, desk.service);
    await click(page, "link", "Settings");
    await find(page, "heading", "Tags");
    await click(page, "link", "Tokens");
    await find(page, "heading", "Tokens");
    expect(new URL(page.url()).pathname).toBe("/settings/tokens");
    expect((await rowOf(page, "bootstrap")).text).toContain("This session");
  });

  test("Generate Token: Name and Expiration, then Generate shows the secret once", async () => {
    const button = await find(page, "button", "Generate Token");
    const box = await button.boundingBox();
    const table = await (await page.$("table"))?.boundingBox();
    // At the top right.
    expect((box?.x ?? 0) + (box?.width ?? 0)).toBeCloseTo((table?.x ?? 0) + (table?.width ?? 0), 0);
    expect(box?.y ?? 0).toBeLessThan(table?.y ?? 0);
    await button.click();
    await find(page, "dialog", "Generate Token");
    const offered = await (await find(page, "combobox", "Expiration")).evaluate((select) => [...(select as HTMLSelectElement).options].map(({ label }) => label));
    expect(offered).toEqual(["30 days", "60 days", "90 days", "1 year", "Never"]);
    await type(page, "Name", "ci-cd/pipeline");
    await choose(page, "Expiration", "30 days");
    await click(page, "button", "Generate");
    await seeText(page, "Make sure to copy your secret key as you won't be able to see it again.");
    secret = await shownSecret();
    expect(secret).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(await works(secret)).toBe(200);
  });

  test("copy and download", async () => {
    await click(page, "button", "Copy");
    await seeText(page, "Copied");
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(secret);
    await click(page, "button", "Download");
    await expect.poll(() => readdirSync(downloads).filter((name) => name.endsWith(".txt")), { timeout: 60_000 }).toEqual(["ci-cd_pipeline-token.txt"]);
    expect(readFileSync(join(downloads, "ci-cd_pipeline-token.txt"), "utf8")).toBe(`${secret}\n`);
  });

  test("once closed, the secret is nowhere in the browser", async () => {
    await click(page, "button", "Close");
    await gone(page, "dialog");
    const traces = async (): Promise<string> =>
      page.evaluate(async () => {
        const cached = await Promise.all((await caches.keys()).map(async (key) => JSON.stringify(await (await caches.open(key)).keys())));
        const databases = JSON.stringify(await indexedDB.databases());
        const fields = [...document.querySelectorAll("input, select, textarea")].map((field) => (field as HTMLInputElement).value);
        const attributes = document.documentElement.outerHTML;
        return JSON.stringify([attributes, fields, { ...localStorage }, { ...sessionStorage }, document.cookie, location.href, history.state, cached, databases, performance.getEntries().map(({ name }) => name)]);
      });
    expect(await traces()).not.toContain(secret.split(".")[2]);
    await page.reload();
    await find(page, "heading", "Tokens");
    expect(await traces()).not.toContain(secret.split(".")[2]);
    // Neither does going back bring it.
    await page.goBack();
    await page.goForward();
    await find(page, "heading", "Tokens");
    expect(await traces()).not.toContain(secret.split(".")[2]);
    const session = await page.createCDPSession();
    const { cookies } = await session.send("Network.getAllCookies");
    expect(JSON.stringify(cookies)).not.toContain(secret);
  });

  test("the row has name, created, expiration, Last Used and a green dot", async () => {
    const used = await rowOf(page, "ci-cd/pipeline");
    expect(used.text).toMatch(/^ci-cd\/pipeline Active \d+ \w+ \d{4} \d+ \w+ \d{4} in (29|30) days Last Used /);
    expect(used.dot).toBe(green);
  });

  test("⋮ Revoke: the message, an orange dot, and the token stops", async () => {
    expect(await itemsOf(page, "ci-cd/pipeline")).toEqual(["Revoke"]);
    await pick(page, "ci-cd/pipeline", "Revoke");
    await seeText(page, "User token successfully revoked");
    expect(await rowOf(page, "ci-cd/pipeline")).toMatchObject({ text: expect.stringContaining("Revoked"), dot: orange });
    expect(await works(secret)).toBe(401);
  });

  test("⋮ Restore: the message, green again, and the same secret works", async () => {
    expect(await itemsOf(page, "ci-cd/pipeline")).toEqual(["Restore", "Delete"]);
    await pick(page, "ci-cd/pipeline", "Restore");
    await seeText(page, "User token successfully restored");
    expect((await rowOf(page, "ci-cd/pipeline")).dot).toBe(green);
    expect(await works(secret)).toBe(200);
  });

  test("⋮ Delete: the window Delete Token, then the message, and the row is gone", async () => {
    await pick(page, "ci-cd/pipeline", "Revoke");
    await seeText(page, "User token successfully revoked");
    await pick(page, "ci-cd/pipeline", "Delete");
    await find(page, "alertdialog", "Delete Token");
    await click(page, "button", "Cancel");
    await gone(page, "dialog");
    expect((await rowOf(page, "ci-cd/pipeline")).text).not.toBe("");
    await pick(page, "ci-cd/pipeline", "Delete");
    await click(page, "button", "Delete");
    await seeText(page, "User token successfully deleted");
    await gone(page, "dialog");
    expect((await rowOf(page, "ci-cd/pipeline")).text).toBe("");
    expect(await works(secret)).toBe(401);
  });

  test("Security, Add, Service User: the user, Next, its token, Finish", async () => {
    await click(page, "link", "Security");
    await click(page, "button", "Add");
    await click(page, "menuitem", "Service User");
    await find(page, "dialog", "Add Service User");
    await type(page, "Name", "Pipeline Automation");
    await choose(page, "Role", "Editor");
    await click(page, "checkbox", "Data");
    await click(page, "button", "Next");
    await seeText(page, "Step 2 of 2");
    await type(page, "Name", "pipeline-production");
    await choose(page, "Expiration", "1 year");
    await click(page, "button", "Finish");
    await seeText(page, "Make sure to download or copy this token. You won't be able to see it again.");
    secret = await shownSecret();
    await click(page, "button", "Close");
    await gone(page, "dialog");
    await seeText(page, "pipeline_automation@service");
    const user = await desk.service.api("GET", "/api/users/me", undefined, secret);
    expect(user.body).toMatchObject({ name: "Pipeline Automation", role: "Editor", teams: ["Public", "Data"] });
    await seeText(page, "Public, Data");
  });

  test("a service token: generated for a chosen service user, revoked, restored, deleted", async () => {
    await click(page, "link", "Tokens");
    await click(page, "button", "Generate Token");
    await type(page, "Name", "svc-token-prod");
    await choose(page, "Type", "Service");
    await choose(page, "Service User", "Pipeline Automation");
    await choose(page, "Expiration", "Never");
    await click(page, "button", "Generate");
    await page.waitForSelector(".secret");
    await click(page, "button", "Close");
    await gone(page, "dialog");
    // It is in view: the list has changed to service tokens.
    await seeText(page, "svc-token-prod");
    expect((await rowOf(page, "svc-token-prod")).text).toMatch(/svc-token-prod Active Pipeline Automation Editor .* Never Not Used/);
    for (const [item, done] of [["Revoke", "revoked"], ["Restore", "restored"], ["Revoke", "revoked"]] as const) {
      await pick(page, "svc-token-prod", item);
      await seeText(page, `Service token successfully ${done}`);
    }
    await pick(page, "svc-token-prod", "Delete");
    await click(page, "button", "Delete");
    await seeText(page, "Service token successfully deleted");
  });

  test("a service user: edited, its token revoked, deactivated and reactivated", async () => {
    await click(page, "link", "Security");
    await pick(page, "Pipeline Automation", "Edit");
    await choose(page, "Role", "Member");
    await click(page, "button", "Save");
    await seeText(page, "Service user successfully updated");
    await pick(page, "Pipeline Automation", "Deactivate");
    await click(page, "button", "Deactivate");
    await seeText(page, "The user has active tokens");
    await click(page, "button", "Cancel");
    await click(page, "link", "Tokens");
    await click(page, "radio", "Service tokens");
    await pick(page, "pipeline-production", "Revoke");
    await seeText(page, "Service token successfully revoked");
    await click(page, "link", "Security");
    await pick(page, "Pipeline Automation", "Deactivate");
    await click(page, "button", "Deactivate");
    await seeText(page, "Service user successfully deactivated");
    await seeText(page, "No service users yet");
    await click(page, "checkbox", "Show deactivated");
    await pick(page, "Pipeline Automation", "Reactivate");
    await seeText(page, "Service user successfully reactivated");
    expect(await has(page, "button", "Actions for Pipeline Automation")).toBe(true);
  });

  test("the audit log has all of it, and can be narrowed down", async () => {
    await click(page, "link", "Audit");
    await page.waitForSelector("table");
    const actions = (): Promise<string[]> => page.$$eval("table .name", (found) => found.map((one) => one.textContent ?? ""));
    expect(await actions()).toEqual(expect.arrayContaining(["Token generated", "Token revoked", "Token restored", "Token deleted", "User created", "User changed", "User deactivated", "User reactivated", "Signed in"]));
    await choose(page, "Show", "Token deleted");
    await page.waitForFunction(() => {
      const names = [...document.querySelectorAll("table .name")];
      return names.length > 0 && names.every((one) => one.textContent === "Token deleted");
    });
    expect(await actions()).toEqual(["Token deleted", "Token deleted"]);
    await seeText(page, "svc-token-prod · pipeline_automation@service");
    expect(await page.evaluate(() => document.body.innerText)).not.toContain(secret);
  });

  test("sign out ends it", async () => {
    await click(page, "button", "Sign out");
    await find(page, "heading", "Sign in");
    await page.goto(`${desk.service.url}/settings/tokens`);
    await find(page, "heading", "Sign in");
    expect(watched.complaints).toEqual([]);
  });
});
