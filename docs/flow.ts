// Draws docs/flow.svg from the data below: `node docs/flow.ts`. With --check it only says whether the committed
// picture is what it would draw. Nothing is measured, so the same data gives the same bytes everywhere.
import { join } from "node:path";
import { generate } from "./generated.ts";

type Tone = "write" | "front" | "engine" | "place" | "api";

interface Box {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
  readonly tone: Tone;
  readonly title: string;
  readonly lines: readonly string[];
}

/** A point on the edge of a box: its side, and how far along it, from 0 to 1. */
type Port = readonly [box: string, side: "top" | "right" | "bottom" | "left", along: number];

interface Arrow {
  readonly from: Port;
  readonly to: Port;
  readonly both?: boolean;
  readonly label?: string;
  /** Where the label stands, from the middle of the arrow. */
  readonly shift?: readonly [number, number];
  readonly anchor?: "start" | "middle" | "end";
}

const WIDTH = 880;
const HEIGHT = 606;

const boxes: Readonly<Record<string, Box>> = {
  program: { x: 24, y: 24, w: 240, h: 56, tone: "write", title: "A Pulumi program", lines: ["pulumi up"] },
  manifest: { x: 616, y: 24, w: 240, h: 56, tone: "write", title: "A ServiceToken object", lines: ["kubectl apply"] },
  provider: { x: 24, y: 128, w: 240, h: 72, tone: "front", title: "Provider", lines: ["looks and acts at every up,", "until nothing is left to do"] },
  engine: { x: 320, y: 112, w: 240, h: 104, tone: "engine", title: "Engine: plan()", lines: ["desired + observed + now", "→ at most one action,", "and the words for it"] },
  operator: { x: 616, y: 128, w: 240, h: 72, tone: "front", title: "Operator", lines: ["looks and acts all the time,", "until nothing is left to do"] },
  state: { x: 24, y: 280, w: 240, h: 72, tone: "place", title: "Pulumi state", lines: ["token (a secret) and record,", "in one write"] },
  api: { x: 320, y: 280, w: 240, h: 72, tone: "api", title: "Token API", lines: ["Qualytics, or the token service", "of this project"] },
  secret: { x: 616, y: 280, w: 240, h: 72, tone: "place", title: "Secret", lines: ["token and record,", "in one write"] },
  consumers: { x: 24, y: 416, w: 832, h: 40, tone: "write", title: "Consumers: whatever reads the token and uses it", lines: [] },
};

const arrows: readonly Arrow[] = [
  { from: ["program", "bottom", 0.5], to: ["provider", "top", 0.5] },
  { from: ["manifest", "bottom", 0.5], to: ["operator", "top", 0.5] },
  { from: ["provider", "right", 0.5], to: ["engine", "left", 0.5], both: true },
  { from: ["operator", "left", 0.5], to: ["engine", "right", 0.5], both: true },
  { from: ["provider", "bottom", 0.35], to: ["state", "top", 0.35], label: "deliver", shift: [8, 4], anchor: "start" },
  { from: ["operator", "bottom", 0.65], to: ["secret", "top", 0.65], label: "deliver", shift: [-8, 4], anchor: "end" },
  { from: ["provider", "bottom", 0.9], to: ["api", "top", 0.2] },
  { from: ["operator", "bottom", 0.1], to: ["api", "top", 0.8] },
  { from: ["state", "bottom", 0.5], to: ["consumers", "top", 0.1442], label: "outputs", shift: [8, 4], anchor: "start" },
  { from: ["secret", "bottom", 0.5], to: ["consumers", "top", 0.8558], label: "volume, environment", shift: [-8, 4], anchor: "end" },
  { from: ["consumers", "top", 0.5], to: ["api", "bottom", 0.5], label: "use, seen as last_used", shift: [8, 4], anchor: "start" },
];

/** What both fronts say to the API, between their arrows. */
const notes = [
  { x: 440, y: 238, text: "list, issue, verify," },
  { x: 440, y: 254, text: "revoke, restore, delete" },
];

interface Span {
  readonly row: number;
  readonly from: number;
  readonly to: number;
  readonly kind: "valid" | "revoked";
  readonly text: string;
}

/** A rotation on a time axis; where things stand says their order, not their length. */
const spans: readonly Span[] = [
  { row: 0, from: 24, to: 480, kind: "valid", text: "revision 1: valid" },
  { row: 0, from: 480, to: 700, kind: "revoked", text: "revoked, can be restored" },
  { row: 1, from: 320, to: 856, kind: "valid", text: "revision 2: issued, verified, delivered" },
];
const moments = [
  { x: 320, text: "renewal due" },
  { x: 480, text: "1 is unused: revoke it" },
  { x: 700, text: "delete it" },
];
const AXIS = 500;
const ROW = 34;

