// The list of tokens with its search, filter and order. Decides what is shown when nothing
// is left; must not know what an action does.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Pager } from "../parts/pager.tsx";
import { Segments } from "../parts/segments.tsx";
import { Empty } from "../parts/states.tsx";
import { Search, Sort, SortHead } from "../parts/toolbar.tsx";
import type { Token, TokenKind } from "../token.ts";
import { type Filter, type Order, type SortKey, filters, matches, ordered, passes, sorts } from "../token-view.ts";
import { TokenRow } from "./token-row.tsx";
import type { TokenAction } from "./tokens.tsx";

interface TokenListProps {
  readonly kind: TokenKind;
  readonly tokens: readonly Token[];
  readonly now: number;
  readonly ownId: number | null;
  onAction(token: Token, action: TokenAction): void;
  onGenerate(): void;
}

const pageSize = 50;
const sortLabels: Readonly<Record<SortKey, string>> = { name: "Name", user: "Service user", created: "Created", expiration: "Expiration", last_used: "Usage" };

/** The first click on a column: names from A, dates from the newest, ends from the nearest. */
const firstDescending: ReadonlySet<SortKey> = new Set<SortKey>(["created", "last_used"]);

const orderLabels: readonly { readonly value: string; readonly label: string; readonly service?: true }[] = [
  { value: "created desc", label: "Newest first" },
  { value: "created asc", label: "Oldest first" },
  { value: "name asc", label: "Name, A to Z" },
  { value: "name desc", label: "Name, Z to A" },
  { value: "user asc", label: "Service user, A to Z", service: true },
  { value: "user desc", label: "Service user, Z to A", service: true },
  { value: "expiration asc", label: "Expires first" },
  { value: "expiration desc", label: "Expires last" },
  { value: "last_used desc", label: "Used last" },
  { value: "last_used asc", label: "Unused longest" },
];

export function TokenList({ kind, tokens, now, ownId, onAction, onGenerate }: TokenListProps): JSX.Element {
  const [search, setSearch] = useState("");
  const [filter, setFilter] = useState<Filter>("All");
  const [order, setOrder] = useState<Order>({ key: "created", descending: true });
  const [page, setPage] = useState(1);
  const columns = sorts.filter((key) => key !== "user" || kind === "service");

  if (tokens.length === 0) return <NoTokens kind={kind} onGenerate={onGenerate} />;

  const found = tokens.filter((token) => matches(token, search));
  const shown = ordered(found.filter((token) => passes(token, filter, now)), order);
  const pages = Math.max(1, Math.ceil(shown.length / pageSize));
  const at = Math.min(page, pages);
  const first = (change: () => void): void => {
    change();
    setPage(1);
  };
  const sortBy = (key: SortKey): void => first(() => setOrder({ key, descending: order.key === key ? !order.descending : firstDescending.has(key) }));

  return (
    <>
      <div class="toolbar toolbar-tokens">
        <Search label={kind === "service" ? "Search tokens and service users" : "Search tokens"} value={search} onValue={(value) => first(() => setSearch(value))} />
        <Sort
          value={`${order.key} ${order.descending ? "desc" : "asc"}`}
          options={orderLabels.filter(({ service }) => service !== true || kind === "service")}
          onValue={(value) => first(() => setOrder({ key: value.split(" ")[0] as SortKey, descending: value.endsWith("desc") }))}
        />
        <Segments
          label="Status"
          value={filter}
          onValue={(value) => first(() => setFilter(value))}
          options={filters.map((value) => ({ value, label: value, count: found.filter((token) => passes(token, value, now)).length }))}
        />
      </div>
      <p class="unseen" role="status">{shown.length === 1 ? "1 token is shown" : `${shown.length} tokens are shown`}</p>
      {shown.length === 0 ? (
        <Empty icon="search" title="No token matches">
          <p>{search === "" ? `None is ${filter === "Expiring soon" ? "expiring soon" : filter.toLowerCase()}.` : "Try fewer letters, or another status."}</p>
          <button type="button" class="button" onClick={() => first(() => { setSearch(""); setFilter("All"); })}>
            Show all tokens
          </button>
        </Empty>
      ) : (
        <table class={`list list-${kind}`} role="table" aria-label={kind === "service" ? "Service tokens" : "User tokens"}>
          <thead role="rowgroup">
            <tr role="row">
              {columns.map((key) => (
                <SortHead key={key} sorted={order.key !== key ? null : order.descending ? "descending" : "ascending"} onSort={() => sortBy(key)}>
                  {sortLabels[key]}
                </SortHead>
              ))}
              <th role="columnheader" scope="col"><span class="unseen">Actions</span></th>
            </tr>
          </thead>
          <tbody role="rowgroup">
            {shown.slice((at - 1) * pageSize, at * pageSize).map((token) => (
              <TokenRow key={token.id} token={token} kind={kind} now={now} own={token.id === ownId} onAction={onAction} />
            ))}
          </tbody>
        </table>
      )}
      <Pager page={at} pages={pages} total={shown.length} what="tokens" onPage={setPage} />
    </>
  );
}

function NoTokens({ kind, onGenerate }: Pick<TokenListProps, "kind" | "onGenerate">): JSX.Element {
  return (
    <Empty icon="key" title={kind === "service" ? "No service tokens yet" : "No tokens yet"}>
      <p>{kind === "service" ? "Generate one for a service user, and hand it to what needs it." : "Generate one for a script, or for the command line."}</p>
      <button type="button" class="button" onClick={onGenerate}>
        Generate your first token
      </button>
    </Empty>
  );
}
