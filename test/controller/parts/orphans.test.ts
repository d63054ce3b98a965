// The sweep ends nothing while a kind is only taken for empty: what it declares has not been seen.
import { expect, it } from "vitest";
import { Caches } from "../../../controller/caches.ts";
import { projectIssuer } from "../../../controller/issuer-object.ts";
import { Orphans } from "../../../controller/orphans.ts";
import { silentLogger } from "../../../controller/runtime/index.ts";
import { markOf, tokenName } from "../../../core/name.ts";
import type { Remote } from "../../../core/observed.ts";
import type { TokenApi } from "../../../tokenapi/api.ts";
import { IssuerSession } from "../../../tokenapi/issuer.ts";

const mark = markOf("scope", "ServiceToken/data/ingest");
const issuer = projectIssuer("TokenIssuer")({ metadata: { name: "qualytics", namespace: "data" }, spec: { url: "https://q", resyncInterval: "1s", credentialsSecretRef: { name: "x" } } });

it("clears nothing before every kind has been seen as it is", async () => {
  let now = 1_767_225_600_000;
  const ended: number[] = [];
  const unused: Remote = { id: 7, name: tokenName("data-ingest", mark, 1), created: now - 3_600_000, active: true, expires: null, lastUsed: null, owner: 11 };
  const api = {
    clockOffset: 0,
    me: () => Promise.resolve({ id: 1, userId: "admin", name: "Admin", role: "Admin", type: "Human", teams: [], active: true }),
    tokens: () => Promise.resolve([unused]),
    revoke: (id: number) => {
      ended.push(id);
      return Promise.resolve({ ...unused, active: false });
    },
    delete: (id: number) => {
      ended.push(id);
      return Promise.resolve();
    },
  } as unknown as TokenApi;
  const clock = { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() };
  const session = await IssuerSession.open(api, { url: "https://q", resyncInterval: 1_000, clock });
  const caches = new Caches("cluster", silentLogger);
  const orphans = new Orphans({ caches, markOf: (kind, key) => markOf("scope", `${kind}/${key}`), guard: () => undefined, log: silentLogger });
  for (let look = 0; look < 4; look++) {
    now += 5_000;
    await session.tokens("service").refresh(now - 1);
    expect(await orphans.sweep(issuer, session)).toEqual({ left: [], cleared: [], retired: [] });
  }
  expect(ended).toEqual([]);
  // The same list is enough as soon as everything has been seen.
  caches.complete = () => true;
  for (let look = 0; look < 2; look++) {
    now += 5_000;
    await session.tokens("service").refresh(now - 1);
    await orphans.sweep(issuer, session);
  }
  expect(ended).toEqual([7, 7]);
});
