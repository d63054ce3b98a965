// From a stack to a ServiceToken object, in this order: prove that the stack's value is the token's; write it with its
// record into a Secret that still names the stack as owner; take the resource out of the stack; name the object as
// owner; create the object. In between the token has no owner for a moment, and never two.
import { isDeepStrictEqual } from "node:util";
import { createHash } from "node:crypto";
import { stringify } from "yaml";
import { nearest } from "../core/nearest.ts";
import type { Entry, Record } from "../core/record.ts";
import type { SecretValue } from "../core/secret-value.ts";
import { isSame } from "../core/situation.ts";
import { createObject, manifestOf, markOfObject, readObject, seeIssuer, type ObjectPlace } from "../controller/handed-object.ts";
import { arrive, createHanded, currentOf, findHanded, readHanded, rewriteHanded, type HandedSecret, type Itinerary, type SecretPlace } from "../controller/handed-secret.ts";
import type { RestClient } from "../controller/runtime/index.ts";
import type { WholeToken } from "../provider/deployment.ts";
import { session } from "../provider/session.ts";
import { prove } from "../tokenapi/possession.ts";
import type { ToKubernetesFlags } from "./handover.ts";
import { inCluster, placeIn, refuse, refuseBusy, refuseElsewhere, step, waitForUse } from "./handover-way.ts";
import { benchFor } from "./proving.ts";
import { pulumi } from "./pulumi-program.ts";
import { findStack, placeOf, readWhole, useConfiguration, type Stack } from "./stack.ts";

interface Way {
  readonly client: RestClient;
  readonly stack: Stack;
  readonly flags: ToKubernetesFlags;
  readonly resource: string;
  readonly object: ObjectPlace;
  /** The object's mark. */
  readonly mark: string;
}

export async function toKubernetes(resource: string, flags: ToKubernetesFlags): Promise<void> {
  const object = placeIn(flags.to);
  const stack = await findStack(flags);
  await useConfiguration(placeOf(flags));
  await inCluster(flags, async (client) => {
    const mark = await markOfObject(client, object, flags.operatorNamespace ?? null);
    await move({ client, stack, flags, resource, object, mark });
  });
}

async function move(way: Way): Promise<void> {
  const { client, stack, flags, resource, object } = way;
  const { tokens, state } = await readWhole(stack, resource);
  const [token, ...more] = tokens;
  const name = (await findHanded(client, object.namespace, ({ urn }) => urn === (token?.urn ?? resource) || urn.split("::").at(-1) === resource)) ?? flags.secret ?? object.name;
  const place: SecretPlace = { namespace: object.namespace, name };
  const known = await readHanded(client, place);
  const declared = await readObject(client, object);
  if (!token) {
    if (!known?.itinerary && known?.record?.mark !== way.mark) throw missing(resource, state.tokens.map(({ urn }) => urn.split("::").at(-1) ?? ""));
    await finish(way, place, known, declared !== null);
    return;
  }
  if (more.length > 0) throw refuse(`The stack holds more than one ${resource}: name one by its URN, or run pulumi up first where one is being replaced.`);
  if (declared) throw refuse(`There is a ServiceToken ${flags.to} already: name another object, or delete that one.`);
  refuseBusy(stack, flags);
  const { itinerary, record, value } = await load(way, token, name);
  await write(way, place, known, { itinerary, record, value });
  step(`1. Secret ${object.namespace}/${name} holds the value, and still names the stack as its owner.`);
  const { tokens: again } = await readWhole(stack, token.urn);
  if (!isDeepStrictEqual(again[0]?.outputs["record"], token.outputs["record"])) throw refuse("The stack was changed meanwhile: run this again.");
  await pulumi(stack.place, ["state", "delete", token.urn, "--yes", "--force"]);
  step(`2. ${token.urn} is out of the stack; its token stays.`);
  const written = await readHanded(client, place);
  if (!written) throw refuse(`The Secret ${object.namespace}/${name} was deleted meanwhile, and the value with it: put the resource back with pulumi up, which issues the next revision.`);
  await finish(way, place, written, false);
}

