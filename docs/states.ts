// Writes docs/states.md: `node docs/states.ts`. With --check it only says whether the committed page is what it would
// write. The page is not drawn but seen: plan() answers each story of docs/states/stories.ts, a small world does what it
// asks, and the state of one revision is looked at before and after.
import { join } from "node:path";
import type { Action } from "../core/action.ts";
import { END, LIFE, type Plan } from "../core/plan.ts";
import { generate } from "./generated.ts";
import { MEANINGS, type State } from "./states/state.ts";
import { STORIES, type Happening, type Story } from "./states/stories.ts";
import { World } from "./states/world.ts";

interface Edge {
  readonly from: State;
  readonly to: State;
  /** The check and what it did, or what happened outside. */
  readonly by: { readonly check: string; readonly does: string; readonly reason: string } | { readonly happening: string };
}

interface Halt {
  readonly state: State;
  readonly outcome: Plan["outcome"];
  readonly check: string;
  readonly reason: string;
  readonly message: string;
}

interface Seen {
  readonly edges: Edge[];
  readonly halts: Halt[];
  readonly checks: Set<string>;
}

const MOST_PASSES = 60;

function tell(story: Story, seen: Seen): void {
  const world = new World({ desired: { resource: "data/ingest", ...story.desired }, ...(story.observed ? { observed: story.observed } : {}) });
  world.state(story.follow);
  if (story.begin === undefined) run(world, story, seen, MOST_PASSES);
  else run(world, story, seen, story.begin);
  for (const happening of story.then) {
    happen(world, story, happening, seen);
    run(world, story, seen, MOST_PASSES);
  }
}

function happen(world: World, { follow }: Story, { what, happens }: Happening, { edges }: Seen): void {
  const from = world.state(follow);
  happens(world);
  edges.push({ from, to: world.state(follow), by: { happening: what } });
}

function run(world: World, { name, follow }: Story, { edges, halts, checks }: Seen, passes: number): void {
  for (let pass = 0; pass < passes; pass++) {
    if (world.released) return;
    const { actions, check, outcome, reason, message } = world.plan();
    const from = world.state(follow);
    checks.add(check);
    const [action] = actions;
    if (!action) {
      halts.push({ state: from, outcome, check, reason, message });
      return;
    }
    world.apply(action);
    const does = action.do === "Look" ? `Look at ${action.at}` : action.do;
    const to = world.state(follow);
    if (from !== to || concerns(action, follow)) edges.push({ from, to, by: { check, does, reason } });
  }
  if (passes === MOST_PASSES) throw new Error(`${name}: the engine does not come to rest`);
}

/** What is done for another revision is no news of this one, but that the next one is issued is. */
function concerns(action: Action, follow: number): boolean {
  if ("token" in action) return action.token.id === 100 + follow;
  return action.do === "Look" || action.do === "Issue" || action.do === "Redeliver" || action.do === "Disown" || (action.do === "Verify" && action.number === follow);
}

const order = (state: State): number => Object.keys(MEANINGS).indexOf(state);
const id = (state: State | "stalled"): string => state.replaceAll("'", "").replace(/ (.)/g, (_, letter: string) => letter.toUpperCase());

/** Each line once. */
const unique = (lines: readonly string[]): string[] => [...new Set(lines)];

function diagram(edges: readonly Edge[], halts: readonly Halt[]): string[] {
  const states = met(edges);
  const arrows = states.flatMap((from) => states.filter((to) => to !== from).flatMap((to) => arrow(from, to, edges.filter((edge) => edge.from === from && edge.to === to))));
  const stalls = states.flatMap((state) => {
    const reasons = unique(halts.filter((halt) => halt.state === state && halt.outcome === "stall").map(({ reason }) => reason));
    return reasons.length === 0 ? [] : [`  ${id(state)} --> stalled: ${reasons.join(", ")}`];
  });
  return ["stateDiagram-v2", ...states.map((state) => `  state "${state}" as ${id(state)}`), "  [*] --> none", ...arrows, ...stalls, "  deleted --> [*]"];
}

