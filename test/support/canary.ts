// No value and no credential may reach anything that people or machines read: logs, events, statuses, annotations,
// metrics, errors, what a dying process leaves. Every token of the service is a JWT, so that one that no test knows
// is found as well; what a test does know is looked for as it is, in base64 and inside base64.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Something that was shown, and where. */
export interface Shown {
  readonly where: string;
  readonly text: string;
}

const JWT = /eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/;
/** Long enough to hold one in base64. */
const ENCODED = /[A-Za-z0-9+/]{60,}/g;

/** The places at which a secret is shown; never the secret. */
export function leaks(shown: readonly Shown[], secrets: readonly string[]): string[] {
  const forms = secrets.filter((secret) => secret.length >= 8).flatMap((secret) => [secret, encodeURIComponent(secret), ...offsets(secret)]);
  return shown.filter(({ text }) => JWT.test(text) || [...text.matchAll(ENCODED)].some(holdsJwt) || forms.some((form) => text.includes(form))).map(({ where }) => where);
}

function holdsJwt([match]: RegExpMatchArray): boolean {
  return [0, 1, 2, 3].some((skip) => JWT.test(Buffer.from(match.slice(skip), "base64").toString("latin1")));
}

/** base64 of a secret wherever it begins in what was encoded, without the ends that depend on its neighbours. */
function offsets(secret: string): string[] {
  return [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]).toString("base64");
    return encoded.slice(before === 0 ? 0 : 4, -4);
  });
}

/** What a process may have left in a folder when it died: reports, dumps, snapshots. */
export function dumps(folder: string): Shown[] {
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => (entry.isFile() ? [entry.name] : []))
    .filter((name) => /^(core(\.\d+)?|report\..*\.json|.*\.heapsnapshot|.*\.(dmp|core))$/.test(name))
    .map((name) => ({ where: join(folder, name), text: readFileSync(join(folder, name), "latin1") }));
}
