// Why the service could not start. Decides the closed list of reasons; the message
// is one sentence for a person and says what to do. Knows nothing of how it is shown.

export type StartFailure =
  | "data-in-use"
  | "data-unusable"
  | "data-newer"
  | "database-unreachable"
  | "settings-unusable"
  | "backup-unusable"
  | "audit-broken"
  | "listen-unusable"
  | "tls-unusable"
  | "development-refused"
  | "signing-key-unusable"
  | "admin-token-file-unusable";

export class StartError extends Error {
  override readonly name = "StartError";
  readonly code: StartFailure;

  constructor(code: StartFailure, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** The short reason that Node or a driver gives, for the end of such a sentence. */
export function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const code: unknown = (cause as NodeJS.ErrnoException).code;
  const text = cause.message.split("\n", 1)[0] ?? "";
  return typeof code === "string" && !text.includes(code) ? `${code} ${text}`.trim() : text;
}
