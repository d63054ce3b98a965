// A ServiceToken of the story as it is seen from outside: its object, its Secret, and its token at the API.
import type { Finding } from "./narrator.ts";
import type { Stage } from "./stage.ts";
import type { Token } from "./token-api.ts";

interface Status {
  readonly token?: { readonly id: number; readonly revision: number } | null;
}

export class TokenObject {
  readonly #stage: Stage;
  readonly #name: string;
  readonly #secret: string;

  constructor(stage: Stage, name: string, secret: string) {
    this.#stage = stage;
    this.#name = name;
    this.#secret = secret;
  }

  async read(): Promise<{ readonly value: string }> {
    const found = JSON.parse(await this.#stage.plane.kubectl(["get", "secret", this.#secret, "-o", "json"])) as { data?: { token?: string } };
    return { value: Buffer.from(found.data?.token ?? "", "base64").toString("utf8") };
  }

  async revision(): Promise<number> {
    return (await this.#status()).token?.revision ?? 0;
  }

  /** The current token, as the API lists it. */
  async listed(): Promise<Token> {
    const id = (await this.#status()).token?.id;
    const found = (await this.#stage.service.tokens()).find((token) => token.id === id);
    if (!found) throw new Error(`the API does not list the token ${id ?? "without an id"} of ${this.#name}`);
    return found;
  }

  /** Whether something else than `broken` stands in the Secret, and authenticates. */
  async repaired(broken: string): Promise<Finding> {
    const { value } = await this.read().catch(() => ({ value: "" }));
    if (value === "" || value === broken) return value === "" ? "the Secret holds nothing" : "the same still stands there";
    return (await this.#stage.service.whoIs(value)) === null ? "what stands there is refused" : true;
  }

  async #status(): Promise<Status> {
    const found = JSON.parse(await this.#stage.plane.kubectl(["get", "servicetoken", this.#name, "-o", "json"])) as { status?: Status };
    return found.status ?? {};
  }
}
