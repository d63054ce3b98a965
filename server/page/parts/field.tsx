// The fields of forms: name, help and complaint belong together, for the eye and for
// screen readers. Decides no rule of any field.
import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";
import { Icon } from "./icon.tsx";
import { type Option, Select } from "./select.tsx";

interface FieldProps {
  readonly label: string;
  readonly help?: string | undefined;
  readonly problem?: string | undefined;
}

type Described = { readonly id: string; readonly "aria-describedby": string | undefined; readonly "aria-invalid": boolean };

function Field({ label, help, problem, children }: FieldProps & { children: (described: Described) => ComponentChildren }): JSX.Element {
  const id = useId();
  const described = [help === undefined ? "" : `${id}-help`, problem === undefined ? "" : `${id}-problem`].join(" ").trim();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, "aria-describedby": described === "" ? undefined : described, "aria-invalid": problem !== undefined })}
      {help !== undefined && <p class="help" id={`${id}-help`}>{help}</p>}
      {problem !== undefined && <p class="problem" id={`${id}-problem`}><Icon name="warning" />{problem}</p>}
    </div>
  );
}

interface TextProps extends FieldProps {
  readonly value: string;
  onValue(value: string): void;
  readonly secret?: boolean;
  readonly placeholder?: string;
  readonly autofocus?: boolean;
}

export function TextField({ value, onValue, secret, placeholder, autofocus, ...field }: TextProps): JSX.Element {
  return (
    <Field {...field}>
      {(described) => (
        <input
          {...described}
          type={(secret === true ? "password" : "text") as "text"}
          value={value}
          placeholder={placeholder}
          required
          autofocus={autofocus === true}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          onInput={(event) => onValue(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

interface ChoiceProps extends FieldProps {
  readonly value: string;
  onValue(value: string): void;
  readonly options: readonly Option[];
  readonly disabled?: boolean;
}

export function ChoiceField({ value, onValue, options, disabled, ...field }: ChoiceProps): JSX.Element {
  return (
    <Field {...field}>
      {(described) => (
        <Select {...described} class="select" options={options} value={value} disabled={disabled === true} onValue={onValue} />
      )}
    </Field>
  );
}

export function CheckField({ label, help, checked, onChecked }: { label: string; help?: string; checked: boolean; onChecked(checked: boolean): void }): JSX.Element {
  const id = useId();
  return (
    <div class="check">
      <input id={id} type="checkbox" checked={checked} aria-describedby={help === undefined ? undefined : `${id}-help`} onChange={(event) => onChecked(event.currentTarget.checked)} />
      <label for={id}>{label}</label>
      {help !== undefined && <p class="help" id={`${id}-help`}>{help}</p>}
    </div>
  );
}

/** Always there, so that a sentence which appears in it is read out. */
export function Failure({ text }: { text: string }): JSX.Element {
  return (
    <div role="alert" class="failure-place">
      {text !== "" && <p class="failure"><Icon name="warning" /><span>{text}</span></p>}
    </div>
  );
}
