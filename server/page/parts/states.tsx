// What stands where a list would be, as long as there is none: on its way, failed, empty.
import type { ComponentChildren, JSX } from "preact";
import { sentenceOf } from "../request.ts";
import { Icon, type IconName } from "./icon.tsx";

/** Rows of the height that the real ones have, so that nothing moves when they come. */
export function Skeleton({ what }: { what: string }): JSX.Element {
  return (
    <div class="skeleton" role="status">
      <span class="unseen">Loading {what}</span>
      {[62, 48, 71, 55].map((percent) => (
        <div key={percent} class="skeleton-row" aria-hidden="true">
          <span class={`bone bone-${percent}`} />
          <span class="bone bone-short" />
          <span class="bone bone-short" />
        </div>
      ))}
    </div>
  );
}

export function Failed({ cause, retry }: { cause: unknown; retry(): void }): JSX.Element {
  return (
    <div class="empty" role="alert">
      <Icon name="warning" />
      <h3>This could not be loaded</h3>
      <p>{sentenceOf(cause)}</p>
      <button type="button" class="button" onClick={retry}>
        Try again
      </button>
    </div>
  );
}

export function Empty({ icon, title, level: Heading = "h3", children }: { icon: IconName; title: string; level?: "h2" | "h3"; children: ComponentChildren }): JSX.Element {
  return (
    <div class="empty">
      <Icon name={icon} />
      <Heading>{title}</Heading>
      {children}
    </div>
  );
}
