// Generating a token: the form, then its secret, in one window. Decides for whom it is.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { useLoaded } from "../loading.ts";
import { Dialog } from "../parts/dialog.tsx";
import { ChoiceField, Failure } from "../parts/field.tsx";
import { Problem, sentenceOf } from "../request.ts";
import { listServiceUsers } from "../service-user.ts";
import { type SignedIn, isAdmin } from "../session.ts";
import { type TokenKind, generateToken } from "../token.ts";
import { Secret, type ShownSecret } from "./secret.tsx";
import { TokenFields, daysOf, emptyDraft, nameProblem, refusedName } from "./token-form.tsx";

interface GenerateProps {
  readonly session: SignedIn;
  readonly kind: TokenKind;
  /** The service user that it is for, where that is settled. */
  readonly userId?: number;
  onGenerated(kind: TokenKind): void;
  onClose(): void;
}

export function Generate(props: GenerateProps): JSX.Element {
  const [secret, setSecret] = useState<ShownSecret | null>(null);
  if (secret !== null) return <Secret secret={secret} onClose={props.onClose} />;
  return (
    <GenerateForm
      {...props}
      onSecret={(made, kind) => {
        setSecret(made);
        props.onGenerated(kind);
      }}
    />
  );
}

function GenerateForm({ session, kind: initialKind, userId, onSecret, onClose }: GenerateProps & { onSecret(secret: ShownSecret, kind: TokenKind): void }): JSX.Element {
  const [draft, setDraft] = useState(emptyDraft);
  const [kind, setKind] = useState(initialKind);
  const [owner, setOwner] = useState(userId === undefined ? "" : String(userId));
  const [problems, setProblems] = useState<{ name?: string | undefined; owner?: string | undefined }>({});
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState(false);
  const admin = isAdmin(session);

  const submit = async (form: HTMLFormElement): Promise<void> => {
    const found = { name: nameProblem(draft.name), owner: kind === "service" && owner === "" ? "Choose the service user that the token is for." : undefined };
    setProblems(found);
    setFailure("");
    if (found.name !== undefined || found.owner !== undefined) return focusFirstInvalid(form);
    setBusy(true);
    try {
      const made = await generateToken({ name: draft.name, expires_in_days: daysOf(draft), scim_endpoints_only: draft.scim, ...(kind === "service" ? { user_id: Number(owner) } : {}) });
      onSecret({ name: made.name, value: made.bearer_token, kind }, kind);
    } catch (cause) {
      const name = cause instanceof Problem ? refusedName(cause) : undefined;
      setProblems({ name });
      setFailure(name === undefined ? sentenceOf(cause) : "");
      setBusy(false);
      if (name !== undefined) focusFirstInvalid(form);
    }
  };

  return (
    <Dialog title="Generate Token" onClose={onClose}>
      <form
        noValidate
        autocomplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) void submit(event.currentTarget);
        }}
      >
        <TokenFields draft={draft} onDraft={setDraft} problem={problems.name} mayScim={admin}>
          {admin && <Ownership kind={kind} onKind={setKind} owner={owner} onOwner={setOwner} problem={problems.owner} fixed={userId !== undefined} />}
        </TokenFields>
        <Failure text={failure} />
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class="button button-main" aria-disabled={busy}>
            Generate
          </button>
        </div>
      </form>
    </Dialog>
  );
}

interface OwnershipProps {
  readonly kind: TokenKind;
  onKind(kind: TokenKind): void;
  readonly owner: string;
  onOwner(owner: string): void;
  readonly problem: string | undefined;
  readonly fixed: boolean;
}

function Ownership({ kind, onKind, owner, onOwner, problem, fixed }: OwnershipProps): JSX.Element {
  return (
    <>
      <ChoiceField label="Type" value={kind} disabled={fixed} onValue={(value) => onKind(value as TokenKind)} options={[{ value: "user", label: "Personal" }, { value: "service", label: "Service" }]} />
      {kind === "service" && <OwnerField owner={owner} onOwner={onOwner} problem={problem} fixed={fixed} />}
    </>
  );
}

function OwnerField({ owner, onOwner, problem, fixed }: Omit<OwnershipProps, "kind" | "onKind">): JSX.Element {
  const users = useLoaded(listServiceUsers, "service users");
  const list = users.data ?? [];
  const only = list.length === 1 ? String(list[0]?.id) : undefined;
  useEffect(() => {
    if (owner === "" && only !== undefined) onOwner(only);
  }, [only]);
  const nobody = users.data?.length === 0 ? "There is no service user yet: add one under Security." : undefined;
  const first = users.data === undefined ? (users.failure === undefined ? "Loading…" : "Could not be loaded") : "Choose…";
  return (
    <ChoiceField
      label="Service User"
      value={owner}
      onValue={onOwner}
      disabled={fixed}
      problem={problem ?? (users.failure === undefined ? undefined : sentenceOf(users.failure))}
      help={nobody}
      options={[{ value: "", label: first }, ...list.map(({ id, name }) => ({ value: String(id), label: name }))]}
    />
  );
}

/** After the complaint stands in the page. */
export function focusFirstInvalid(form: HTMLElement): void {
  requestAnimationFrame(() => form.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
}
