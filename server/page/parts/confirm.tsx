// Asks before something that cannot be taken back. Decides that a failure is told in the
// window, which then stays open.
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { sentenceOf } from "../request.ts";
import { Dialog } from "./dialog.tsx";
import { Failure } from "./field.tsx";

interface ConfirmProps {
  readonly title: string;
  readonly verb: string;
  act(): Promise<void>;
  onClose(): void;
  readonly children: ComponentChildren;
}

export function Confirm({ title, verb, act, onClose, children }: ConfirmProps): JSX.Element {
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState("");
  const run = async (): Promise<void> => {
    setBusy(true);
    setFailure("");
    try {
      await act();
    } catch (cause) {
      setFailure(sentenceOf(cause));
      setBusy(false);
    }
  };
  return (
    <Dialog title={title} alert onClose={onClose}>
      <div class="prose">{children}</div>
      <Failure text={failure} />
      <div class="dialog-buttons">
        <button type="button" class="button" onClick={onClose} autofocus>
          Cancel
        </button>
        <button type="button" class="button button-danger" aria-disabled={busy} onClick={() => !busy && void run()}>
          {verb}
        </button>
      </div>
    </Dialog>
  );
}
