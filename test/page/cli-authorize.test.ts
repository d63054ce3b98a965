// The command line's login, as the vendor's client does it: it listens on this machine,
// opens the browser, and waits to be called back with a token.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { joinBrowser, noBrowser } from "../support/browser.ts";
import { type Desk, click, find, openDesk, paste, seeText } from "./desk.ts";

describe.skipIf(noBrowser)("the command line's login", () => {
  let desk: Desk;
  beforeAll(async () => {
    desk = await openDesk({ browser: joinBrowser(inject("browser")) });
  });
  afterAll(() => desk.close());

  /** The waiting client: its address, and what it was called back with. */
  async function client(): Promise<{ address: string; called: Promise<URLSearchParams>; close(): void }> {
    let hear: (query: URLSearchParams) => void;
    const called = new Promise<URLSearchParams>((resolve) => (hear = resolve));
    const server = createServer((request, answer) => {
      const url = new URL(request.url ?? "/", "http://localhost");
      if (url.pathname === "/callback") hear(url.searchParams);
      answer.setHeader("content-type", "text/html").end("<title>done</title>You can close this window.");
    });
    await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
    return { address: `http://localhost:${(server.address() as AddressInfo).port}/callback`, called, close: () => server.close() };
  }

  test("signed out: sign in first, then agree; the token works and stands in the list", async () => {
    const { page, close } = await desk.open();
    const waiting = await client();
    await page.goto(`${desk.service.url}/api/cli/authorize?${new URLSearchParams({ redirect_uri: waiting.address, state: "s-1", hostname: "ada-laptop" }).toString()}`);
    await seeText(page, "Sign in first.");
    await paste(page, "Token", desk.service.adminToken);
    await click(page, "button", "Sign in");
    await find(page, "heading", "Authorize the command line?");
    await seeText(page, "ada-laptop");
    await click(page, "button", "Authorize");
    const query = await waiting.called;
    expect(query.get("state")).toBe("s-1");
    expect((await desk.service.api("GET", "/api/users/me", undefined, query.get("token"))).status).toBe(200);
    await page.goto(`${desk.service.url}/settings/tokens`);
    await seeText(page, "cli-ada-laptop");
    waiting.close();
    await close();
  });

  test("opening the page gives nobody a token; refusing tells the client", async () => {
    const { page, close } = await desk.open();
    const count = async (): Promise<number> => (await desk.service.api<unknown[]>("GET", "/api/user-tokens")).body.length;
    const before = await count();
    const waiting = await client();
    await page.goto(`${desk.service.url}/cli/authorize?${new URLSearchParams({ redirect_uri: waiting.address, state: "s-2" }).toString()}`);
    await paste(page, "Token", desk.service.adminToken);
    await click(page, "button", "Sign in");
    await click(page, "button", "Cancel");
    const query = await waiting.called;
    expect([query.get("error"), query.get("state"), query.get("token")]).toEqual(["access_denied", "s-2", null]);
    expect(await count()).toBe(before);
    waiting.close();
    await close();
  });

  test("a client that is elsewhere is refused in words", async () => {
    const { page, close } = await desk.open();
    await page.goto(`${desk.service.url}/cli/authorize?redirect_uri=https%3A%2F%2Fevil.example%2F`);
    await paste(page, "Token", desk.service.adminToken);
    await click(page, "button", "Sign in");
    await click(page, "button", "Authorize");
    await seeText(page, "The address to return to is not on this machine");
    await close();
  });
});
