// One token in the list. Decides how its state, life and use look, and which actions its
// state allows.
import type { JSX } from "preact";
import { Icon } from "../parts/icon.tsx";
import { Menu, type MenuItem } from "../parts/menu.tsx";
import { dateOf, distanceOf, exactOf } from "../moment.ts";
import { type Token, type TokenKind, type TokenState, expiresSoon, isPast, lifeLeft, stateOf } from "../token.ts";
import type { TokenAction } from "./tokens.tsx";

interface TokenRowProps {
  readonly token: Token;
  readonly kind: TokenKind;
  readonly now: number;
  /** The one that this session was opened with. */
  readonly own: boolean;
  onAction(token: Token, action: TokenAction): void;
}

export function TokenRow({ token, kind, now, own, onAction }: TokenRowProps): JSX.Element {
  const state = stateOf(token, now);
  return (
    <tr role="row" data-token={token.id} class={`row row-${state.toLowerCase()}`}>
      <th role="rowheader" scope="row" class="cell-name">
        <div class="who">
          <span class={`dot dot-${state.toLowerCase()}`} aria-hidden="true" />
          <span class="name">{token.name}</span>
          <span class="state">
            {state}
            {own && <span class="badge">This session</span>}
          </span>
        </div>
      </th>
      {kind === "service" && (
        <td role="cell" data-label="Service user">
          {token.user.name}
          <span class="second">{token.user.role}</span>
        </td>
      )}
      <td role="cell" data-label="Created">
        <Moment at={token.created} />
      </td>
      <td role="cell" data-label="Expiration">
        <Expiration token={token} now={now} />
      </td>
      <td role="cell" data-label="Usage">
        {token.last_used === null ? (
          <span class="muted">Not Used</span>
        ) : (
          <>
            Last Used
            <span class="second">
              <time datetime={token.last_used} title={exactOf(token.last_used)}>{distanceOf(token.last_used, now)}</time>
            </span>
          </>
        )}
      </td>
      <td role="cell" class="cell-menu">
        <Menu label={`Actions for ${token.name}`} items={itemsFor(token, state, now, onAction)}>
          <Icon name="more" />
        </Menu>
      </td>
    </tr>
  );
}

function Moment({ at }: { at: string }): JSX.Element {
  return <time datetime={at} title={exactOf(at)}>{dateOf(at)}</time>;
}

function Expiration({ token, now }: { token: Token; now: number }): JSX.Element {
  const left = lifeLeft(token, now);
  if (token.expiration === null || left === null) return <span class="muted">Never</span>;
  const soon = expiresSoon(token, now);
  return (
    <span class={soon ? "life life-soon" : "life"}>
      <Moment at={token.expiration} />
      <span class="second">{soon && <strong>Expiring soon: </strong>}{distanceOf(token.expiration, now)}</span>
      <svg class="fuse" viewBox="0 0 100 2" preserveAspectRatio="none" aria-hidden="true">
        <rect class="fuse-all" width="100" height="2" />
        <rect class="fuse-left" width={left * 100} height="2" />
      </svg>
    </span>
  );
}

/** Only what is revoked or expired can be deleted, and what has expired cannot come back. */
function itemsFor(token: Token, state: TokenState, now: number, act: TokenRowProps["onAction"]): MenuItem[] {
  const revoke: MenuItem = { label: "Revoke", act: () => act(token, "revoke") };
  const restore: MenuItem = { label: "Restore", act: () => act(token, "restore") };
  const remove: MenuItem = { label: "Delete", danger: true, act: () => act(token, "delete") };
  if (state === "Active") return [revoke];
  return state === "Revoked" && !isPast(token.expiration, now) ? [restore, remove] : [remove];
}
