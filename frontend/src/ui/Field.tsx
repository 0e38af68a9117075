/** Owns labelled inputs with a hint, and the error of a form. */
import { type ComponentPropsWithRef, useId } from "react";
import s from "./Field.module.css";

interface FieldProps extends ComponentPropsWithRef<"input"> {
  readonly label: string;
  readonly hint?: string | undefined;
}

export function Field({ label, hint, ...rest }: FieldProps) {
  const id = useId();
  return (
    <div className={s.field}>
      <label className={s.label} htmlFor={id}>
        {label}
      </label>
      <input {...rest} id={id} className={s.input} aria-describedby={hint === undefined ? undefined : `${id}-hint`} />
      {hint !== undefined && (
        <p className={s.hint} id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

interface ChoiceProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly { readonly value: T; readonly label: string; readonly hint?: string }[];
  readonly onChange: (value: T) => void;
}

/** Renders a choice of a few options, all of them visible. */
export function Choice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>) {
  const name = useId();
  return (
    <fieldset className={s.choice}>
      <legend className={s.label}>{label}</legend>
      <div className={s.options}>
        {options.map((option) => (
          <label key={option.value} className={s.option}>
            <input
              type="radio"
              name={name}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
              value={option.value}
            />
            <span>
              {option.label}
              {option.hint !== undefined && <small className={s.hint}>{option.hint}</small>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

export function Checkbox({
  label,
  ...rest
}: Omit<ComponentPropsWithRef<"input">, "type"> & { readonly label: string }) {
  return (
    <label className={s.check}>
      <input {...rest} type="checkbox" />
      {label}
    </label>
  );
}

/** Shows why a form was refused; announced when it appears. */
export function FormError({ text }: { text: string | null }) {
  return (
    <div role="alert" className={s.error} hidden={text === null}>
      {text}
    </div>
  );
}
