// Search and order of a list. Decides how they look and are named; the list applies them.
import type { ComponentChildren, JSX } from "preact";
import { Icon } from "./icon.tsx";
import { type Option, Select } from "./select.tsx";

export function Search({ label, value, onValue }: { label: string; value: string; onValue(value: string): void }): JSX.Element {
  return (
    <div class="search">
      <Icon name="search" />
      <input type="search" aria-label={label} placeholder={label} value={value} autocomplete="off" spellcheck={false} onInput={(event) => onValue(event.currentTarget.value)} />
    </div>
  );
}

interface SortProps {
  readonly label?: string;
  readonly options: readonly Option[];
  readonly value: string;
  onValue(value: string): void;
}

export function Sort({ label, options, value, onValue }: SortProps): JSX.Element {
  return (
    <Select class="select select-sort" aria-label={label ?? "Sort by"} options={options} value={value} onValue={onValue} />
  );
}

interface HeadProps {
  readonly sorted: "ascending" | "descending" | null;
  onSort(): void;
  readonly children: ComponentChildren;
}

/** A column's head that sorts by it, and turns the order round when it does already. */
export function SortHead({ sorted, onSort, children }: HeadProps): JSX.Element {
  return (
    <th role="columnheader" scope="col" {...(sorted === null ? {} : { "aria-sort": sorted })}>
      <button type="button" class="head-button" onClick={onSort}>
        {children}
        <span class={sorted === null ? "head-arrow head-arrow-off" : "head-arrow"}>
          <Icon name={sorted === "descending" ? "down" : "up"} />
        </span>
      </button>
    </th>
  );
}
