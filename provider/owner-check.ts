// What can be known of a token's service user before anything is done, where the token API answers: an id that is no
// service user's is a mistake, a name that nobody bears may still be made by the same update. Decides nothing else, and
// says nothing where it cannot see: whoever acts afterwards finds out, and says why.
import type { UserRef } from "../tokenapi/users.ts";
import type { Complaint } from "./complaint.ts";
import type { Inputs, Kind } from "./inputs.ts";
import { journal } from "./journal.ts";
import { ownerOf } from "./scene.ts";
import { session, type Session } from "./session.ts";

/** Once it did not answer it is not asked again: hundreds of resources would wait for it one by one. */
let isSilent = false;

interface Seen {
  readonly found: boolean;
  readonly url: string;
}

/** What can be seen at the token API; null: nobody knows. */
export async function seeing<T>(look: (opened: Session) => Promise<T>): Promise<T | null> {
  if (isSilent) return null;
  try {
    return await look(await session());
  } catch {
    isSilent = true;
    return null;
  }
}

const see = (owner: UserRef): Promise<Seen | null> =>
  seeing(async ({ issuer: { users, clock, url } }) => {
    await users.refresh(Number.NEGATIVE_INFINITY);
    // It may have been made since.
    if (!users.user(owner)) await users.refresh(clock.monotonic());
    return { found: users.user(owner) !== null, url };
  });

export async function ownerComplaints(kind: Kind, inputs: Inputs): Promise<Complaint[]> {
  const owner = kind === "ServiceToken" ? ownerOf(inputs["serviceUser"]) : null;
  if (owner === null || ("name" in owner && owner.name === "")) return [];
  const seen = await see(owner);
  if (seen === null || seen.found) return [];
  if ("id" in owner) return [{ property: "serviceUser.id", reason: `there is no service user with the id ${owner.id} at ${seen.url}: create it, or name one that exists (a person is none)` }];
  await journal(inputs["self"]).warn(`There is no service user named ${JSON.stringify(owner.name)} at ${seen.url} yet: it has to be there when the token is issued.`);
  return [];
}
