// Whether the command line may have a token: asked of the person who is signed in. Decides
// that only a client on this machine is answered, which the service checks again.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Failure } from "../parts/field.tsx";
import { Icon } from "../parts/icon.tsx";
import { ask, sentenceOf } from "../request.ts";
import type { SignedIn } from "../session.ts";
import { Card } from "./card.tsx";

export function CliAuthorize({ session }: { session: SignedIn }): JSX.Element {
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState(false);
  const asked = new URLSearchParams(location.search);
  const target = asked.get("redirect_uri") ?? "";
  const host = asked.get("hostname");
  useEffect(() => {
    document.title = "Authorize the command line · Qualytics";
  }, []);

  const decide = async (allow: boolean): Promise<void> => {
    if (busy) return;
    setBusy(true);
    setFailure("");
    try {
      const state = asked.get("state");
      const { location: next } = await ask<{ location: string }>("POST", "/cli/authorize", {
        redirect_uri: target,
        allow,
        ...(state === null ? {} : { state }),
        ...(host === null ? {} : { hostname: host }),
      });
      location.replace(next);
    } catch (cause) {
      setFailure(sentenceOf(cause));
      setBusy(false);
    }
  };

  return (
    <Card development={session.development !== null} corner={<Icon name="terminal" />}>
      <h1>Authorize the command line?</h1>
      <div class="prose">
        <p>
          The Qualytics CLI{host === null || host === "" ? "" : <> on <strong class="name">{host}</strong></>} asks for access as <strong>{session.user.name}</strong> ({session.user.role}).
        </p>
        <p>It gets a personal token that expires in 90 days. You will find it in Settings, Tokens, and can revoke it there.</p>
        <p class="muted">Only go on if you started this yourself a moment ago.</p>
      </div>
      <Failure text={failure} />
      <div class="card-buttons">
        <button type="button" class="button" aria-disabled={busy} onClick={() => void decide(false)}>Cancel</button>
        <button type="button" class="button button-main" aria-disabled={busy} onClick={() => void decide(true)}>Authorize</button>
      </div>
    </Card>
  );
}