/** What the Secret is to hold: proved by use, and asked for by an object that changes nothing of the token. */
async function load({ client, flags, object }: Way, token: WholeToken, secret: string): Promise<{ itinerary: Itinerary; record: Record; value: SecretValue }> {
  const opened = await session();
  const issuer = await seeIssuer(client, object.namespace, flags.issuer);
  refuseElsewhere(issuer.url, opened.issuer.url);
  if (token.kind !== "ServiceToken") throw refuse(`${token.urn} is a PersonalToken, which belongs to the person whose credential it is: only a ServiceToken can be handed over.`);
  const entry = token.record ? currentOf(token.record) : undefined;
  if (!token.record || !entry || !token.token) throw refuse("The state holds no token of this resource, or one that this version cannot read: run pulumi up first.");
  const remote = (await opened.issuer.api.tokens("service")).find((one) => isSame(one, entry));
  if (!remote) throw refuse(`The token API does not list the token ${entry.name}: run pulumi up first.`);
  await waitForUse(remote, opened);
  const proof = await prove(benchFor(opened, "ServiceToken"), remote, token.token);
  const spec = specOf(token, entry, { issuer: flags.issuer, secret, name: object.name });
  await createObject(client, object, spec, true);
  const proved: Entry = { ...entry, usedAfter: Math.max(entry.usedAfter, proof.token.lastUsed ?? 0), sha256: createHash("sha256").update(token.token.reveal()).digest("hex"), inputs: { ...entry.inputs, rotate: "" } };
  const record: Record = { ...token.record, issuer, revisions: token.record.revisions.map((one) => (one === entry ? proved : one)) };
  return { itinerary: { urn: token.urn, mark: token.mark, spec }, record, value: token.token };
}

/** The words are the same in both fronts. */
function specOf({ inputs }: WholeToken, { inputs: issued }: Entry, { issuer, secret, name }: { issuer: string; secret: string; name: string }): object {
  const { rotation, onExternalChange, deletionPolicy } = inputs;
  return {
    issuerRef: { kind: "TokenIssuer", name: issuer },
    serviceUser: { id: issued.owner },
    tokenName: issued.base,
    ...(issued.days === null ? { neverExpires: true } : { expiresInDays: issued.days }),
    ...(issued.scim ? { scimEndpointsOnly: true } : {}),
    ...Object.fromEntries(Object.entries({ rotation, onExternalChange, deletionPolicy }).filter(([, value]) => value !== undefined)),
    ...(secret === name ? {} : { secret: { name: secret } }),
  };
}

async function write({ client }: Way, place: SecretPlace, known: HandedSecret | null, load: { itinerary: Itinerary; record: Record; value: SecretValue }): Promise<void> {
  if (!known) return createHanded(client, place, load);
  const isOurs = known.owner === null && known.record?.mark === load.itinerary.mark;
  if (!isOurs) throw refuse(`There is a Secret ${place.namespace}/${place.name} already: name another one with --secret, or delete it.`);
  // From an earlier try, or left by the way back; an update of the stack may have rotated since.
  const before = known.itinerary && known.record ? currentOf(known.record) : undefined;
  if (before && !load.record.revisions.some(({ id }) => id === before.id)) {
    throw refuse(`The Secret ${place.namespace}/${place.name} holds ${before.name}, which an earlier handover took out of the stack, and the stack has issued another token since: take the resource out of the program and of the stack, and run this again.`);
  }
  await rewriteHanded(client, place, known, load);
}

/** The stack has let go. */
async function finish(way: Way, place: SecretPlace, secret: HandedSecret, isDeclared: boolean): Promise<void> {
  const { client, object, mark, flags } = way;
  const { record, itinerary } = secret;
  if (itinerary === null && isDeclared) return step(`${flags.to} owns the token already: nothing is left to do.`);
  if (!record || itinerary === null) throw refuse(`The Secret ${place.namespace}/${place.name} does not tell where its token comes from: look at it, and delete it if nobody needs it.`);
  if (record.mark !== mark && record.mark !== itinerary.mark) throw refuse(`The Secret ${place.namespace}/${place.name} is on its way to another object: name that one with --to.`);
  if (record.mark !== mark) {
    if (isDeclared) throw refuse(`There is a ServiceToken ${flags.to} already: delete it, or hand the token over to another name.`);
    await rewriteHanded(client, place, secret, { record: { ...record, mark }, itinerary });
  }
  step(`3. The Secret names the ServiceToken ${flags.to} as its owner.`);
  if (!isDeclared) await createObject(client, object, itinerary.spec);
  await arrive(client, place, secret.uid);
  step(`4. The ServiceToken ${flags.to} is there. Keep it with your manifests:\n\n${stringify(manifestOf(object, itinerary.spec))}\nTake the resource out of the program before the next pulumi up, which would issue another token otherwise.`);
}

function missing(resource: string, names: readonly string[]): Error {
  const near = nearest(resource, names);
  return refuse(`The stack has no token resource named ${JSON.stringify(resource)}${near ? `: did you mean ${near}?` : names.length > 0 ? `; there are ${names.join(", ")}.` : ", and no handover of one was begun."}`);
}
