// The Tokens tab: a person's own tokens and, for administrators, those of service users.
// Decides what each action does to the list and where the focus goes afterwards.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { clockNow } from "../clock.ts";
import { useLoaded } from "../loading.ts";
import { announce } from "../parts/announce.tsx";
import { Icon } from "../parts/icon.tsx";
import { Segments } from "../parts/segments.tsx";
import { Failed, Skeleton } from "../parts/states.tsx";
import { sentenceOf } from "../request.ts";
import { type SignedIn, isAdmin } from "../session.ts";
import { type Token, type TokenKind, deleteToken, listTokens, restoreToken, revokeToken } from "../token.ts";
import { TokenList } from "./token-list.tsx";
import { type Asking, TokenWindow } from "./token-window.tsx";

const nouns: Readonly<Record<TokenKind, string>> = { user: "User token", service: "Service token" };

const introductions: Readonly<Record<TokenKind, string>> = {
  user: "Personal tokens give scripts and the command line access to the API in your name.",
  service: "Service tokens belong to service users, and stay when people leave.",
};

export type TokenAction = "revoke" | "restore" | "delete";

export function Tokens({ session }: { session: SignedIn }): JSX.Element {
  const [kind, setKind] = useState<TokenKind>("user");
  const [asking, setAsking] = useState<Asking | null>(null);
  const tokens = useLoaded(() => listTokens(kind), kind);
  const now = useNow();
  const section = useRef<HTMLElement>(null);
  const noun = nouns[kind];

  const replace = (changed: Token): void => tokens.put((list) => list.map((token) => (token.id === changed.id ? changed : token)));

  const change = async (token: Token, action: "revoke" | "restore"): Promise<void> => {
    replace(await (action === "revoke" ? revokeToken(token.id) : restoreToken(token.id)));
    announce(`${noun} successfully ${action === "revoke" ? "revoked" : "restored"}`);
    keepFocus(section.current, token.id);
  };

  const act = (token: Token, action: TokenAction): void => {
    if (action === "delete") setAsking({ what: "delete", token });
    else if (action === "revoke" && token.id === session.token_id) setAsking({ what: "revoke-own", token });
    else
      change(token, action).catch((cause: unknown) => {
        announce(sentenceOf(cause), true);
        tokens.reload();
      });
  };

  const remove = async (token: Token): Promise<void> => {
    const next = neighbour(section.current, token.id);
    await deleteToken(token.id);
    setAsking(null);
    tokens.put((list) => list.filter(({ id }) => id !== token.id));
    announce(`${noun} successfully deleted`);
    keepFocus(section.current, next);
  };

  return (
    <section aria-labelledby="tokens" ref={section}>
      <div class="section-head">
        <div>
          <h2 id="tokens" tabIndex={-1}>Tokens</h2>
          <p class="muted">{introductions[kind]}</p>
        </div>
        <button type="button" class="button button-main" onClick={() => setAsking({ what: "generate" })}>
          <Icon name="plus" />Generate Token
        </button>
      </div>
      {isAdmin(session) && <Segments<TokenKind> label="Whose tokens" value={kind} onValue={setKind} options={[{ value: "user", label: "User tokens" }, { value: "service", label: "Service tokens" }]} />}
      {tokens.data !== undefined ? (
        <TokenList key={kind} kind={kind} tokens={tokens.data} now={now} ownId={session.token_id} onAction={act} onGenerate={() => setAsking({ what: "generate" })} />
      ) : tokens.failure !== undefined ? (
        <Failed cause={tokens.failure} retry={tokens.reload} />
      ) : (
        <Skeleton what="tokens" />
      )}
      {asking !== null && (
        <TokenWindow
          asking={asking}
          session={session}
          kind={kind}
          onClose={() => setAsking(null)}
          onGenerated={(made) => (made === kind ? tokens.reload() : setKind(made))}
          remove={remove}
          revokeOwn={async (token) => {
            await change(token, "revoke");
            setAsking(null);
            tokens.reload();
          }}
        />
      )}
    </section>
  );
}

/** Dates in words go on while the page is open. */
function useNow(): number {
  const [now, setNow] = useState(clockNow);
  const everyMs = 15_000;
  useEffect(() => {
    const timer = setInterval(() => setNow(clockNow()), everyMs);
    return () => clearInterval(timer);
  }, []);
  return now;
}

function neighbour(section: HTMLElement | null, id: number): number | undefined {
  const ids = [...(section?.querySelectorAll<HTMLElement>("[data-token]") ?? [])].map(({ dataset }) => Number(dataset["token"]));
  const at = ids.indexOf(id);
  return ids[at + 1] ?? ids[at - 1];
}

/** Focus that would be nowhere goes to the row's menu or, where the filter hides the row now, to the heading. */
function keepFocus(section: HTMLElement | null, id: number | undefined): void {
  requestAnimationFrame(() => {
    if (document.activeElement !== null && document.activeElement !== document.body) return;
    const row = section?.querySelector<HTMLElement>(`[data-token="${id}"] button`);
    (row ?? section?.querySelector<HTMLElement>("h2"))?.focus();
  });
}
