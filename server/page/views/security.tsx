// The Security tab: users, and for administrators what can be done with service users.
// Decides which window is open and what is reloaded; the list is the service's to search.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { useLoaded } from "../loading.ts";
import { announce } from "../parts/announce.tsx";
import { Confirm } from "../parts/confirm.tsx";
import { Icon } from "../parts/icon.tsx";
import { Menu } from "../parts/menu.tsx";
import { Pager } from "../parts/pager.tsx";
import { Failed, Skeleton } from "../parts/states.tsx";
import { sentenceOf } from "../request.ts";
import { type User, type UserSearch, deactivateUser, listUsers, reactivateUser } from "../service-user.ts";
import { type SignedIn, isAdmin } from "../session.ts";
import { AddServiceUser } from "./add-service-user.tsx";
import { EditUser } from "./edit-user.tsx";
import { Generate } from "./generate.tsx";
import { UserList } from "./user-list.tsx";
import { UserToolbar } from "./user-toolbar.tsx";

export type UserAction = "edit" | "generate" | "deactivate" | "reactivate";

type Asking = { readonly what: "add" } | { readonly what: "edit" | "generate" | "deactivate"; readonly user: User };

const start: UserSearch = { type: "Service", name: "", sort: "name", sort_dir: "asc", include_deleted: false, page: 1 };

export function Security({ session }: { session: SignedIn }): JSX.Element {
  const [search, setSearch] = useState(start);
  const [asking, setAsking] = useState<Asking | null>(null);
  const users = useLoaded(() => listUsers(search), JSON.stringify(search));
  const close = (): void => setAsking(null);

  const act = (user: User, action: UserAction): void => {
    if (action !== "reactivate") return setAsking({ what: action, user });
    reactivateUser(user.id).then(
      () => {
        announce("Service user successfully reactivated");
        users.reload();
      },
      (cause: unknown) => announce(sentenceOf(cause), true),
    );
  };

  return (
    <section aria-labelledby="security">
      <div class="section-head">
        <div>
          <h2 id="security" tabIndex={-1}>Users</h2>
          <p class="muted">Service users stand for systems, not for people: they own tokens and cannot sign in.</p>
        </div>
        {isAdmin(session) && (
          <Menu label="Add" class="button button-main" items={[{ label: "Service User", act: () => setAsking({ what: "add" }) }]}>
            <Icon name="plus" />Add
          </Menu>
        )}
      </div>
      <UserToolbar search={search} onSearch={setSearch} />
      {users.data !== undefined ? (
        <>
          <UserList users={users.data.items} search={search} admin={isAdmin(session)} onAction={act} onAdd={() => setAsking({ what: "add" })} onReset={() => setSearch(start)} />
          <Pager page={users.data.page} pages={users.data.pages} total={users.data.total} what="users" onPage={(page) => setSearch({ ...search, page })} />
        </>
      ) : users.failure !== undefined ? (
        <Failed cause={users.failure} retry={users.reload} />
      ) : (
        <Skeleton what="users" />
      )}
      {asking?.what === "add" && <AddServiceUser onClose={close} onAdded={users.reload} />}
      {asking?.what === "edit" && <EditUser user={asking.user} onClose={close} onChanged={users.reload} />}
      {asking?.what === "generate" && <Generate session={session} kind="service" userId={asking.user.id} onClose={close} onGenerated={() => undefined} />}
      {asking?.what === "deactivate" && (
        <Confirm
          title="Deactivate Service User"
          verb="Deactivate"
          onClose={close}
          act={async () => {
            await deactivateUser(asking.user.id);
            close();
            announce("Service user successfully deactivated");
            users.reload();
          }}
        >
          <p>
            <strong class="name">{asking.user.name}</strong> can get no new tokens until it is reactivated. Its active tokens have to be revoked first, under Tokens.
          </p>
        </Confirm>
      )}
    </section>
  );
}
