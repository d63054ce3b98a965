// Starting: the administrator's token, the signing key, and what is said when something
// outside has to change first. One folder serves all tests; each leaves it stopped.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseListenAddress, urlOf } from "../../server/listen-address.ts";
import { type TokenServiceOptions, type TokenService, startTokenService } from "../support/token-service.ts";
import { onEachStorage } from "./storages.ts";
import { claimsOf } from "./world.ts";

const program = join(import.meta.dirname, "../../cli/main.ts");

let folder: string;
let data: string;
let file: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "token-start-"));
  data = join(folder, "data");
  file = join(folder, "admin-token");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function withService<Result>(options: TokenServiceOptions, use: (service: TokenService) => Promise<Result> | Result): Promise<Result> {
  const service = await startTokenService({ data, adminTokenFile: file, ...options });
  try {
    return await use(service);
  } finally {
    await service.close();
  }
}

const failure = (options: TokenServiceOptions): Promise<{ code: string; message: string }> =>
  startTokenService({ data, adminTokenFile: file, ...options }).then(
    (service) => service.close().then(() => Promise.reject(new Error("It started."))),
    (cause: { code: string; message: string }) => cause,
  );

/** A sentence that names the culprit and says what to do. */
function expectAdvice(told: { code: string; message: string }, code: string, ...words: string[]): void {
  expect(told.code, told.message).toBe(code);
  for (const word of words) expect(told.message).toContain(word);
  expect(told.message).toMatch(/^[A-Z].*[.)]$/s);
}

const me = async (service: TokenService, token = service.adminToken): Promise<number> => (await service.api("GET", "/api/users/me", undefined, token)).status;

describe("the administrator's token", () => {
  onEachStorage(({ place }) => {
    let data: string;
    let file: string;
    const withIt = <Result>(use: (service: TokenService) => Promise<Result> | Result): Promise<Result> => withService({ data, adminTokenFile: file }, use);

    beforeAll(async () => {
      data = await place();
      file = join(mkdtempSync(join(folder, "admin-")), "token");
    });

    it("is written for the owner's eyes, works, and is kept by the next start", async () => {
      const first = await withIt(async (service) => {
        expect(await me(service)).toBe(200);
        expect(claimsOf(service.adminToken)).toMatchObject({ sub: "admin", iss: "qualytics" });
        return service.adminToken;
      });
      expect(statSync(file).mode & 0o777).toBe(0o600);
      chmodSync(file, 0o644);
      await withIt((service) => expect(service.adminToken).toBe(first));
      expect(statSync(file).mode & 0o777).toBe(0o600);
    });

    it("is renewed when the file has none or one that no longer works, and earlier ones stay", async () => {
      const first = readFileSync(file, "utf8").trim();
      writeFileSync(file, "");
      const second = await withIt(async (service) => {
        expect([await me(service), await me(service, first)]).toEqual([200, 200]);
        const tokens = await service.api<{ id: number; name: string }[]>("GET", "/api/user-tokens");
        expect(tokens.body.map(({ name }) => name)).toEqual(["bootstrap", "bootstrap-2"]);
        await service.api("PUT", `/api/user-tokens/${tokens.body[1]?.id}`, {}, first);
        return service.adminToken;
      });
      expect(second).not.toBe(first);
      await withIt(async (service) => {
        expect(service.adminToken).not.toBe(second);
        expect([await me(service), await me(service, second)]).toEqual([200, 401]);
      });
    });

    it("gets a demoted administrator back in", async () => {
      await withIt(async (service) => {
        const { body } = await service.api("GET", "/api/users/me");
        expect((await service.api("PUT", `/api/users/${String(body["id"])}`, { role: "Member" })).status).toBe(200);
        expect((await service.api("GET", "/api/users")).status).toBe(403);
      });
      await withIt(async (service) => expect((await service.api("GET", "/api/users")).status).toBe(200));
    });

    it("never overwrites what is no token, and needs a folder to lie in", async () => {
      const foreign = join(folder, "notes.txt");
      writeFileSync(foreign, "something of mine\n");
      expectAdvice(await failure({ data, adminTokenFile: foreign }), "admin-token-file-unusable", foreign, "--admin-token-file");
      expect(readFileSync(foreign, "utf8")).toBe("something of mine\n");
      expectAdvice(await failure({ data, adminTokenFile: join(folder, "no", "such", "folder") }), "admin-token-file-unusable", "existing folder");
      expectAdvice(await failure({ data, adminTokenFile: folder }), "admin-token-file-unusable", folder);
    });
  });
});