/** One line for all that leads from one state to another: actions with the checks that asked for them, and happenings. */
function arrow(from: State, to: State, edges: readonly Edge[]): string[] {
  if (edges.length === 0) return [];
  const outside = edges.flatMap(({ by }) => ("happening" in by ? [by.happening] : []));
  const acts = edges.flatMap(({ by }) => ("check" in by ? [by] : []));
  const done = unique(acts.map(({ does }) => does)).map((does) => `${does} (${unique(acts.filter((by) => by.does === does).map(({ check }) => check)).join(", ")})`);
  return [`  ${id(from)} --> ${id(to)}: ${[...done, ...unique(outside)].join(", ").replaceAll(":", "")}`];
}

const met = (edges: readonly Pick<Edge, "from" | "to">[]): State[] => (Object.keys(MEANINGS) as State[]).filter((state) => edges.some(({ from, to }) => from === state || to === state));

const row = (...cells: string[]): string => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;

function transitions(edges: readonly Edge[]): string[] {
  const sorted = [...edges].sort((a, b) => order(a.from) - order(b.from) || order(a.to) - order(b.to));
  const moved = (edge: Edge): string => (edge.from === edge.to ? "stays" : edge.to);
  return unique(sorted.flatMap((edge) => ("check" in edge.by ? [row(edge.from, edge.by.does, `\`${edge.by.check}\``, `\`${edge.by.reason}\``, moved(edge))] : [])));
}

function happenings(edges: readonly Edge[]): string[] {
  const sorted = [...edges].sort((a, b) => order(a.from) - order(b.from) || order(a.to) - order(b.to));
  return unique(sorted.flatMap((edge) => ("happening" in edge.by && edge.from !== edge.to ? [row(edge.from, edge.by.happening, edge.to)] : [])));
}

const OUTCOMES = { act: "acts", wait: "waits", stall: "stalled", rest: "rests" };

function halting(halts: readonly Halt[]): string[] {
  const sorted = [...halts].sort((a, b) => order(a.state) - order(b.state));
  return unique(sorted.map(({ state, outcome, check, reason, message }) => row(state, OUTCOMES[outcome], `\`${check}\``, `\`${reason}\``, message)));
}

export function render(): string {
  const seen: Seen = { edges: [], halts: [], checks: new Set() };
  for (const story of STORIES) tell(story, seen);
  const { edges, halts, checks } = seen;
  const unmet = unique([...LIFE, ...END].map(({ name }) => name)).filter((name) => !checks.has(name));
  return [
    "<!-- Generated by `node docs/states.ts` from the engine itself. Do not edit. -->",
    "# The states of a revision",
    "",
    `What the engine does in each state, seen by letting it act: ${STORIES.length} stories of a resource, from the first issue to the last deletion, are run through \`plan()\`, and the state of one revision is looked at before and after every action. To see the walk through the checks in a situation of your own: [explain](explain.md).`,
    "",
    "```mermaid",
    ...diagram(edges, halts),
    "```",
    "",
    "| state | meaning |",
    "| --- | --- |",
    ...met([...edges, ...halts.map(({ state }) => ({ from: state, to: state }))]).map((state) => row(state, MEANINGS[state])),
    "",
    "## What the engine does",
    "",
    "In this state, this check asked for this action, which led there. Where a state stays after Issue, it is the next revision that is issued.",
    "",
    "| state | action | check | reason | leads to |",
    "| --- | --- | --- | --- | --- |",
    ...transitions(edges),
    "",
    "## What happens outside",
    "",
    "| state | what happens | leads to |",
    "| --- | --- | --- |",
    ...happenings(edges),
    "",
    "## Where it stops",
    "",
    "Nothing is done until a date comes or something changes; where it is stalled, only a person or a change outside helps.",
    "",
    "| state | it | check | reason | what it says |",
    "| --- | --- | --- | --- | --- |",
    ...halting(halts),
    "",
    ...(unmet.length === 0 ? [] : ["## Checks of which no story tells", "", `${unmet.map((name) => `\`${name}\``).join(", ")}.`, ""]),
  ].join("\n");
}

if (process.argv[1] === import.meta.filename) generate(join(import.meta.dirname, "states.md"), render(), "docs/states.ts");
