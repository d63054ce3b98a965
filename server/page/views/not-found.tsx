// What stands at a path that leads nowhere, or nowhere for this role.
import type { JSX } from "preact";
import { Empty } from "../parts/states.tsx";
import { follow } from "../place.ts";

export function NotFound(): JSX.Element {
  return (
    <Empty icon="search" title="There is no page here" level="h2">
      <p>The address may be mistyped, or your role may not open it.</p>
      <a class="button" href="/settings/tokens" onClick={follow}>Go to Tokens</a>
    </Empty>
  );
}
