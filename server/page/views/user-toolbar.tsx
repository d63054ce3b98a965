// What of the users is asked for. Decides that a search waits until the typing pauses.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { CheckField } from "../parts/field.tsx";
import { Segments } from "../parts/segments.tsx";
import { Search, Sort } from "../parts/toolbar.tsx";
import type { UserSearch } from "../service-user.ts";

const pauseMs = 200;

const orders: readonly { readonly value: string; readonly label: string }[] = [
  { value: "name asc", label: "Name, A to Z" },
  { value: "name desc", label: "Name, Z to A" },
  { value: "created desc", label: "Newest first" },
  { value: "created asc", label: "Oldest first" },
  { value: "role desc", label: "Role, highest first" },
  { value: "role asc", label: "Role, lowest first" },
];

export function UserToolbar({ search, onSearch }: { search: UserSearch; onSearch(search: UserSearch): void }): JSX.Element {
  const [typed, setTyped] = useState(search.name);

  useEffect(() => {
    if (typed === search.name) return;
    const timer = setTimeout(() => onSearch({ ...search, name: typed, page: 1 }), pauseMs);
    return () => clearTimeout(timer);
  }, [typed, search]);
  // The list may have been told to show everything again.
  useEffect(() => setTyped(search.name), [search.name]);

  return (
    <div class="toolbar">
      <Search label="Search users" value={typed} onValue={setTyped} />
      <Sort
        value={`${search.sort} ${search.sort_dir}`}
        options={orders}
        onValue={(value) => {
          const [sort, direction] = value.split(" ");
          onSearch({ ...search, sort: sort as UserSearch["sort"], sort_dir: direction as UserSearch["sort_dir"], page: 1 });
        }}
      />
      <Segments
        label="Type"
        value={search.type === "" ? "All" : search.type}
        onValue={(value) => onSearch({ ...search, type: value === "All" ? "" : value, page: 1 })}
        options={[{ value: "Service", label: "Service users" }, { value: "Human", label: "People" }, { value: "All", label: "All" }]}
      />
      <CheckField label="Show deactivated" checked={search.include_deleted} onChecked={(checked) => onSearch({ ...search, include_deleted: checked, page: 1 })} />
    </div>
  );
}
