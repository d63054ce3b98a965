// Changing a service user's role and teams. Its name stays: the API cannot change it.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { announce } from "../parts/announce.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { Failure } from "../parts/field.tsx";
import { sentenceOf } from "../request.ts";
import { type User, changeUser } from "../service-user.ts";
import { MembershipFields } from "./user-form.tsx";

export function EditUser({ user, onChanged, onClose }: { user: User; onChanged(): void; onClose(): void }): JSX.Element {
  const [membership, setMembership] = useState({ role: user.role, teams: user.teams });
  const [failure, setFailure] = useState("");
  const [busy, setBusy] = useState(false);

  const save = async (): Promise<void> => {
    setBusy(true);
    setFailure("");
    try {
      await changeUser(user.id, membership);
      onClose();
      announce("Service user successfully updated");
      onChanged();
    } catch (cause) {
      setFailure(sentenceOf(cause));
      setBusy(false);
    }
  };

  return (
    <Dialog title={`Edit ${user.name}`} onClose={onClose}>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (!busy) void save();
        }}
      >
        <MembershipFields value={membership} onValue={setMembership} />
        <Failure text={failure} />
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={onClose}>Cancel</button>
          <button type="submit" class="button button-main" aria-disabled={busy}>Save</button>
        </div>
      </form>
    </Dialog>
  );
}