describe("the signing key", () => {
  const key = (): string => join(data, "signing-key");

  beforeAll(() => withService({}, async (service) => expect(await me(service)).toBe(200)));

  it("that is too short or unreadable is named", async () => {
    const kept = readFileSync(key(), "utf8");
    writeFileSync(key(), "short");
    expectAdvice(await failure({}), "signing-key-unusable", key(), "32");
    rmSync(key());
    mkdirSync(key());
    expectAdvice(await failure({}), "signing-key-unusable", key());
    rmSync(key(), { recursive: true });
    writeFileSync(key(), kept, { mode: 0o600 });
    expectAdvice(await failure({ server: { signingSecret: "also short" } }), "signing-key-unusable", "JWT_SIGNING_SECRET");
    await withService({}, async (service) => expect(await me(service)).toBe(200));
  });

  it("that others can read is refused, and left as it is", async () => {
    const kept = readFileSync(key(), "utf8");
    chmodSync(key(), 0o640);
    expectAdvice(await failure({}), "signing-key-unusable", key(), "chmod 600");
    expect([readFileSync(key(), "utf8"), statSync(key()).mode & 0o777]).toEqual([kept, 0o640]);
    chmodSync(key(), 0o600);
    await withService({}, async (service) => expect(await me(service)).toBe(200));
  });

  it("may come from the environment; a new one ends the old tokens and is announced", async () => {
    const old = readFileSync(file, "utf8").trim();
    process.env["JWT_SIGNING_SECRET"] = "x".repeat(32);
    try {
      await withService({}, async (service) => {
        expect([await me(service), await me(service, old)]).toEqual([200, 401]);
        expect(service.logs()).toContain("The signing key is another one");
      });
      await withService({}, (service) => expect(service.logs()).not.toContain("The signing key is another one"));
    } finally {
      delete process.env["JWT_SIGNING_SECRET"];
    }
  });

  it("does not help where the deployment refuses its own tokens", async () => {
    await withService({ server: { acceptTokens: false } }, async (service) => {
      const answer = await service.api("GET", "/api/users/me");
      expect([answer.status, answer.headers.get("www-authenticate")]).toEqual([401, "Bearer"]);
      expect((await service.api("GET", "/api/health")).status).toBe(204);
    });
  });
});

describe("the data folder", () => {
  it("belongs to one service at a time, and a dead one holds nothing", async () => {
    const other = await startTokenService({ data, adminTokenFile: file, inProcess: false });
    expectAdvice(await failure({ adminTokenFile: join(folder, "second") }), "data-in-use", data, "--data");
    expect(existsSync(join(folder, "second"))).toBe(false);
    // The program says the same sentence, and nothing else.
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, "server", "--listen", "127.0.0.1:0", "--data", data, "--admin-token-file", file], { encoding: "utf8" });
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^[^\n]*The data folder .* is in use by another token service: stop that one first[^\n]*\n$/);
    await other.kill();
    await withService({}, async (service) => {
      expect(await me(service)).toBe(200);
      // Within one process too.
      expectAdvice(await failure({}), "data-in-use", data);
    });
  });

  it("that cannot be one is named", async () => {
    expectAdvice(await failure({ data: file }), "data-unusable", file);
    expectAdvice(await failure({ data: "mysql://localhost/x" }), "data-unusable", "mysql://", "postgres://");
    expectAdvice(await failure({ data: "" }), "data-unusable", "--data");
  });
});

describe("the address", () => {
  it("that is taken or no address is named, and the data is free again", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const { port } = other.address() as AddressInfo;
    expectAdvice(await failure({ listen: `127.0.0.1:${port}` }), "listen-unusable", String(port), "--listen");
    other.close();
    expectAdvice(await failure({ listen: "nonsense" }), "listen-unusable", "HOST:PORT");
    await withService({ listen: "localhost:0" }, async (service) => expect(await me(service)).toBe(200));
  });

  it.each([
    ["127.0.0.1:8080", "http://127.0.0.1:8080"],
    ["localhost:1", "http://localhost:1"],
    [":80", "http://127.0.0.1:80"],
    ["0.0.0.0:80", "http://127.0.0.1:80"],
    ["[::1]:80", "http://[::1]:80"],
    ["[::]:80", "http://[::1]:80"],
  ])("%s answers at %s", (text, url) => {
    expect(urlOf(parseListenAddress(text))).toBe(url);
  });

  it.each(["", "8080", "host", "host:", "host:70000", "::1:80", "a:b:1", "http://x:1"])("%j is none", (text) => {
    expect(() => parseListenAddress(text)).toThrow("HOST:PORT");
  });
});

it("a stop may be asked for twice and lets nobody in afterwards", async () => {
  const service = await startTokenService({ data, adminTokenFile: file });
  await Promise.all([service.close(), service.close()]);
  await expect(fetch(service.url)).rejects.toThrow();
});
