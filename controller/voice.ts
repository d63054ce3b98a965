// What the operator says in events, and about which object. A burst of one issuer's tokens is summed up on the issuer.
import type { EventText } from "../core/hit.ts";
import { issuerKey, type IssuerObject, type IssuerObjects } from "./issuer-object.ts";
import { reference, type TokenObject } from "./kinds.ts";
import type { EventRecorder } from "./runtime/index.ts";
import type { UserObject } from "./user-object.ts";

/** An event before it is known about which object. */
export interface Said {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

export class Voice {
  readonly #events: EventRecorder;
  readonly #issuers: IssuerObjects;

  constructor(events: EventRecorder, issuers: IssuerObjects) {
    this.#events = events;
    this.#issuers = issuers;
  }

  ofToken(object: TokenObject, { type, reason, message }: EventText): void {
    const regarding = reference(object, object.kind);
    const key = issuerKey(object);
    const issuer = this.#issuers.get(key);
    // What one namespace asks for is no other's business: on a cluster's issuer a burst of each is its own.
    const about = issuer?.kind === "TokenIssuer" ? reference(issuer, issuer.kind) : regarding;
    this.#events.record({
      regarding,
      type,
      reason,
      note: message,
      burst: { key: `${key} ${object.namespace} ${reason}`, regarding: about, note: (count) => `${reason}: ${count} more tokens of this issuer.` },
    });
  }

  ofUser(object: UserObject, { type, reason, message }: Said): void {
    this.#events.record({ regarding: reference(object, "ServiceUser"), type, reason, note: message });
  }

  ofIssuer(issuer: IssuerObject, type: "Normal" | "Warning", reason: string, note: string): void {
    this.#events.record({ regarding: reference(issuer, issuer.kind), type, reason, note });
  }
}
