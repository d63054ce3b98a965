// The fields of a service user that can change: role and teams.
import type { JSX } from "preact";
import { useLoaded } from "../loading.ts";
import { CheckField, ChoiceField } from "../parts/field.tsx";
import { sentenceOf } from "../request.ts";
import { listTeams, roles } from "../service-user.ts";
import type { Role } from "../session.ts";

export interface Membership {
  readonly role: Role;
  readonly teams: readonly string[];
}

const publicTeam = "Public";

export function MembershipFields({ value, onValue }: { value: Membership; onValue(value: Membership): void }): JSX.Element {
  const teams = useLoaded(listTeams, "teams");
  const others = (teams.data ?? []).filter((name) => name !== publicTeam);
  const toggle = (name: string, on: boolean): void => onValue({ ...value, teams: on ? [...value.teams, name] : value.teams.filter((one) => one !== name) });
  return (
    <>
      <ChoiceField label="Role" value={value.role} onValue={(role) => onValue({ ...value, role: role as Role })} options={roles.map((role) => ({ value: role, label: role }))} help="Start with the least that will do." />
      <fieldset class="teams">
        <legend>Teams</legend>
        <p class="help">The Public team is always included.</p>
        {others.map((name) => <CheckField key={name} label={name} checked={value.teams.includes(name)} onChecked={(on) => toggle(name, on)} />)}
        {teams.failure !== undefined && <p class="problem">{sentenceOf(teams.failure)}</p>}
      </fieldset>
    </>
  );
}
