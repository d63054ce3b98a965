// One of a few, side by side: radio buttons that look like one control, so that the arrow
// keys work as people expect.
import type { JSX } from "preact";
import { useId } from "preact/hooks";

interface SegmentsProps<Value extends string> {
  readonly label: string;
  readonly options: readonly { readonly value: Value; readonly label: string; readonly count?: number | undefined }[];
  readonly value: Value;
  onValue(value: Value): void;
}

export function Segments<Value extends string>({ label, options, value, onValue }: SegmentsProps<Value>): JSX.Element {
  const name = useId();
  return (
    <fieldset class="segments">
      <legend class="unseen">{label}</legend>
      {options.map((option) => (
        <label key={option.value} class="segment">
          <input type="radio" name={name} value={option.value} checked={option.value === value} onChange={() => onValue(option.value)} />
          <span>
            {option.label}
            {option.count !== undefined && <span class="count"> {option.count}</span>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
