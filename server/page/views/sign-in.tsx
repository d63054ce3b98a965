// Signing in: with a token, or in development mode as one of the people. Decides what is
// said when it fails; what was typed is forgotten with the view.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Failure, TextField } from "../parts/field.tsx";
import { isCliLogin } from "../place.ts";
import { sentenceOf } from "../request.ts";
import { type Session, signInWith } from "../session.ts";
import { Card } from "./card.tsx";
import { ThemeButton } from "./shell.tsx";

interface SignInProps {
  readonly session: Session;
  readonly path: string;
  onSignedIn(): void;
}

export function SignIn({ session, path, onSignedIn }: SignInProps): JSX.Element {
  const [token, setToken] = useState("");
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | undefined>();
  const [failure, setFailure] = useState("");
  useEffect(() => {
    document.title = "Sign in · Qualytics";
  }, []);

  const enter = async (credential: Parameters<typeof signInWith>[0]): Promise<void> => {
    if (busy) return;
    setBusy(true);
    setFailure("");
    try {
      await signInWith(credential);
      setToken("");
      onSignedIn();
    } catch (cause) {
      setFailure(sentenceOf(cause));
    } finally {
      setBusy(false);
    }
  };

  return (
    <Card development={session.development !== null} corner={<ThemeButton />}>
      <h1>Sign in</h1>
      {isCliLogin(path) && <p class="prose">The command line is waiting to be let in. Sign in first.</p>}
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setProblem(token.trim() === "" ? "Paste a token." : undefined);
          if (token.trim() === "") event.currentTarget.querySelector("input")?.focus();
          else void enter({ token });
        }}
      >
        <TextField label="Token" value={token} onValue={setToken} secret problem={problem} help="The administrator's token, or a personal token of yours." />
        <Failure text={failure} />
        <button type="submit" class="button button-main button-full" aria-disabled={busy}>
          Sign in
        </button>
      </form>
      {session.development !== null && <People people={session.development} onPick={(id) => void enter({ user_id: id })} />}
    </Card>
  );
}

function People({ people, onPick }: { people: NonNullable<Session["development"]>; onPick(id: number): void }): JSX.Element {
  return (
    <section class="people" aria-labelledby="people">
      <h2 id="people">Sign in as</h2>
      <p class="help">Development mode only. No token is asked for.</p>
      <ul>
        {people.map(({ id, name, role }) => (
          <li key={id}>
            <button type="button" class="button person" onClick={() => onPick(id)}>
              <span>{name}</span> <span class="muted">{role}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
