// What a person at the terminal sees: numbered steps, the commands that were run, what was checked and what came
// of it. A claim that does not hold is an error: nothing is told that was not seen.
import { setTimeout as sleep } from "node:timers/promises";

/** Something that was said turned out not to be so. */
export class FalseClaim extends Error {
  override readonly name = "FalseClaim";
}

export interface Terminal {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** True, or a sentence about what was found instead. */
export type Finding = true | string;

/** How often a claim that needs time is looked at. */
const LOOK_MS = 150;

type Paint = (text: string) => string;

export class Narrator {
  readonly #terminal: Terminal;
  readonly #bold: Paint;
  readonly #faint: Paint;
  readonly #good: Paint;
  readonly #bad: Paint;
  #steps = 0;
  #claims = 0;
  #silent = false;

  constructor(terminal: Terminal, environment: NodeJS.ProcessEnv) {
    const colour = terminal.isTTY === true && !environment["NO_COLOR"] && environment["TERM"] !== "dumb";
    const paint = (on: number, off: number): Paint => (text) => (colour ? `\u001B[${on}m${text}\u001B[${off}m` : text);
    this.#terminal = terminal;
    this.#bold = paint(1, 22);
    this.#faint = paint(2, 22);
    this.#good = paint(32, 39);
    this.#bad = paint(31, 39);
  }

  get claims(): number {
    return this.#claims;
  }

  chapter(title: string): void {
    this.#print(`\n${this.#bold(title)}\n`);
  }

  step(title: string): void {
    this.#steps += 1;
    this.#print(`\n${this.#bold(`${String(this.#steps).padStart(2)}  ${title}`)}\n`);
  }

  /** A command as it was run. */
  run(command: string): void {
    const lines = command.trimEnd().split("\n");
    for (const [index, line] of lines.entries()) this.#print(`    ${this.#faint(index === 0 ? "$" : " ")} ${line}\n`);
  }

  say(text: string): void {
    for (const line of text.trimEnd().split("\n")) this.#print(`    ${line}\n`);
  }

  /** Output of a command, or a file. */
  quote(text: string): void {
    for (const line of text.trimEnd().split("\n")) this.#print(`      ${this.#faint(line)}\n`);
  }

  /** Says what holds, after having looked. */
  claim(sentence: string, finding: Finding): void {
    this.#holds(sentence, finding, "");
  }

  /** The same for what needs its time: it is looked at until it holds, for so long at most. */
  async await(sentence: string, seconds: number, look: () => Promise<Finding>): Promise<void> {
    const since = performance.now();
    const spent = (): number => (performance.now() - since) / 1_000;
    let finding = await look();
    while (finding !== true && spent() < seconds) {
      await sleep(LOOK_MS);
      finding = await look();
    }
    const waited = spent();
    if (finding !== true) finding = `${finding} (waited ${waited.toFixed(0)} s)`;
    this.#holds(sentence, finding, waited < 0.5 ? "" : ` ${this.#faint(`${waited.toFixed(1)} s`)}`);
  }

  /** Nothing more is said: the end has come from outside. */
  silence(): void {
    this.#silent = true;
  }

  failure(error: unknown): void {
    const what = error instanceof FalseClaim ? error.message : `The demo could not go on: ${error instanceof Error ? error.message : "something that is no error was thrown"}`;
    this.#print(`\n${this.#bad("✗")} ${what}\n`);
  }

  #holds(sentence: string, finding: Finding, note: string): void {
    if (finding !== true) throw new FalseClaim(`This was claimed and is not so: ${sentence}\n  Instead: ${finding}`);
    this.#claims += 1;
    this.#print(`    ${this.#good("✓")} ${sentence}${note}\n`);
  }

  #print(text: string): void {
    if (!this.#silent) this.#terminal.write(text);
  }
}
