// A button with a menu: the browser's own popover. Decides where it opens and how the keys
// move in it; must not know what the items do.
import type { ComponentChildren, JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";

export interface MenuItem {
  readonly label: string;
  readonly danger?: boolean;
  act(): void;
}

interface MenuProps {
  readonly label: string;
  readonly class?: string;
  readonly items: readonly MenuItem[];
  readonly children: ComponentChildren;
}

const width = 184;
const gap = 4;

export function Menu({ label, items, children, ...rest }: MenuProps): JSX.Element {
  const [open, setOpen] = useState(false);
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const shown = menu.current;
    if (!open || shown === null) return;
    const hide = (): void => shown.hidePopover();
    addEventListener("scroll", hide, { passive: true, capture: true });
    addEventListener("resize", hide);
    return () => {
      removeEventListener("scroll", hide, { capture: true });
      removeEventListener("resize", hide);
    };
  }, [open]);

  // Before it shows, so that it never shows elsewhere; the browser then focuses the first item.
  const beforeToggle = (event: { readonly newState: string; readonly currentTarget: HTMLElement }): void => {
    const opens = event.newState === "open";
    if (opens) place(event.currentTarget, button.current, items.length);
    setOpen(opens);
  };

  return (
    <>
      <button ref={button} type="button" class={rest.class ?? "button-bare"} aria-label={label} aria-haspopup="menu" aria-expanded={open} popovertarget={id}>
        {children}
      </button>
      <div ref={menu} id={id} popover="auto" role="menu" aria-label={label} class="menu" onBeforeToggle={beforeToggle} onKeyDown={move}>
        {items.map((item, index) => (
          <button
            key={item.label}
            type="button"
            role="menuitem"
            tabIndex={-1}
            autofocus={index === 0}
            class={item.danger === true ? "menu-item menu-danger" : "menu-item"}
            onClick={() => {
              menu.current?.hidePopover();
              button.current?.focus();
              item.act();
            }}
          >
            {item.label}
          </button>
        ))}
      </div>
    </>
  );
}

/** Under the button's right end; above it where there is no room. */
function place(menu: HTMLElement, button: HTMLElement | null, items: number): void {
  if (button === null) return;
  const at = button.getBoundingClientRect();
  const height = items * at.height + 4 * gap;
  const below = at.bottom + height < innerHeight;
  menu.style.left = `${Math.max(gap, at.right - width)}px`;
  menu.style.top = below ? `${at.bottom + gap}px` : "auto";
  menu.style.bottom = below ? "auto" : `${innerHeight - at.top + gap}px`;
}

function move(event: KeyboardEvent): void {
  const menu = event.currentTarget as HTMLElement;
  const items = [...menu.querySelectorAll("button")];
  const at = items.indexOf(document.activeElement as HTMLButtonElement);
  const steps: Readonly<Record<string, number>> = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 };
  const next = steps[event.key];
  if (event.key === "Tab") menu.hidePopover();
  if (next === undefined) return;
  event.preventDefault();
  items[next % items.length]?.focus();
}
