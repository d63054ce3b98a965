// A modal window: the browser's own dialog. Decides how it opens, what closes it, and that
// the focus goes back where it came from; must not know what it asks.
import type { ComponentChildren, JSX } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";

interface DialogProps {
  readonly title: string;
  /** It is to go, or the browser has closed it. */
  onClose(): void;
  /** Escape was pressed; without this it closes. */
  onEscape?(): void;
  readonly alert?: boolean;
  readonly wide?: boolean;
  readonly children: ComponentChildren;
}

export function Dialog({ title, onClose, onEscape, alert, wide, children }: DialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  const gone = useRef(false);
  const heading = useId();

  useLayoutEffect(() => {
    const opened = dialog.current;
    opened?.showModal();
    return () => {
      // Closed before it goes, so that the browser gives the focus back.
      gone.current = true;
      opened?.close();
    };
  }, []);

  return (
    <dialog
      ref={dialog}
      class={wide === true ? "dialog dialog-wide" : "dialog"}
      aria-labelledby={heading}
      {...(alert === true ? { role: "alertdialog" as const } : {})}
      onCancel={(event) => {
        event.preventDefault();
        (onEscape ?? onClose)();
      }}
      onClose={() => {
        if (!gone.current) onClose();
      }}
    >
      <h2 id={heading}>{title}</h2>
      {children}
    </dialog>
  );
}
