// Adding a service user, in the guide's two steps: the user, then its first token. Decides
// that nothing is made before Finish, and that a second Finish after a failed token does
// not make a second user.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { announce } from "../parts/announce.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { ChoiceField, Failure, TextField } from "../parts/field.tsx";
import { Problem, sentenceOf } from "../request.ts";
import { type User, createServiceUser } from "../service-user.ts";
import { generateToken } from "../token.ts";
import { focusFirstInvalid } from "./generate.tsx";
import { Secret, type ShownSecret } from "./secret.tsx";
import { TokenFields, daysOf, emptyDraft, nameProblem, refusedName } from "./token-form.tsx";
import { type Membership, MembershipFields } from "./user-form.tsx";

type Draft = Membership & { readonly name: string };

export function AddServiceUser({ onAdded, onClose }: { onAdded(): void; onClose(): void }): JSX.Element {
  const [draft, setDraft] = useState<Draft>({ name: "", role: "Member", teams: [] });
  const [user, setUser] = useState<User | null>(null);
  const [step, setStep] = useState<1 | 2>(1);
  const [problem, setProblem] = useState<string | undefined>();
  const [secret, setSecret] = useState<ShownSecret | null>(null);

  if (secret !== null) return <Secret secret={secret} onClose={onClose} />;

  const create = async (): Promise<User> => {
    const made = user ?? (await createServiceUser(draft));
    setUser(made);
    onAdded();
    return made;
  };
  const refused = (cause: unknown): boolean => {
    // The name is this step's: go back to where it can be changed.
    const about = user === null && cause instanceof Problem && (cause.status === 409 || cause.fields["name"] !== undefined);
    if (!about) return false;
    setProblem(sentenceOf(cause));
    setStep(1);
    return true;
  };

  if (step === 1) {
    return (
      <UserStep
        draft={draft}
        onDraft={setDraft}
        problem={problem}
        onClose={onClose}
        onNext={() => {
          const found = draft.name.trim() === "" ? "Give the service user a name, such as Pipeline Automation." : undefined;
          setProblem(found);
          if (found === undefined) setStep(2);
          return found === undefined;
        }}
      />
    );
  }
  return <TokenStep name={draft.name} create={create} refused={refused} onBack={user === null ? () => setStep(1) : undefined} onSecret={setSecret} onClose={onClose} />;
}

interface UserStepProps {
  readonly draft: Draft;
  onDraft(draft: Draft): void;
  readonly problem: string | undefined;
  /** False: something is wrong yet. */
  onNext(): boolean;
  onClose(): void;
}

function UserStep({ draft, onDraft, problem, onNext, onClose }: UserStepProps): JSX.Element {
  return (
    <Dialog title="Add Service User" onClose={onClose}>
      <p class="step">Step 1 of 2: the service user</p>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!onNext()) focusFirstInvalid(event.currentTarget);
        }}
      >
        <TextField label="Name" value={draft.name} onValue={(name) => onDraft({ ...draft, name })} problem={problem} placeholder="Pipeline Automation" autofocus />
        <MembershipFields value={draft} onValue={(membership) => onDraft({ ...draft, ...membership })} />
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={onClose}>Cancel</button>
          <button type="submit" class="button button-main">Next</button>
        </div>
      </form>
    </Dialog>
  );
}

interface TokenStepProps {
  readonly name: string;
  create(): Promise<User>;
  /** True: it was about the user, and is told there. */
  refused(cause: unknown): boolean;
  readonly onBack: (() => void) | undefined;
  onSecret(secret: ShownSecret): void;
  onClose(): void;
}

function TokenStep({ name, create, refused, onBack, onSecret, onClose }: TokenStepProps): JSX.Element {
  const [draft, setDraft] = useState(emptyDraft);
  const [problem, setProblem] = useState<string | undefined>();
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState(false);

  const run = async (form: HTMLElement, withToken: boolean): Promise<void> => {
    const found = withToken ? nameProblem(draft.name) : undefined;
    setProblem(found);
    setFailure("");
    if (found !== undefined) return focusFirstInvalid(form);
    setBusy(true);
    try {
      const owner = await create();
      announce("Service user successfully created");
      if (!withToken) return onClose();
      const made = await generateToken({ name: draft.name, expires_in_days: daysOf(draft), scim_endpoints_only: draft.scim, user_id: owner.id });
      onSecret({ name: made.name, value: made.bearer_token, kind: "service" });
    } catch (cause) {
      setBusy(false);
      if (refused(cause)) return;
      const aboutName = cause instanceof Problem ? refusedName(cause) : undefined;
      setProblem(aboutName);
      setFailure(aboutName === undefined ? sentenceOf(cause) : "");
    }
  };

  return (
    <Dialog title="Add Service User" onClose={onClose}>
      <p class="step">Step 2 of 2: its first token</p>
      <form
        noValidate
        autocomplete="off"
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) void run(event.currentTarget, true);
        }}
      >
        <TokenFields draft={draft} onDraft={setDraft} problem={problem} mayScim>
          <ChoiceField label="Service User" value="it" disabled onValue={() => undefined} options={[{ value: "it", label: name }]} />
        </TokenFields>
        <Failure text={failure} />
        <div class="dialog-buttons">
          {onBack === undefined ? <button type="button" class="button" onClick={onClose}>Close</button> : <button type="button" class="button" onClick={onBack}>Back</button>}
          <button type="button" class="button" aria-disabled={busy} onClick={(event) => !busy && event.currentTarget.form !== null && void run(event.currentTarget.form, false)}>
            Finish without a token
          </button>
          <button type="submit" class="button button-main" aria-disabled={busy}>Finish</button>
        </div>
      </form>
    </Dialog>
  );
}
