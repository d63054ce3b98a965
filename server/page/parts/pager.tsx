// Moves through the pages of a long list. Not shown where there is one page.
import type { JSX } from "preact";

interface PagerProps {
  readonly page: number;
  readonly pages: number;
  readonly total: number;
  readonly what: string;
  onPage(page: number): void;
}

export function Pager({ page, pages, total, what, onPage }: PagerProps): JSX.Element | null {
  if (pages <= 1) return null;
  return (
    <nav class="pager" aria-label={`Pages of ${what}`}>
      <button type="button" class="button" aria-disabled={page <= 1} onClick={() => page > 1 && onPage(page - 1)}>
        Previous
      </button>
      <p aria-live="polite">
        Page {page} of {pages} <span class="muted">· {total.toLocaleString("en")} {what}</span>
      </p>
      <button type="button" class="button" aria-disabled={page >= pages} onClick={() => page < pages && onPage(page + 1)}>
        Next
      </button>
    </nav>
  );
}
