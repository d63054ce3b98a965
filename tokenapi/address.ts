// Where the API stands, from what people write: the same folding as the vendor's own command line, so that
// one value of QUALYTICS_URL serves both. What is written is never repeated in a message: a token pasted into
// the wrong field, or a password in a url, would be printed with it.
import { LifecycleError } from "../core/error.ts";

export interface Address {
  readonly origin: string;
  /** Name and port, for messages. */
  readonly host: string;
  /** Where every call's path begins: ends in "/api/". */
  readonly base: string;
}

const refuse = (why: string): never => {
  throw new LifecycleError("invalid", "URL_INVALID", `The url ${why}: write it like https://your-company.qualytics.io.`);
};

export function apiAddress(written: string): Address {
  const text = written.trim();
  if (text === "") return refuse("is empty");
  const schemed = text.includes("://") ? text : `https://${text}`;
  if (!URL.canParse(schemed)) return refuse("cannot be read");
  const url = new URL(schemed);
  if (url.protocol !== "https:" && url.protocol !== "http:") return refuse("is neither https nor http");
  if (url.username !== "" || url.password !== "") return refuse("holds a user name or a password, which belong elsewhere");
  if (url.search !== "" || url.hash !== "") return refuse("has a ? or a # part, which the API has not");
  const folder = url.pathname.replace(/\/+$/, "").replace(/\/api$/, "");
  return { origin: url.origin, host: url.host, base: `${folder}/api/` };
}
