// How the page is delivered: what its document may load, what may be kept, how small it is.
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TokenService, startTokenService } from "../support/token-service.ts";

let service: TokenService;

beforeAll(async () => {
  service = await startTokenService();
});
afterAll(() => service.close());

interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Buffer;
}

/** As it comes over the wire: nothing is unpacked. */
function get(path: string, headers: Record<string, string> = {}): Promise<Got> {
  return new Promise((resolve, reject) => {
    request(service.url + path, { headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers as Record<string, string>, bytes: Buffer.concat(parts) }));
    })
      .on("error", reject)
      .end();
  });
}

const assetsOf = async (): Promise<string[]> => [...String((await get("/")).bytes).matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path]) => path ?? "");

describe("the page's document", () => {
  it.each(["/", "/settings", "/settings/tags", "/settings/tokens", "/settings/security", "/settings/audit", "/cli/authorize?redirect_uri=x", "/api/cli/authorize?redirect_uri=x"])("%s is one for all views, and is not kept", async (path) => {
    const { status, headers, bytes } = await get(path);
    expect([status, headers["content-type"], headers["cache-control"]]).toEqual([200, "text/html; charset=utf-8", "no-store"]);
    expect(String(bytes)).toContain('<div id="page">');
  });

  it("may load its own files only, and holds no script, style or handler", async () => {
    const { headers, bytes } = await get("/");
    const policy = Object.fromEntries(String(headers["content-security-policy"]).split("; ").map((rule) => [rule.split(" ")[0], rule.split(" ").slice(1).join(" ")]));
    expect(policy).toEqual({
      "default-src": "'none'",
      "script-src": "'self'",
      "style-src": "'self'",
      "font-src": "'self'",
      "img-src": "'self'",
      "connect-src": "'self'",
      "form-action": "'self'",
      "base-uri": "'none'",
      "frame-ancestors": "'none'",
      "require-trusted-types-for": "'script'",
      "trusted-types": "'none'",
    });
    expect(headers).toMatchObject({ "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "cross-origin-opener-policy": "same-origin" });
    expect(String(bytes)).not.toMatch(/<script(?![^>]* src=)|<style| style=| on[a-z]+=/);
    expect(String(bytes)).not.toMatch(/https?:/);
  });

  it("comes with the theme that was chosen, and with nothing else from a cookie", async () => {
    const themeOf = async (cookie: string): Promise<string | undefined> => /<html lang="en"(.*)>/.exec(String((await get("/", { cookie })).bytes))?.[1];
    expect(await themeOf("theme=dark")).toBe(' data-theme="dark"');
    expect(await themeOf('theme="><script>')).toBe("");
    expect(await themeOf("theme=light; theme=x")).toBe(' data-theme="light"');
  });

  it("is a person's answer to a path that is not there; programs get the API's", async () => {
    const person = await get("/nowhere", { accept: "text/html,*/*" });
    expect([person.status, person.headers["content-type"]]).toEqual([404, "text/html; charset=utf-8"]);
    for (const [path, accept] of [["/nowhere", "*/*"], ["/api/nowhere", "text/html"], ["/assets/nowhere.js", "text/html"], ["/assets/..%2f..%2fpackage.json", "text/html"]] as const) {
      const { status, bytes } = await get(path, { accept });
      expect([status, JSON.parse(String(bytes))], path).toEqual([404, { detail: "Not Found" }]);
    }
  });
});

describe("the page's files", () => {
  it("may be kept for ever, and come compressed when asked", async () => {
    const paths = await assetsOf();
    expect(paths.map((path) => path.replace(/-[A-Z0-9]{8}\./, ".")).toSorted()).toEqual(["/assets/geist-latin-wght-normal.woff2", "/assets/main.css", "/assets/main.js"]);
    for (const path of paths) {
      const plain = await get(path);
      expect([plain.status, plain.headers["cache-control"], plain.headers["content-encoding"]], path).toEqual([200, "public, max-age=31536000, immutable", undefined]);
      if (path.endsWith(".woff2")) continue;
      const [br, gzip] = [await get(path, { "accept-encoding": "gzip, deflate, br" }), await get(path, { "accept-encoding": "gzip" })];
      expect([br.headers["content-encoding"], gzip.headers["content-encoding"], br.headers["vary"]]).toEqual(["br", "gzip", "accept-encoding"]);
      expect(brotliDecompressSync(br.bytes).equals(plain.bytes)).toBe(true);
      expect(gunzipSync(gzip.bytes).equals(plain.bytes)).toBe(true);
    }
  });

  it("are few and small: less than 60 kB of script, compressed", async () => {
    const script = (await assetsOf()).find((path) => path.endsWith(".js")) ?? "";
    const { bytes } = await get(script, { "accept-encoding": "gzip" });
    expect(bytes.length).toBeLessThan(60_000);
    expect(bytes.length).toBeGreaterThan(5_000);
  });
});
