// The browser's own list to choose from, drawn like the other fields. Decides how it looks;
// its name and what is said about it come from where it stands.
import type { JSX } from "preact";
import { Icon } from "./icon.tsx";

export interface Option {
  readonly value: string;
  readonly label: string;
}

interface SelectProps {
  readonly class: string;
  readonly id?: string;
  readonly "aria-label"?: string;
  readonly "aria-describedby"?: string | undefined;
  readonly "aria-invalid"?: boolean;
  readonly disabled?: boolean;
  readonly options: readonly Option[];
  readonly value: string;
  onValue(value: string): void;
}

export function Select({ class: frame, options, value, onValue, ...told }: SelectProps): JSX.Element {
  return (
    <span class={frame}>
      <select {...told} value={value} onChange={(event) => onValue(event.currentTarget.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value} selected={option.value === value}>
            {option.label}
          </option>
        ))}
      </select>
      <Icon name="down" />
    </span>
  );
}
