// The token service as the story asks it: as an administrator, or with a token that was delivered.
import type { ListedToken } from "./audit.ts";

export interface Answer<Body> {
  readonly status: number;
  readonly body: Body;
}

export interface Token extends ListedToken {
  readonly last_used: string | null;
  readonly user: { readonly id: number; readonly name: string };
}

export class TokenService {
  readonly url: string;
  readonly adminTokenFile: string;
  readonly adminToken: string;

  constructor(url: string, adminTokenFile: string, adminToken: string) {
    this.url = url;
    this.adminTokenFile = adminTokenFile;
    this.adminToken = adminToken;
  }

  async ask<Body>(method: string, path: string, body?: unknown, token = this.adminToken): Promise<Answer<Body>> {
    const response = await fetch(`${this.url}/api${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: (text === "" ? undefined : JSON.parse(text)) as Body };
  }

  /** The same call for a person to repeat, with the variables that `env` sets. */
  curl(method: string, path: string, body?: unknown): string {
    const words = ["curl -s", ...(method === "GET" ? [] : [`-X ${method}`]), `"$QUALYTICS_URL/api${path}"`, `-H "authorization: Bearer $QUALYTICS_TOKEN"`];
    if (body !== undefined) words.push(`-H "content-type: application/json" -d '${JSON.stringify(body)}'`);
    return words.join(" ");
  }

  async tokens(): Promise<Token[]> {
    const { status, body } = await this.ask<Token[]>("GET", "/user-tokens/service");
    if (status !== 200) throw new Error(`GET /api/user-tokens/service answered ${status}`);
    return body;
  }

  /** Who the API takes the holder of this value for; null: it is refused. */
  async whoIs(value: string): Promise<string | null> {
    const { status, body } = await this.ask<{ name: string }>("GET", "/users/me", undefined, value);
    if (status !== 200 && status !== 401) throw new Error(`GET /api/users/me answered ${status}`);
    return status === 200 ? body.name : null;
  }
}
