// The page without a mouse: everything can be reached and done with keys, and the focus is
// never lost.
import type { Page } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { joinBrowser, noBrowser } from "../support/browser.ts";
import { type Desk, find, gone, names, openDesk, rowOf, seeText } from "./desk.ts";

describe.skipIf(noBrowser)("with the keyboard", () => {
  let desk: Desk;
  let page: Page;

  beforeAll(async () => {
    desk = await openDesk({ browser: joinBrowser(inject("browser")) });
    for (const name of ["alpha", "beta", "gamma"]) await desk.service.api("POST", "/api/user-tokens", { name });
    page = (await desk.open()).page;
    await page.goto(desk.service.url);
    await find(page, "textbox", "Token");
  });
  afterAll(() => desk.close());

  /** What has the focus, by its accessible name. */
  const focused = async (): Promise<string> => {
    const node = await page.evaluateHandle(() => document.activeElement);
    const element = node.asElement();
    if (element === null) return "nothing";
    return element.evaluate((one) => {
      const it = one as HTMLElement;
      const label = it.id === "" ? null : document.querySelector(`label[for="${it.id}"]`);
      return it.getAttribute("aria-label") ?? label?.textContent ?? (it === document.body ? "nothing" : (it.closest("label") ?? it).innerText.replace(/\s+/g, " ").trim());
    });
  };
  const press = async (...keys: Parameters<Page["keyboard"]["press"]>[0][]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key);
  };
  /** Tab until it has the focus; never more often than there are stops on the way. */
  const tabTo = async (name: string, back = false): Promise<void> => {
    for (let step = 0; step < 40; step += 1) {
      if ((await focused()) === name) return;
      if (back) await page.keyboard.down("Shift");
      await press("Tab");
      if (back) await page.keyboard.up("Shift");
    }
    throw new Error(`"${name}" cannot be reached with Tab; the focus is on "${await focused()}".`);
  };

  test("signs in and gets to the tokens; the first stop skips what repeats", async () => {
    await tabTo("Token");
    await page.keyboard.sendCharacter(desk.service.adminToken);
    await press("Enter");
    await find(page, "heading", "Tags");
    await page.reload();
    await find(page, "heading", "Tags");
    await press("Tab");
    expect(await focused()).toBe("Skip to content");
    await press("Enter", "Tab");
    expect(await focused()).toBe("Go to Tokens");
    await tabTo("Tokens", true);
    await press("Enter");
    await find(page, "heading", "Tokens");
    expect(await focused()).toBe("Tokens");
  });

  test("generates a token; the focus goes into the window, stays in it, and comes back", async () => {
    await tabTo("Generate Token");
    await press("Enter");
    await find(page, "dialog", "Generate Token");
    expect(await focused()).toBe("Name");
    await press("Enter");
    await seeText(page, "Give the token a name");
    expect(await focused()).toBe("Name");
    const inside = new Set<string>();
    for (let step = 0; step < 12; step += 1) {
      await press("Tab");
      inside.add(await focused());
    }
    for (const outside of ["Settings", "Tokens", "Search tokens", "Sign out"]) expect([...inside]).not.toContain(outside);
    await tabTo("Name");
    await page.keyboard.type("delta");
    await press("Enter");
    await page.waitForSelector(".secret");
    expect(await focused()).toBe("Copy");
    // A slip costs nothing; only then does it close.
    await press("Escape");
    await seeText(page, "Copy or download the token first");
    expect(await page.$(".secret")).not.toBeNull();
    await tabTo("Close");
    await press("Enter");
    await gone(page, "dialog");
    expect(await focused()).toBe("Generate Token");
  });

  test("Escape closes a window without a secret, and gives the focus back", async () => {
    await press("Enter");
    await find(page, "dialog", "Generate Token");
    await press("Escape");
    await gone(page, "dialog");
    expect(await focused()).toBe("Generate Token");
  });

  test("the menu moves with the arrows, closes with Escape, and keeps its place", async () => {
    await tabTo("Actions for beta");
    await press("Enter");
    await page.waitForSelector(".menu:popover-open");
    expect(await focused()).toBe("Revoke");
    await press("Escape");
    expect(await focused()).toBe("Actions for beta");
    await press("Space");
    await page.waitForSelector(".menu:popover-open");
    await press("Enter");
    await seeText(page, "User token successfully revoked");
    expect(await focused()).toBe("Actions for beta");
    expect((await rowOf(page, "beta")).text).toContain("Revoked");
    await press("Enter");
    await page.waitForSelector(".menu:popover-open");
    expect(await focused()).toBe("Restore");
    await press("ArrowDown");
    expect(await focused()).toBe("Delete");
    await press("ArrowDown");
    expect(await focused()).toBe("Restore");
    await press("ArrowUp");
    expect(await focused()).toBe("Delete");
    await press("Home");
    expect(await focused()).toBe("Restore");
    await press("End", "Enter");
    await find(page, "alertdialog", "Delete Token");
    // What cannot be undone is not what Enter does first.
    expect(await focused()).toBe("Cancel");
    await tabTo("Delete");
    await press("Enter");
    await seeText(page, "User token successfully deleted");
    await gone(page, "dialog");
    await expect.poll(focused, { timeout: 30_000 }).toBe("Actions for alpha");
  });

  test("a filter is chosen with the arrows, and a row that it hides leaves the focus at the heading", async () => {
    await tabTo("All 4", true);
    await press("ArrowRight");
    expect(await focused()).toBe("Active 4");
    await tabTo("Actions for alpha");
    await press("Enter");
    await page.waitForSelector(".menu:popover-open");
    await press("Enter");
    await seeText(page, "User token successfully revoked");
    await expect.poll(() => names(page), { timeout: 30_000 }).not.toContain("alpha");
    await expect.poll(focused, { timeout: 30_000 }).toBe("Tokens");
  });

  test("a column's head sorts, and says so", async () => {
    await tabTo("Name");
    await press("Enter");
    expect(await names(page)).toEqual(["bootstrap", "delta", "gamma"]);
    expect(await page.$eval("th[aria-sort]", (head) => [head.textContent, head.getAttribute("aria-sort")])).toEqual(["Name", "ascending"]);
    await press("Enter");
    expect(await names(page)).toEqual(["gamma", "delta", "bootstrap"]);
  });
});
