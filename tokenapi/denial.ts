// Why a credential was refused, as a reason: a token that is no good, one of somebody who may not do this, and
// something in front of the API are mended by different people.
import { isKind } from "../core/error.ts";
import type { Reason } from "../core/reason.ts";

/** null: it was not refused. */
export function reasonOfDenial(error: unknown): Reason | null {
  if (!isKind(error, "denied")) return null;
  if (error.code === "PERMISSION_DENIED") return "NotAdministrator";
  return error.code === "FIREWALL" ? "IssuerNotReady" : "CredentialDenied";
}
