// What wakes whom: which keys are looked at again when something changes. Decides nothing about what is done then.
import { issuerKey, type IssuerObject } from "./issuer-object.ts";
import { issuersOf, TOKEN_KINDS, type Caches } from "./caches.ts";
import { FINALIZER, isNews, isTampered, type Declared, type TokenKind, type TokenObject } from "./kinds.ts";
import { priorities, type StoreHandlers, type WorkQueue } from "./runtime/index.ts";
import type { SecretRecord } from "./secret-record.ts";
import { secretNameOf } from "./secret-target.ts";
import { stalledOf, type UserObject } from "./user-object.ts";

export interface Queues {
  readonly tokens: { readonly [kind in TokenKind]: WorkQueue };
  readonly users: WorkQueue;
  readonly issuers: WorkQueue;
}

export interface Watching {
  readonly caches: Caches;
  readonly queues: Queues;
}

const urgency = ({ deleting }: Declared): number => (deleting ? priorities.deletion : priorities.normal);

export function subscribe(at: Watching): void {
  for (const kind of TOKEN_KINDS) at.caches.tokens[kind].subscribe(tokenHandlers(at, at.queues.tokens[kind]));
  at.caches.users.subscribe(userHandlers(at));
  at.caches.issuers.namespaced.subscribe(issuerHandlers(at));
  at.caches.issuers.cluster.subscribe(issuerHandlers(at));
  at.caches.secrets.subscribe(secretHandlers(at));
  at.caches.namespaces.subscribe({
    onUpdate: (before, after) => {
      if (JSON.stringify(before.labels) !== JSON.stringify(after.labels)) wakeNamespace(at, after.key);
    },
  });
}

function tokenHandlers(at: Watching, queue: WorkQueue): StoreHandlers<TokenObject> {
  return {
    onAdd: (object, source) => {
      queue.add(object.key, object.deleting ? priorities.deletion : source === "list" ? priorities.initial : priorities.normal);
      if (object.finalizers.includes(FINALIZER)) wakeHolder(at, object);
    },
    onUpdate: (before, after, source) => {
      // What our own write brought back may hold an edit that came before it.
      if (isNews(before, after) || (source !== "write" && isTampered(before, after))) queue.add(after.key, urgency(after));
      if (placeOf(before) !== placeOf(after) || before.deleting !== after.deleting) wakeNamesakes(at, placeOf(before), after.uid);
      if (before.finalizers.length !== after.finalizers.length || issuerKey(before) !== issuerKey(after)) wakeHolder(at, before, after);
    },
    onDelete: (object) => {
      queue.add(object.key);
      wakeNamesakes(at, placeOf(object), object.uid);
      wakeHolder(at, object);
      wakeLeaving(at, issuerKey(object));
    },
  };
}

const placeOf = (object: TokenObject): string => `${object.namespace}/${secretNameOf(object)}`;

/** Tokens that had to leave a Secret to this one. */
function wakeNamesakes({ caches, queues }: Watching, secret: string, except?: string): void {
  for (const token of caches.namesakes(secret)) if (token.uid !== except) queues.tokens[token.kind].add(token.key);
}

/** Users that wait for the end of their tokens. */
function wakeLeaving({ caches, queues }: Watching, issuer: string): void {
  for (const user of caches.users.byIndex("issuer", issuer)) if (user.deleting) queues.users.add(user.key);
}

/** The issuers that have to be held, or may be let go, now that something depends on them or does not any more. */
function wakeHolder({ caches, queues }: Watching, ...objects: (TokenObject | UserObject)[]): void {
  for (const key of new Set(objects.map(issuerKey))) {
    const issuer = caches.issuers.get(key);
    if (issuer && (issuer.deleting || !issuer.finalizers.includes(FINALIZER))) queues.issuers.add(key);
  }
}

/** Tokens that name this ServiceUser. */
function wakeReferring({ caches, queues }: Watching, { key }: UserObject): void {
  for (const token of caches.tokens.ServiceToken.byIndex("ref", key)) queues.tokens.ServiceToken.add(token.key);
}

