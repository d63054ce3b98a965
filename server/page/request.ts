// Asks the service. Decides how an answer that is no success becomes a sentence for a
// person, and what happens when the session has ended; must not know any view.

export class Problem extends Error {
  override readonly name = "Problem";
  /** 0: nothing answered. */
  readonly status: number;
  /** Sentences by the name of the field that they are about. */
  readonly fields: Readonly<Record<string, string>>;

  constructor(status: number, message: string, fields: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.fields = fields;
  }
}

interface FieldProblem {
  readonly loc: readonly (string | number)[];
  readonly msg: string;
}

let sessionEnded: () => void = () => undefined;

export function onSessionEnd(listener: () => void): void {
  sessionEnded = listener;
}

export async function ask<Body>(method: string, path: string, body?: unknown): Promise<Body> {
  const response = await send(method, path, body);
  const answer: unknown = response.status === 204 ? undefined : await response.json().catch(() => undefined);
  if (response.ok) return answer as Body;
  const problem = problemOf(response, answer);
  if (problem.status === 401 && path.startsWith("/api/")) sessionEnded();
  throw problem;
}

async function send(method: string, path: string, body: unknown): Promise<Response> {
  try {
    return await fetch(path, {
      method,
      cache: "no-store",
      ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
  } catch {
    throw new Problem(0, "The service does not answer. Look at your connection, and try again.");
  }
}

function problemOf(response: Response, answer: unknown): Problem {
  const detail = (answer as { detail?: unknown } | undefined)?.detail;
  if (Array.isArray(detail)) {
    const fields = Object.fromEntries((detail as FieldProblem[]).map(({ loc, msg }) => [String(loc[1] ?? ""), `${msg.replace(/^Value error, ./, (start) => start.slice(-1).toUpperCase())}.`]));
    return new Problem(response.status, Object.values(fields)[0] ?? "The service did not accept this.", fields);
  }
  if (response.status === 429) {
    const seconds = Number(response.headers.get("retry-after"));
    return new Problem(429, `Too many requests. Try again ${seconds > 0 ? `in ${seconds} second${seconds === 1 ? "" : "s"}` : "in a moment"}.`);
  }
  if (response.status >= 500) return new Problem(response.status, "The service cannot do this right now. Try again in a moment.");
  return new Problem(response.status, typeof detail === "string" ? detail : `The service answered with status ${response.status}.`);
}

/** What to tell a person about anything that was thrown. */
export function sentenceOf(cause: unknown): string {
  if (cause instanceof Problem) return cause.message;
  return "Something in this page went wrong. Reload it, and try again.";
}
