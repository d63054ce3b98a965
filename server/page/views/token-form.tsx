// The fields of a new token. Decides what can be seen to be wrong before it is sent.
import type { JSX } from "preact";
import { clockNow } from "../clock.ts";
import { dateOf } from "../moment.ts";
import { CheckField, ChoiceField, TextField } from "../parts/field.tsx";
import type { Problem } from "../request.ts";
import { lifetimes } from "../token.ts";

export interface TokenDraft {
  readonly name: string;
  /** A number of days, or "never". */
  readonly lifetime: string;
  readonly scim: boolean;
}

export const emptyDraft: TokenDraft = { name: "", lifetime: "90", scim: false };

const maxNameLength = 255;
const day = 86_400_000;

export const daysOf = ({ lifetime }: TokenDraft): number | null => (lifetime === "never" ? null : Number(lifetime));

export function nameProblem(name: string): string | undefined {
  if (name.trim() === "") return "Give the token a name, such as ci-cd-pipeline.";
  if ([...name].length > maxNameLength) return `Use at most ${maxNameLength} characters.`;
  return undefined;
}

/** The name's part of what the service refused. */
export function refusedName(problem: Problem): string | undefined {
  if (problem.status === 409) return "There is a token of this name already, maybe a revoked or expired one. Choose another name.";
  return problem.fields["name"];
}

interface TokenFieldsProps {
  readonly draft: TokenDraft;
  onDraft(draft: TokenDraft): void;
  readonly problem: string | undefined;
  readonly mayScim: boolean;
  readonly children?: JSX.Element | false;
}

export function TokenFields({ draft, onDraft, problem, mayScim, children }: TokenFieldsProps): JSX.Element {
  const days = daysOf(draft);
  const ends = days === null ? "It stays valid until somebody revokes it. Prefer a date." : `Expires on ${dateOf(clockNow() + days * day)}.`;
  return (
    <>
      <TextField label="Name" value={draft.name} onValue={(name) => onDraft({ ...draft, name })} problem={problem} placeholder="ci-cd-pipeline" autofocus />
      {children}
      <ChoiceField
        label="Expiration"
        value={draft.lifetime}
        onValue={(lifetime) => onDraft({ ...draft, lifetime })}
        options={lifetimes.map((one) => ({ value: one.days === null ? "never" : String(one.days), label: one.label }))}
        help={ends}
      />
      {mayScim && (
        <CheckField label="SCIM Administration Token" help="Works for the SCIM endpoints only." checked={draft.scim} onChecked={(scim) => onDraft({ ...draft, scim })} />
      )}
    </>
  );
}
