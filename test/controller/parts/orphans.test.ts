// The sweep ends nothing while it is not known what is declared: a kind that was not seen, an issuer of another URL that
// may show the same tokens.
import { beforeEach, expect, it } from "vitest";
import { Caches } from "../../../controller/caches.ts";
import { projectIssuer, type IssuerObject } from "../../../controller/issuer-object.ts";
import { projectToken } from "../../../controller/kinds.ts";
import { Orphans, type Swept } from "../../../controller/orphans.ts";
import { silentLogger } from "../../../controller/runtime/index.ts";
import { LifecycleError } from "../../../core/error.ts";
import { markOf, tokenName } from "../../../core/name.ts";
import type { Remote } from "../../../core/observed.ts";
import type { TokenApi } from "../../../tokenapi/api.ts";
import { IssuerSession } from "../../../tokenapi/issuer.ts";

const START = 1_767_225_600_000;
const mark = markOf("scope", "ServiceToken/data/ingest");
const unused: Remote = { id: 7, name: tokenName("data-ingest", mark, 1), created: START - 3_600_000, active: true, expires: null, lastUsed: null, owner: 11 };
const nothing: Swept = { left: [], cleared: [], retired: [] };

const issuer = (name: string, url: string): IssuerObject =>
  projectIssuer("TokenIssuer")({ metadata: { name, namespace: "data", uid: name, resourceVersion: "1" }, spec: { url, resyncInterval: "1s", credentialsSecretRef: { name: "x" } } });

let now: number;
let ended: number[];
let sessions: Map<string, IssuerSession>;
let caches: Caches;
let orphans: Orphans;
let guard: () => void;

/** A session whose API shows these tokens. */
async function open(at: IssuerObject, shown: () => readonly Remote[]): Promise<IssuerSession> {
  const api = {
    clockOffset: 0,
    me: () => Promise.resolve({ id: 1, userId: "admin", name: "Admin", role: "Admin", type: "Human", teams: [], active: true }),
    tokens: () => Promise.resolve(shown()),
    revoke: (id: number) => {
      ended.push(id);
      return Promise.resolve({ ...unused, active: false });
    },
    delete: (id: number) => {
      ended.push(id);
      return Promise.resolve();
    },
  } as unknown as TokenApi;
  const session = await IssuerSession.open(api, { url: at.spec.url, resyncInterval: 1_000, clock: { now: () => now, monotonic: () => now, sleep: () => Promise.resolve() } });
  sessions.set(at.key, session);
  return session;
}

/** Some time later, after a new list. */
async function look(at: IssuerObject): Promise<Swept> {
  now += 5_000;
  const session = sessions.get(at.key) as IssuerSession;
  await session.tokens("service").refresh(now - 1);
  return orphans.sweep(at, session);
}

beforeEach(() => {
  now = START;
  ended = [];
  sessions = new Map();
  caches = new Caches("cluster", silentLogger);
  caches.complete = () => true;
  orphans = new Orphans({ caches, markOf: (kind, key) => markOf("scope", `${kind}/${key}`), sessionOf: (key) => sessions.get(key) ?? null, guard: () => guard(), log: silentLogger });
  guard = () => undefined;
});

it("clears nothing before every kind has been seen as it is", async () => {
  const here = issuer("qualytics", "https://q");
  await open(here, () => [unused]);
  caches.complete = () => false;
  for (let count = 0; count < 4; count++) expect(await look(here)).toEqual(nothing);
  expect(ended).toEqual([]);
  // The same list is enough as soon as everything has been seen.
  caches.complete = () => true;
  for (let count = 0; count < 2; count++) await look(here);
  expect(ended).toEqual([7, 7]);
});

it("asks before each write whether it still leads", async () => {
  const here = issuer("qualytics", "https://q");
  await open(here, () => [unused]);
  await look(here);
  let asked = 0;
  guard = () => {
    asked += 1;
    if (asked > 1) throw new LifecycleError("retryable", "NOT_LEADING", "This process does not lead any more.");
  };
  expect(await look(here)).toEqual({ ...nothing, left: [unused.name] });
  // Revoked, and not deleted.
  expect(ended).toEqual([7]);
});

/** An object whose issuer is another one than the one that is swept, with no record yet: its first token was asked for a moment ago. */
function elsewhere(): { readonly swept: IssuerObject; readonly named: IssuerObject } {
  const [swept, named] = [issuer("by-address", "https://10.0.0.1"), issuer("by-name", "https://q")];
  for (const each of [swept, named]) caches.issuers.observeWrite(each);
  const object = { metadata: { name: "ingest", namespace: "data", uid: "ingest", resourceVersion: "1", generation: 1 }, spec: { issuerRef: { name: "by-name" }, serviceUser: { name: "Data Ingest" }, secret: { type: "Opaque", template: {} } } };
  caches.tokens.ServiceToken.observeWrite(projectToken("ServiceToken")(object));
  return { swept, named };
}

it("leaves what the issuer that an object names shows as well: the two reach one API by different URLs", async () => {
  const { swept, named } = elsewhere();
  await open(swept, () => [unused]);
  await open(named, () => [unused]);
  for (let count = 0; count < 4; count++) {
    expect(await look(swept)).toEqual(nothing);
    await look(named);
  }
  expect(ended).toEqual([]);
});

it("clears what the issuer that an object names does not show, once a list of that one was asked for after it was found", async () => {
  const { swept, named } = elsewhere();
  const theirs = { ...unused, created: unused.created - 1_000 };
  await open(swept, () => [unused]);
  await open(named, () => [theirs]);
  await look(named);
  // A list from before says nothing of it.
  for (let count = 0; count < 4; count++) expect(await look(swept)).toEqual(nothing);
  await look(named);
  expect(await look(swept)).toEqual({ ...nothing, cleared: [unused.name] });
});

it("leaves what it cannot hold against the list of the issuer that the object names", async () => {
  const { swept } = elsewhere();
  await open(swept, () => [unused]);
  for (let count = 0; count < 4; count++) expect(await look(swept)).toEqual(nothing);
  expect(ended).toEqual([]);
});
