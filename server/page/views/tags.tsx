// The tab that the settings open with. This service keeps users and tokens and has no tags,
// so it shows what the API's empty page says.
import type { JSX } from "preact";
import { useLoaded } from "../loading.ts";
import { Empty, Failed, Skeleton } from "../parts/states.tsx";
import { follow } from "../place.ts";
import { ask } from "../request.ts";
import type { Page } from "../service-user.ts";

export function Tags(): JSX.Element {
  const tags = useLoaded(() => ask<Page<{ readonly name: string }>>("GET", "/api/global-tags"), "tags");
  return (
    <section aria-labelledby="tags">
      <div class="section-head">
        <div>
          <h2 id="tags">Tags</h2>
          <p class="muted">Labels for data assets.</p>
        </div>
      </div>
      {tags.data !== undefined ? (
        <Empty icon="tag" title={tags.data.total === 0 ? "No tags" : `${tags.data.total} tags`}>
          <p>This service keeps users and their tokens. Tags live in a full Qualytics deployment.</p>
          <a class="button" href="/settings/tokens" onClick={follow}>Go to Tokens</a>
        </Empty>
      ) : tags.failure !== undefined ? (
        <Failed cause={tags.failure} retry={tags.reload} />
      ) : (
        <Skeleton what="tags" />
      )}
    </section>
  );
}
