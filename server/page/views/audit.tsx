// The Audit tab: who did what to which token, when and from where, the newest first.
import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { type AuditEntry, actionLabels, listAudit } from "../audit.ts";
import { useLoaded } from "../loading.ts";
import { exactOf } from "../moment.ts";
import { Pager } from "../parts/pager.tsx";
import { Empty, Failed, Skeleton } from "../parts/states.tsx";
import { Sort } from "../parts/toolbar.tsx";

const choices = [{ value: "", label: "Everything" }, ...Object.entries(actionLabels).map(([value, label]) => ({ value, label }))];

export function Audit(): JSX.Element {
  const [action, setAction] = useState("");
  const [page, setPage] = useState(1);
  const log = useLoaded(() => listAudit(action, page), `${action} ${page}`);
  return (
    <section aria-labelledby="audit">
      <div class="section-head">
        <div>
          <h2 id="audit" tabIndex={-1}>Audit</h2>
          <p class="muted">Who did what, when and from where. Nothing here can be changed.</p>
        </div>
        <Sort
          label="Show"
          value={action}
          options={choices}
          onValue={(value) => {
            setAction(value);
            setPage(1);
          }}
        />
      </div>
      {log.data !== undefined ? (
        <>
          {log.data.items.length === 0 ? (
            <Empty icon="scroll" title="Nothing yet">
              <p>{action === "" ? "What is done to tokens and users will stand here." : "Nothing of this kind was done."}</p>
            </Empty>
          ) : (
            <Entries entries={log.data.items} />
          )}
          <Pager page={log.data.page} pages={log.data.pages} total={log.data.total} what="entries" onPage={setPage} />
        </>
      ) : log.failure !== undefined ? (
        <Failed cause={log.failure} retry={log.reload} />
      ) : (
        <Skeleton what="the audit log" />
      )}
    </section>
  );
}

function Entries({ entries }: { entries: readonly AuditEntry[] }): JSX.Element {
  return (
    <table class="list list-audit" role="table" aria-label="Audit log">
      <thead role="rowgroup">
        <tr role="row">
          <th role="columnheader" scope="col">What</th>
          <th role="columnheader" scope="col">By</th>
          <th role="columnheader" scope="col">When</th>
          <th role="columnheader" scope="col">From</th>
        </tr>
      </thead>
      <tbody role="rowgroup">
        {entries.map((entry) => (
          <tr key={entry.number} role="row" class="row">
            <th role="rowheader" scope="row" class="cell-name">
              <span class="name">{actionLabels[entry.action] ?? entry.action}</span>
              <span class="state"><span class="login">{subjectOf(entry)}</span></span>
            </th>
            <td role="cell" data-label="By">{entry.actor.user_id}</td>
            <td role="cell" data-label="When"><time datetime={entry.at}>{exactOf(entry.at)}</time></td>
            <td role="cell" data-label="From">{entry.address ?? <span class="muted">here</span>}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The token with its owner, or the user; nothing where the action says it all. */
function subjectOf({ token, user, actor }: AuditEntry): string {
  const owner = user === null || (token === null && user.user_id === actor.user_id) ? "" : user.user_id;
  return [token?.name ?? "", owner].filter((part) => part !== "").join(" · ");
}
