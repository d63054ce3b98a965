// What we ship with: the lockfile names no download address, and every licence fits Apache-2.0.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly integrity?: string;
}

const root = join(import.meta.dirname, "..", "..");
const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as { packages: Record<string, Locked> };
const packages = Object.entries(lock.packages).filter(([path]) => path !== "");

const FITTING = new Set(["MIT", "ISC", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "BlueOak-1.0.0", "Python-2.0", "OFL-1.1", "PSF-2.0", "CC0-1.0", "CC-BY-3.0", "CC-BY-4.0", "Unlicense", "PostgreSQL", "MPL-2.0"]);

/** Packages whose manifest only points at a file; what that file holds was read. */
const READ: Readonly<Record<string, string>> = { "node_modules/@logdna/tail-file": "MIT" };

/** A licence expression fits when one side of every OR, and all sides of an AND, fit. */
function fits(expression: string): boolean {
  const plain = expression.replace(/[()]/g, "");
  return plain.split(" OR ").some((side) => side.split(" AND ").every((licence) => FITTING.has(licence.trim())));
}

test("the lockfile records a checksum for every package, and no download address", () => {
  expect(packages.length).toBeGreaterThan(100);
  expect(packages.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
  expect(packages.filter(([, { integrity }]) => integrity === undefined).map(([path]) => path)).toEqual([]);
});

test("the licence of every dependency fits ours", () => {
  const wrong = packages.filter(([path, { license = "" }]) => !fits(READ[path] ?? license)).map(([path, { license }]) => `${path}: ${license ?? "none named"}`);
  expect(wrong).toEqual([]);
});

test("what a user installs has no licence that asks more than to be named", () => {
  const copyleft = packages.filter(([, { license, dev }]) => dev !== true && /GPL|MPL|EPL|CDDL/.test(license ?? "")).map(([path]) => path);
  expect(copyleft).toEqual([]);
});
