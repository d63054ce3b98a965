// Going wrong on purpose, so that clients can be tried. Decides which request is hit and
// by what; must not know any endpoint. Health and status are spared: they say whether the
// service is well, not whether it pretends.
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { parseDuration } from "../../core/duration.ts";
import { StartError } from "../start-error.ts";

export type FaultKind = "slow" | "429" | "500" | "503" | "lost" | "cut";

export interface Fault {
  readonly kind: FaultKind;
  /** From 0 to 1. */
  readonly share: number;
  /** Of `slow`. */
  readonly delayMs: number;
}

export type FaultPlan = readonly Fault[];

const form = /^(slow|429|500|503|lost|cut)(?::([0-9]+ms|[0-9hms]+))?@([0-9]+(?:\.[0-9]+)?)%$/;
const spared = /^\/api\/(health|status)\/?$/;
const header = "x-servicetokens-fault";

export function parseFaults(texts: readonly string[]): FaultPlan {
  return texts.map((text) => {
    const [, kind, time, percent] = form.exec(text) ?? [];
    const share = Number(percent) / 100;
    const delayMs = time === undefined ? 0 : time.endsWith("ms") ? Number(time.slice(0, -2)) : parseDuration(time);
    if (kind === undefined || delayMs === null || !(share > 0 && share <= 1) || (kind === "slow") !== (time !== undefined)) {
      throw new StartError("settings-unusable", `The fault "${text}" is none: write slow:300ms@20%, 429@10%, 500@5%, 503@5%, lost@2% or cut@2%.`);
    }
    return { kind: kind as FaultKind, share, delayMs };
  });
}

export function injectFaults(app: FastifyInstance, plan: FaultPlan, random: () => number = Math.random): void {
  if (plan.length === 0) return;
  const lost = new WeakSet<FastifyRequest>();
  app.addHook("onRequest", async (request, reply) => {
    if (spared.test(request.url.split("?", 1)[0] ?? "")) return;
    for (const fault of plan) {
      if (random() >= fault.share) continue;
      if (fault.kind === "slow") await sleep(fault.delayMs);
      else if (fault.kind === "lost") lost.add(request);
      else return strike(fault.kind, request, reply);
    }
  });
  // The work is done and committed by now; only its answer goes missing.
  app.addHook("onSend", async (request, _reply, payload) => {
    if (lost.has(request)) request.raw.socket.destroy();
    return payload;
  });
}

function strike(kind: "429" | "500" | "503" | "cut", request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (kind === "cut") {
    reply.hijack();
    request.raw.socket.destroy();
    return reply;
  }
  reply.header(header, kind);
  if (kind !== "500") reply.header("retry-after", "1");
  return reply.code(Number(kind)).send({ detail: "This fault was asked for with --fault." });
}
