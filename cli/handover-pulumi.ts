// From a ServiceToken object to a stack, in this order: prove that the Secret's value is the token's; note in the Secret
// where it goes; let the operator let the object go, Secret and token staying; name the stack as owner; import it there.
// In between the token has no owner for a moment, and never two.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Record } from "../core/record.ts";
import { isSame } from "../core/situation.ts";
import { letGo, markOfObject, readObject, type ObjectPlace } from "../controller/handed-object.ts";
import { arrive, currentOf, findHanded, readHanded, rewriteHanded, type HandedSecret, type Itinerary, type SecretPlace } from "../controller/handed-secret.ts";
import type { RestClient } from "../controller/runtime/index.ts";
import { SERVICE_TOKEN } from "../provider/contract.ts";
import { importEntry, programOf, takeOver } from "../provider/importing.ts";
import { session, type Session } from "../provider/session.ts";
import { prove } from "../tokenapi/possession.ts";
import type { ToPulumiFlags } from "./handover.ts";
import { inCluster, placeIn, refuse, refuseBusy, refuseElsewhere, step, waitForUse } from "./handover-way.ts";
import { UsageError } from "./failure.ts";
import { benchFor } from "./proving.ts";
import { pulumi } from "./pulumi-program.ts";
import { findStack, markIn, placeOf, readWhole, useConfiguration, type Stack } from "./stack.ts";

interface Way {
  readonly client: RestClient;
  readonly stack: Stack;
  readonly flags: ToPulumiFlags;
  readonly object: ObjectPlace;
  /** The object's mark. */
  readonly mark: string;
  /** The resource's, in the stack. */
  readonly urn: string;
  readonly name: string;
}

/** A Secret whose record and value are there. */
type Whole = HandedSecret & { readonly record: Record; readonly value: NonNullable<HandedSecret["value"]> };

export async function toPulumi(word: string, flags: ToPulumiFlags): Promise<void> {
  const object = placeIn(word);
  secondsOf(flags);
  const stack = await findStack(flags);
  await useConfiguration(placeOf(flags));
  const name = flags.name ?? object.name;
  const urn = `urn:pulumi:${stack.name}::${stack.project}::${SERVICE_TOKEN.type}::${name}`;
  await inCluster(flags, async (client) => {
    const mark = await markOfObject(client, object, flags.operatorNamespace ?? null);
    await move({ client, stack, flags, object, mark, urn, name });
  });
}

function secondsOf({ timeout }: ToPulumiFlags): number {
  const seconds = Number(timeout);
  if (!Number.isFinite(seconds) || seconds <= 0) throw new UsageError(`--timeout takes seconds, not ${JSON.stringify(timeout)}`);
  return seconds;
}

async function move(way: Way): Promise<void> {
  const { client, object, urn, stack, flags } = way;
  refuseBusy(stack, flags);
  const label = `${object.namespace}/${object.name}`;
  const declared = await readObject(client, object);
  if (declared) {
    const place = { namespace: object.namespace, name: declared.object.spec.secret.name ?? object.name };
    await begin(way, place, declared);
    await gone(way, declared.object.uid);
    step(`1. The operator has let the ServiceToken ${label} go; token and Secret stay.`);
  }
  const name = await findHanded(client, object.namespace, (itinerary) => itinerary.urn === urn);
  if (name === null && (await readWhole(stack, urn)).tokens.length > 0) return step(`${urn} is in the stack already: nothing is left to do.`);
  if (name === null) throw refuse(`There is no ServiceToken ${label}, and no Secret that a handover of one to ${urn} has left.`);
  const place = { namespace: object.namespace, name };
  const secret = whole(await readHanded(client, place), place);
  await arriveInStack(way, place, secret, secret.itinerary as Itinerary);
}

function whole(secret: HandedSecret | null, place: SecretPlace): Whole {
  const { record, value } = secret ?? { record: null, value: null };
  if (!secret || !record || !value) throw refuse(`The Secret ${place.namespace}/${place.name} does not hold the recorded token in a form that can be read back: nothing can be handed over.`);
  return { ...secret, record, value };
}

