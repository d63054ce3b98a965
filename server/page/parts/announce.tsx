// What happened, said once: as a note in the corner and by screen readers. Decides how
// long a note stays; whoever reads it, or points at it, keeps it.
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Icon } from "./icon.tsx";

interface Note {
  readonly id: number;
  readonly text: string;
  readonly failed: boolean;
}

const stayMs = 8_000;
let count = 0;
let show: (note: Note) => void = () => undefined;

/** `text` is a whole sentence, or one of the guide's messages. */
export function announce(text: string, failed = false): void {
  count += 1;
  show({ id: count, text, failed });
}

export function Announcements(): JSX.Element {
  const [note, setNote] = useState<Note | null>(null);
  const [held, setHeld] = useState(false);
  show = setNote;

  useEffect(() => {
    if (note === null || held || note.failed) return;
    const timer = setTimeout(() => setNote(null), stayMs);
    return () => clearTimeout(timer);
  }, [note, held]);

  const hold = (): void => setHeld(true);
  const release = (): void => setHeld(false);
  return (
    // The regions are always there: one that appears together with its text is not read.
    <div class="notes" onMouseEnter={hold} onMouseLeave={release} onFocusIn={hold} onFocusOut={release}>
      <div role="status">{note !== null && !note.failed && <p class="note" key={note.id}><Icon name="check" /><span>{note.text}</span></p>}</div>
      <div role="alert">{note?.failed === true && <p class="note note-failed" key={note.id}><Icon name="warning" /><span>{note.text}</span></p>}</div>
      {note !== null && (
        <button type="button" class="button-bare note-close" aria-label="Dismiss the message" onClick={() => setNote(null)}>
          <Icon name="close" />
        </button>
      )}
    </div>
  );
}
