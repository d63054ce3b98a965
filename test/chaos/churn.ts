// The person, or the pipeline, who declares tokens while everything breaks: makes objects, rotates and deletes them,
// and puts back what a restore took away. Knows what should be there.
import { isAlreadyExists, isNotFound } from "../../controller/runtime/index.ts";
import type { Random } from "../simulation/random.ts";
import { USER } from "../support/service-data.ts";
import { GROUP, insist, NAMESPACE, serviceTokens, told, type Stand } from "./stand.ts";

/** Of the ones that nobody uses. */
const idle = { minOverlap: "1s", idleFor: "1s", maxOverlap: "4s" };

const object = (name: string, retire: object): object => ({
  apiVersion: GROUP,
  kind: "ServiceToken",
  metadata: { name },
  spec: { issuerRef: { name: "qualytics" }, serviceUser: { name: USER }, expiresInDays: 1, rotation: { renewBefore: "10h", keepRevokedFor: "1s", retire } },
});

export class Churn {
  /** What was declared: the truth that a restored cluster is brought back to. */
  readonly declared = new Map<string, object>();
  readonly consumed: readonly string[];
  rotations = 0;
  /** Objects made so far. */
  get objects(): number {
    return this.#made + this.consumed.length;
  }
  readonly #stand: Stand;
  readonly #random: Random;
  #made = 0;

  readonly #used: object;

  constructor(stand: Stand, random: Random, { consumers, overlapSeconds }: { consumers: number; overlapSeconds: number }) {
    this.#stand = stand;
    this.#random = random;
    this.#used = { minOverlap: `${overlapSeconds}s`, idleFor: "2s", maxOverlap: `${overlapSeconds + 15}s` };
    this.consumed = Array.from({ length: consumers }, (_, index) => `used-${index}`);
  }

  async begin(): Promise<void> {
    for (const name of this.consumed) await this.#declare(name, this.#used);
  }

  async make(count: number): Promise<void> {
    for (let index = 0; index < count; index++) await this.#declare(`idle-${this.#made++}`, idle);
  }

  /** Objects that nobody asks anything of, when they are Ready. */
  async still(count: number): Promise<readonly string[]> {
    const names = Array.from({ length: count }, () => `still-${this.#made++}`);
    for (const name of names) await this.#declare(name, idle);
    await insist("the first tokens", () => told(this.#stand, names));
    return names;
  }

  async rotate(name: string): Promise<void> {
    this.rotations += 1;
    const body = { metadata: { annotations: { "tokens.qualytics.io/rotate": String(this.rotations) } } };
    await insist(`rotation of ${name}`, async () => {
      try {
        await this.#stand.client.patch(serviceTokens, { namespace: NAMESPACE, name }, body, { type: "merge" });
      } catch (error) {
        // Whoever removes objects beside us was quicker.
        if (!isNotFound(error) || this.declared.has(name)) throw error;
      }
    });
  }

  async remove(name: string): Promise<void> {
    this.declared.delete(name);
    await insist(`deletion of ${name}`, async () => {
      try {
        await this.#stand.client.delete(serviceTokens, { namespace: NAMESPACE, name });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    });
  }

  /** A name of those that nobody uses. */
  anyIdle(): string {
    return this.#random.pick([...this.declared.keys()].filter((name) => name.startsWith("idle-")));
  }

  anyUsed(): string {
    return this.#random.pick(this.consumed);
  }

  /** What was declared stands there again, and what was deleted is deleted again. */
  async reconcile(): Promise<void> {
    for (const [name, body] of this.declared) await this.#create(name, body);
    const { items } = await insist("the list", () => this.#stand.client.list(serviceTokens, { namespace: NAMESPACE }, { metadataOnly: true }));
    for (const { metadata } of items) if (!this.declared.has(metadata?.name ?? "")) await this.remove(metadata?.name ?? "");
  }

  async #declare(name: string, retire: object): Promise<void> {
    const body = object(name, retire);
    this.declared.set(name, body);
    await this.#create(name, body);
  }

  async #create(name: string, body: object): Promise<void> {
    await insist(`creation of ${name}`, async () => {
      try {
        await this.#stand.client.create(serviceTokens, { namespace: NAMESPACE }, body);
      } catch (error) {
        if (!isAlreadyExists(error)) throw error;
      }
    });
  }
}