/** Everything that can be wrong is found here, before anything is changed. */
async function begin(way: Way, place: SecretPlace, declared: NonNullable<Awaited<ReturnType<typeof readObject>>>): Promise<void> {
  const { client, object, mark, urn, stack } = way;
  const opened = await session();
  const secret = whole(await readHanded(client, place), place);
  if (secret.record.mark !== mark || (secret.owner !== null && secret.owner !== declared.object.uid)) throw refuse(`The Secret ${place.namespace}/${place.name} is not that of the ServiceToken ${object.namespace}/${object.name}.`);
  const { tokens } = await readWhole(stack, urn);
  if (tokens.length > 0) throw refuse(`The stack has ${urn} already: give the resource another name with --name.`);
  await proveHeld(opened, secret);
  // Where an earlier try has asked for Orphan already, the note has what was there before.
  const spec = secret.itinerary?.spec ?? declared.spec;
  await rewriteHanded(client, place, secret, { record: secret.record, itinerary: { urn, mark: markIn(stack, urn), spec } });
  await letGo(client, declared);
}

async function proveHeld(opened: Session, { record, value }: Whole): Promise<void> {
  refuseElsewhere(record.issuer.url, opened.issuer.url);
  const entry = currentOf(record);
  const remote = (await opened.issuer.api.tokens("service")).find((one) => entry && isSame(one, entry));
  if (!remote) throw refuse("The token API does not list the token that the Secret records: wait until the object is Ready.");
  await waitForUse(remote, opened);
  await prove(benchFor(opened, "ServiceToken"), remote, value);
}

const LOOK_AGAIN = 500;

async function gone({ client, object, flags }: Way, uid: string): Promise<void> {
  const { clock } = (await session()).issuer;
  const deadline = clock.monotonic() + secondsOf(flags) * 1_000;
  for (;;) {
    const left = await readObject(client, object);
    if (left?.object.uid !== uid) return;
    if (clock.monotonic() > deadline) throw refuse(`The operator has not let the ServiceToken ${object.namespace}/${object.name} go within ${flags.timeout} s: look whether it runs, and run this again.`);
    await clock.sleep(LOOK_AGAIN);
  }
}

async function arriveInStack(way: Way, place: SecretPlace, secret: Whole, itinerary: Itinerary): Promise<void> {
  const { client, stack, urn, mark, name } = way;
  if (secret.owner !== null) throw refuse(`The Secret ${place.namespace}/${place.name} belongs to another object by now: hand that one over.`);
  const opened = await session();
  const subject = { kind: "ServiceToken" as const, name, mark: itinerary.mark };
  const used = await usedRecord(opened, secret.record);
  const taken = takeOver(subject, { record: used, token: secret.value, spec: itinerary.spec as { readonly [name: string]: unknown } }, { url: opened.issuer.url, userId: opened.issuer.userId });
  // From here on no object of that name takes the Secret; its record still keeps the operator from clearing the token.
  if (secret.record.mark === mark) await rewriteHanded(client, place, secret, { record: { ...used, mark: itinerary.mark }, itinerary });
  step(`2. The Secret ${place.namespace}/${place.name} names the stack as the token's owner.`);
  const { tokens } = await readWhole(stack, urn);
  if (tokens.length === 0) await bring(stack, await importEntry(opened, taken));
  else if (!tokens.some(({ record }) => record?.revisions.some(({ id }) => id === currentOf(secret.record)?.id))) throw refuse(`The stack has another ${urn}: take it out of the program, or hand the object over under another --name.`);
  await arrive(client, place, secret.uid);
  step(`3. ${urn} is in the stack. The program needs:\n\n  ${programOf(taken)}\n\nThe Secret stays as it is, and nobody writes it any more: keep it until the first rotation, and let its readers read the resource's token from then on.`);
}

/** Our proof was a use as well, and no consumer's. */
async function usedRecord({ issuer }: Session, record: Record): Promise<Record> {
  const tokens = await issuer.api.tokens("service");
  return {
    ...record,
    revisions: record.revisions.map((entry) => {
      const lastUsed = entry.number === record.current ? (tokens.find((one) => isSame(one, entry))?.lastUsed ?? 0) : 0;
      return { ...entry, usedAfter: Math.max(entry.usedAfter, lastUsed) };
    }),
  };
}

/** The file holds the value: it is there for as long as the command runs. */
async function bring({ place }: Stack, entry: object): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "servicetokens-handover-"));
  try {
    const file = join(folder, "import.json");
    writeFileSync(file, JSON.stringify({ resources: [entry] }), { mode: 0o600 });
    await pulumi(place, ["import", "--file", file, "--generate-code=false", "--protect=false", "--yes"]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
