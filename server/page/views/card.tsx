// A view that stands alone, without the settings around it: one card in the middle. Decides
// its frame, and that development mode is told here too; must not know what is asked in it.
import type { ComponentChildren, JSX } from "preact";
import { Mark } from "../parts/icon.tsx";
import { DevelopmentBanner } from "./shell.tsx";

interface CardProps {
  readonly development: boolean;
  /** At the top right, beside the name. */
  readonly corner: ComponentChildren;
  readonly children: ComponentChildren;
}

export function Card({ development, corner, children }: CardProps): JSX.Element {
  return (
    <>
      {development && <DevelopmentBanner />}
      <main class="alone">
        <div class="card">
          <div class="card-head">
            <p class="brand"><Mark />Qualytics</p>
            {corner}
          </div>
          {children}
        </div>
      </main>
    </>
  );
}
