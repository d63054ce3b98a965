// The tab that the settings open with. This service keeps users and tokens and has no tags,
// so it shows what the API's empty page says.
import type { JSX } from "preact";
import { Empty } from "../parts/states.tsx";
import { follow } from "../place.ts";

export function Tags(): JSX.Element {
  return (
    <section aria-labelledby="tags">
      <div class="section-head">
        <div>
          <h2 id="tags">Tags</h2>
          <p class="muted">Labels for data assets.</p>
        </div>
      </div>
      <Empty icon="tag" title="No tags">
        <p>This service keeps users and their tokens. Tags live in a full Qualytics deployment.</p>
        <a class="button" href="/settings/tokens" onClick={follow}>Go to Tokens</a>
      </Empty>
    </section>
  );
}