function userHandlers(at: Watching): StoreHandlers<UserObject> {
  const { caches, queues } = at;
  const around = (user: UserObject): void => {
    for (const rival of caches.users.byIndex("name", user.spec.name)) queues.users.add(rival.key);
    wakeReferring(at, user);
  };
  return {
    onAdd: (object) => {
      queues.users.add(object.key, urgency(object));
      around(object);
    },
    onUpdate: (before, after, source) => {
      if (before.finalizers.length !== after.finalizers.length) wakeHolder(at, after);
      if (stalledOf(before) !== stalledOf(after)) wakeReferring(at, after);
      if (!isNews(before, after) && (source === "write" || !isTampered(before, after))) return;
      queues.users.add(after.key, urgency(after));
      if (before.generation !== after.generation || before.deleting !== after.deleting) around(after);
    },
    onDelete: (object) => {
      queues.users.add(object.key);
      around(object);
      wakeHolder(at, object);
    },
  };
}

function issuerHandlers(at: Watching): StoreHandlers<IssuerObject> {
  const { queues } = at;
  return {
    onAdd: (object) => {
      queues.issuers.add(object.key);
    },
    onUpdate: (before, after) => {
      if (!isNews(before, after)) return;
      queues.issuers.add(after.key);
      wakeAll(at, after.key);
    },
    onDelete: (object) => {
      queues.issuers.add(object.key);
    },
  };
}

/** Everything that names this issuer: the first few hundred at once, and the others as the event loop comes round. */
export function wakeAll({ caches, queues }: Watching, issuer: string): void {
  for (const user of caches.users.byIndex("issuer", issuer)) queues.users.add(user.key);
  wakeInSteps(queues, caches.tokensOf(issuer));
  wakeInSteps(queues, caches.searchMoving(issuer));
}

const STEP = 500;

function wakeInSteps(queues: Queues, tokens: Generator<TokenObject | undefined>): void {
  for (let count = 0; count < STEP; count++) {
    const { value, done } = tokens.next();
    if (done) return;
    if (value) queues.tokens[value.kind].add(value.key);
  }
  setImmediate(() => wakeInSteps(queues, tokens));
}

/** A new list concerns the tokens of these marks, and users that wait for the end of their tokens. */
export function wakeMarks(at: Watching, issuer: string, keys: Iterable<{ readonly kind: TokenKind; readonly key: string }>): void {
  for (const { kind, key } of keys) if (at.caches.tokens[kind].get(key)) at.queues.tokens[kind].add(key);
  wakeLeaving(at, issuer);
}

function wakeNamespace({ caches, queues }: Watching, namespace: string): void {
  const concerns = (object: TokenObject | UserObject): boolean => object.namespace === namespace && object.spec.issuerRef.kind === "ClusterTokenIssuer";
  for (const kind of TOKEN_KINDS) for (const token of caches.tokens[kind].values()) if (concerns(token)) queues.tokens[kind].add(token.key);
  for (const user of caches.users.values()) if (concerns(user)) queues.users.add(user.key);
}

function secretHandlers(at: Watching): StoreHandlers<SecretRecord> {
  const { caches, queues } = at;
  const owner = ({ key, owner: by }: SecretRecord): void => {
    const kind = TOKEN_KINDS.find((each) => each === by?.kind);
    if (by && kind) queues.tokens[kind].add(`${key.slice(0, key.indexOf("/"))}/${by.name}`);
  };
  const credential = ({ key }: SecretRecord): void => {
    for (const issuer of caches.issuers.withCredential(key)) queues.issuers.add(issuer.key);
  };
  /** An issuer that a record names no longer may be let go. */
  const left = (before: SecretRecord, after: SecretRecord | null): void => {
    const now = after ? Object.values(issuersOf(after)) : [];
    for (const key of Object.values(issuersOf(before))) {
      if (key !== undefined && !now.includes(key) && caches.issuers.get(key)?.deleting) queues.issuers.add(key);
    }
  };
  return {
    onAdd: (record, source) => (source === "write" ? undefined : credential(record)),
    onUpdate: (before, after, source) => {
      left(before, after);
      if (source === "write") return;
      owner(after);
      credential(after);
    },
    onDelete: (record) => {
      owner(record);
      // It may have stood in the way.
      wakeNamesakes(at, record.key);
      credential(record);
      left(record, null);
    },
  };
}
