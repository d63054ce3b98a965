// Every setting of the service: name, kind, default and what it is for. Decides the one
// list that flags, environment, YAML file, its schema and --help are made from.

export type SettingKind = "text" | "duration" | "count" | "switch" | "list" | "rate" | "level";

export interface SettingRow {
  readonly kind: SettingKind;
  /** What stands for the value in --help. */
  readonly shown?: string;
  /** As a person would write it; absent: none. */
  readonly initial?: string | number | boolean;
  readonly help: string;
  /** Where the vendor's deployment has a name for it. */
  readonly env?: string;
}

export const groups = {
  "Where it runs and keeps its data": {
    listen: { kind: "text", shown: "HOST:PORT", initial: "127.0.0.1:8080", help: "where it listens; port 0 takes a free one" },
    data: { kind: "text", shown: "WHERE", help: "a folder (embedded PostgreSQL, one process a folder), memory: (gone with the process), or postgres://… (shared by any number of processes)" },
    adminTokenFile: { kind: "text", shown: "FILE", help: "the first administrator's token is written there, mode 0600; a valid one that is there is kept" },
    teams: { kind: "list", shown: "NAME", help: "teams that exist besides Public" },
    acceptTokens: { kind: "switch", initial: true, env: "API_AUTH_ALLOW_QUALYTICS_ISSUER", help: "accept the tokens that this service issued; false refuses them all" },
  },
  "Network": {
    tlsCert: { kind: "text", shown: "FILE", help: "certificate chain (PEM): serve HTTPS; read again when the file changes and on SIGHUP" },
    tlsKey: { kind: "text", shown: "FILE", help: "the private key of --tls-cert (PEM)" },
    trustProxy: { kind: "list", shown: "ADDRESS", help: "proxies (address or CIDR) whose X-Forwarded-For is believed" },
    metrics: { kind: "text", shown: "HOST:PORT", help: "serve Prometheus metrics there, at /metrics" },
    stopTimeout: { kind: "duration", initial: "10s", help: "how long a stop waits for answers under way" },
  },
  "Limits": {
    bodyBytes: { kind: "count", initial: 262_144, help: "longest request body; beyond it 413" },
    headerBytes: { kind: "count", initial: 16_384, help: "longest request line and headers together; beyond it 431" },
    uriLength: { kind: "count", initial: 4_096, help: "longest URI; beyond it 414" },
    addressRate: { kind: "rate", shown: "N:BURST", initial: "10000:50000", help: "requests a second, and at once, from one address (an IPv6 /64); beyond it 429; off: no limit" },
    identityRate: { kind: "rate", shown: "N:BURST", initial: "5000:25000", help: "the same for one user" },
    failureRate: { kind: "rate", shown: "N:BURST", initial: "10:500", help: "failed authentications a second, and at once, from one address; beyond it they are 429 instead of 401; valid tokens pass" },
    headersTimeout: { kind: "duration", initial: "10s", help: "how long a client may take to send its headers; then it is cut off" },
    requestTimeout: { kind: "duration", initial: "30s", help: "how long a client may take to send a whole request" },
    idleTimeout: { kind: "duration", initial: "1m", help: "how long a connection may stand still while an answer is sent" },
  },
  "Logs": {
    logLevel: { kind: "level", shown: "LEVEL", initial: "info", help: "debug, info, warn or error; JSON lines on stderr" },
    accessLog: { kind: "switch", initial: false, help: "a line for every request; without it for failures and changes only" },
  },
  "Development": {
    development: { kind: "switch", initial: false, help: "on this machine anybody may sign in as anybody; shown on every page" },
    fault: { kind: "list", shown: "KIND@SHARE", help: "go wrong on purpose: slow:300ms@20%, 429@10%, 500@5%, 503@5%, lost@2% (done and not answered), cut@2% (not done and not answered)" },
    clockOffset: { kind: "text", shown: "DURATION", help: "run on a clock that is ahead, as in 2160h, or behind, as in -10m" },
    developmentOnPostgres: { kind: "switch", initial: false, help: "allow --development, --fault and --clock-offset on a PostgreSQL database, together with --development" },
  },
} as const satisfies Readonly<Record<string, Readonly<Record<string, SettingRow>>>>;

type Groups = typeof groups;
export type SettingName = { [Group in keyof Groups]: keyof Groups[Group] }[keyof Groups];

export const settingRows: readonly (readonly [SettingName, SettingRow])[] = Object.values(groups).flatMap((group) => Object.entries(group) as [SettingName, SettingRow][]);

/** `adminTokenFile` -> `--admin-token-file` */
export function flagOf(name: SettingName): string {
  return `--${dashed(name)}`;
}

/** `adminTokenFile` -> `SERVICETOKENS_ADMIN_TOKEN_FILE` */
export function variableOf(name: SettingName, row: SettingRow): string {
  return row.env ?? `SERVICETOKENS_${dashed(name).replaceAll("-", "_").toUpperCase()}`;
}

function dashed(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
