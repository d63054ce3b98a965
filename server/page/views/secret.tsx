// The one time that a token's secret is seen. Decides that it lives in this window and
// nowhere else: not in an address, a form, a storage or a log, and gone when it closes or
// the page is left.
import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Dialog } from "../parts/dialog.tsx";
import { Icon } from "../parts/icon.tsx";
import type { TokenKind } from "../token.ts";

export interface ShownSecret {
  readonly name: string;
  readonly value: string;
  readonly kind: TokenKind;
}

const warnings: Readonly<Record<TokenKind, string>> = {
  user: "Make sure to copy your secret key as you won't be able to see it again. Keep your secret keys confidential and avoid sharing them with anyone. Use a password manager or an encrypted vault to store your secret keys.",
  service: "Make sure to download or copy this token. You won't be able to see it again. Keep your token confidential and avoid sharing it with anyone. Use a password manager or an encrypted vault to store your tokens.",
};

export function Secret({ secret, onClose }: { secret: ShownSecret; onClose(): void }): JSX.Element {
  const text = useRef<HTMLDivElement>(null);
  const [kept, setKept] = useState<"copied" | "downloaded" | null>(null);
  const [said, setSaid] = useState("");

  useEffect(() => {
    // A browser may keep a page that was left, to bring it back as it was.
    addEventListener("pagehide", onClose);
    return () => removeEventListener("pagehide", onClose);
  }, [onClose]);

  const copy = async (): Promise<void> => {
    const done = await copied(secret.value, text.current);
    if (done) setKept("copied");
    setSaid(done ? "Copied" : "Your browser does not let the page copy. The token is selected: press Ctrl+C or ⌘C.");
  };
  const save = (): void => {
    download(`${secret.name}-token.txt`, secret.value);
    setKept("downloaded");
    setSaid("Downloaded");
  };
  const escape = (): void => {
    // A slip of the finger must not cost the token; the browser itself lets a second Escape through.
    if (kept === null) setSaid("Copy or download the token first, or press Close.");
    else onClose();
  };

  return (
    <Dialog title="Token generated" wide onClose={onClose} onEscape={escape}>
      <p class="callout"><Icon name="warning" /><span>{warnings[secret.kind]}</span></p>
      <p class="secret-name">
        <span class="name">{secret.name}</span>
      </p>
      <div class="secret" ref={text} tabIndex={0} role="group" aria-label="Token">
        <code>{secret.value}</code>
      </div>
      <div class="secret-buttons">
        <button type="button" class="button button-main" autofocus onClick={() => void copy()}>
          <Icon name={kept === "copied" ? "check" : "copy"} />Copy
        </button>
        <button type="button" class="button" onClick={save}>
          <Icon name="download" />Download
        </button>
        <p role="status" class="muted">{said}</p>
      </div>
      <div class="dialog-buttons">
        <button type="button" class="button" onClick={onClose}>
          Close
        </button>
      </div>
    </Dialog>
  );
}

/** Away from this machine and without TLS the browser offers no clipboard; then the older way, on the text itself. */
async function copied(value: string, shown: HTMLElement | null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(value);
    return true;
  } catch {
    if (shown === null) return false;
    getSelection()?.selectAllChildren(shown);
    return document.execCommand("copy");
  }
}

function download(name: string, value: string): void {
  const address = URL.createObjectURL(new Blob([`${value}\n`], { type: "text/plain" }));
  const link = document.createElement("a");
  link.href = address;
  // What no file system takes in a name.
  link.download = name.replace(/[\\/:*?"<>|\p{Cc}]/gu, "_");
  link.click();
  URL.revokeObjectURL(address);
}
