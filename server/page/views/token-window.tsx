// The window that a token's action opens: what it asks, and in the guide's words.
import type { JSX } from "preact";
import { Confirm } from "../parts/confirm.tsx";
import type { SignedIn } from "../session.ts";
import type { Token, TokenKind } from "../token.ts";
import { Generate } from "./generate.tsx";

export type Asking = { readonly what: "generate" } | { readonly what: "delete" | "revoke-own"; readonly token: Token };

interface TokenWindowProps {
  readonly asking: Asking;
  readonly session: SignedIn;
  readonly kind: TokenKind;
  onClose(): void;
  onGenerated(kind: TokenKind): void;
  remove(token: Token): Promise<void>;
  revokeOwn(token: Token): Promise<void>;
}

export function TokenWindow({ asking, session, kind, onClose, onGenerated, remove, revokeOwn }: TokenWindowProps): JSX.Element {
  if (asking.what === "generate") return <Generate session={session} kind={kind} onClose={onClose} onGenerated={onGenerated} />;
  const name = <strong class="name">{asking.token.name}</strong>;
  if (asking.what === "delete") {
    return (
      <Confirm title="Delete Token" verb="Delete" onClose={onClose} act={() => remove(asking.token)}>
        <p>{name} will be removed for good. Whatever still uses it stays locked out, and it cannot be restored.</p>
      </Confirm>
    );
  }
  return (
    <Confirm title="Revoke Token" verb="Revoke" onClose={onClose} act={() => revokeOwn(asking.token)}>
      <p>You signed in with {name}. Revoking it ends this session at once.</p>
    </Confirm>
  );
}