const tones: Readonly<Record<Tone, string>> = { write: "#ffffff", front: "#e8f0fb", engine: "#1f4b8f", place: "#e9f5ec", api: "#fdf1dc" };
const INK = "#1f2933";
const LINE = "#5b6b7b";

const escape = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function text(at: readonly [number, number], content: string, more: { size?: number; anchor?: string; fill?: string; bold?: boolean } = {}): string {
  const { size = 13, anchor = "middle", fill = INK, bold = false } = more;
  return `<text x="${at[0]}" y="${at[1]}" font-size="${size}" text-anchor="${anchor}" fill="${fill}"${bold ? ' font-weight="600"' : ""}>${escape(content)}</text>`;
}

function drawBox({ x, y, w, h, tone, title, lines }: Box): string[] {
  const fill = tone === "engine" ? "#ffffff" : INK;
  const middle = x + w / 2;
  const top = y + h / 2 - (lines.length * 17) / 2 + 5;
  return [
    `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="8" fill="${tones[tone]}" stroke="${LINE}"/>`,
    text([middle, top], title, { size: 15, fill, bold: true }),
    ...lines.map((line, index) => text([middle, top + 18 + index * 17], line, { fill })),
  ];
}

function place([name, side, along]: Port): [number, number] {
  const box = boxes[name];
  if (!box) throw new RangeError(`there is no box ${name}`);
  if (side === "top" || side === "bottom") return [Math.round(box.x + box.w * along), side === "top" ? box.y : box.y + box.h];
  return [side === "left" ? box.x : box.x + box.w, Math.round(box.y + box.h * along)];
}

function drawArrow({ from, to, both, label, shift = [0, -6], anchor }: Arrow): string[] {
  const [x1, y1] = place(from);
  const [x2, y2] = place(to);
  const line = `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${LINE}" stroke-width="1.5" marker-end="url(#head)"${both ? ' marker-start="url(#tail)"' : ""}/>`;
  if (label === undefined) return [line];
  const at: [number, number] = [Math.round((x1 + x2) / 2) + shift[0], Math.round((y1 + y2) / 2) + shift[1]];
  return [line, text(at, label, { size: 12, fill: LINE, ...(anchor === undefined ? {} : { anchor }) })];
}

function drawSpan({ row, from, to, kind, text: words }: Span): string[] {
  const y = AXIS + 24 + row * ROW;
  const look = kind === "valid" ? `fill="#cfe8d5" stroke="${LINE}"` : `fill="#f6dfc0" stroke="${LINE}" stroke-dasharray="4 3"`;
  return [`<rect x="${from}" y="${y}" width="${to - from}" height="24" rx="4" ${look}/>`, text([(from + to) / 2, y + 16], words)];
}

function drawMoment({ x, text: words }: { x: number; text: string }): string[] {
  const top = AXIS + 16;
  return [`<line x1="${x}" y1="${top}" x2="${x}" y2="${top + 2 * ROW + 2}" stroke="${LINE}" stroke-dasharray="2 3"/>`, text([x, top - 6], words, { size: 12, fill: LINE })];
}

function marker(id: string, path: string, at: number): string {
  return `<marker id="${id}" viewBox="0 0 8 8" refX="${at}" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="${path}" fill="${LINE}"/></marker>`;
}

export function draw(): string {
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif" role="img" aria-labelledby="title desc">`,
    `<title id="title">How a token is made and rotated</title>`,
    `<desc id="desc">Provider and operator ask one engine what to do next, talk to the token API, and write value and record in one write; consumers read the token from there. In a rotation the new revision is delivered before the old one is revoked.</desc>`,
    `<defs>${marker("head", "M0 0L8 4L0 8z", 7)}${marker("tail", "M8 0L0 4L8 8z", 1)}</defs>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" rx="12" fill="#f7f9fb"/>`,
    ...arrows.flatMap(drawArrow),
    ...notes.map(({ x, y, text: words }) => text([x, y], words, { size: 12, fill: LINE })),
    ...Object.values(boxes).flatMap(drawBox),
    ...moments.flatMap(drawMoment),
    ...spans.flatMap(drawSpan),
    `</svg>`,
  ];
  return `${parts.join("\n")}\n`;
}

if (process.argv[1] === import.meta.filename) generate(join(import.meta.dirname, "flow.svg"), draw(), "docs/flow.ts");
