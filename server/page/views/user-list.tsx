// The list of users. Decides how a user looks and what a state allows; must not know what
// an action does.
import type { JSX } from "preact";
import { dateOf, exactOf } from "../moment.ts";
import { Icon } from "../parts/icon.tsx";
import { Menu, type MenuItem } from "../parts/menu.tsx";
import { Empty } from "../parts/states.tsx";
import type { User, UserSearch } from "../service-user.ts";
import type { UserAction } from "./security.tsx";

interface UserListProps {
  readonly users: readonly User[];
  readonly search: UserSearch;
  readonly admin: boolean;
  onAction(user: User, action: UserAction): void;
  onAdd(): void;
  onReset(): void;
}

export function UserList({ users, search, admin, onAction, onAdd, onReset }: UserListProps): JSX.Element {
  if (users.length === 0) {
    if (search.name !== "" || search.type === "Human") {
      return (
        <Empty icon="search" title="No user matches">
          <p>Try fewer letters, or another type.</p>
          <button type="button" class="button" onClick={onReset}>Show all service users</button>
        </Empty>
      );
    }
    return (
      <Empty icon="people" title="No service users yet">
        <p>{admin ? "Add one for each system that calls the API." : "An administrator can add one for each system that calls the API."}</p>
        {admin && <button type="button" class="button" onClick={onAdd}>Add your first service user</button>}
      </Empty>
    );
  }
  return (
    <table class="list list-people" role="table" aria-label="Users">
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">Name</th>
          <th role="columnheader" scope="col">Role</th>
          <th role="columnheader" scope="col">Teams</th>
          <th role="columnheader" scope="col">Created</th>
          <th role="columnheader" scope="col"><span class="unseen">Actions</span></th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {users.map((user) => <UserRow key={user.id} user={user} admin={admin} onAction={onAction} />)}
      </tbody>
    </table>
  );
}

function UserRow({ user, admin, onAction }: Pick<UserListProps, "admin" | "onAction"> & { user: User }): JSX.Element {
  const gone = user.deleted_at !== null;
  return (
    <tr role="row" class={gone ? "row row-expired" : "row"} data-user={user.id}>
      <th role="rowheader" scope="row" class="cell-name">
        <span class="name">{user.name}</span>
        <span class="state">
          {user.user_type === "Service" && <span class="badge">Service</span>}
          {gone && <span class="badge badge-off">Deactivated</span>}
          <span class="login">{user.user_id}</span>
        </span>
      </th>
      <td role="cell" data-label="Role">{user.role}</td>
      <td role="cell" data-label="Teams">{user.teams.join(", ")}</td>
      <td role="cell" data-label="Created"><time datetime={user.created_at} title={exactOf(user.created_at)}>{dateOf(user.created_at)}</time></td>
      <td role="cell" class="cell-menu">
        {admin && user.user_type === "Service" && (
          <Menu label={`Actions for ${user.name}`} items={itemsFor(user, onAction)}>
            <Icon name="more" />
          </Menu>
        )}
      </td>
    </tr>
  );
}

function itemsFor(user: User, act: UserListProps["onAction"]): MenuItem[] {
  if (user.deleted_at !== null) return [{ label: "Reactivate", act: () => act(user, "reactivate") }];
  return [
    { label: "Edit", act: () => act(user, "edit") },
    { label: "Generate Token", act: () => act(user, "generate") },
    { label: "Deactivate", danger: true, act: () => act(user, "deactivate") },
  ];
}
