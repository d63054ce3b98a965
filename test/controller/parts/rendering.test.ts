import { expect, test } from "vitest";
import { fingerprint, lookOf, render, unknownWords } from "../../../controller/rendering.ts";
import { SecretValue } from "../../../core/secret-value.ts";

const words = { token: new SecretValue("t0k3n"), url: "https://q.example", name: "n-r1", expires: Date.UTC(2027, 0, 2), user: "Data Ingest" };

test("every word is filled, spaces do not matter, and everything else stays as it is", () => {
  const template = { token: "{{ .token }}", env: "A={{.token}} B={{- .url -}} C={{ .name }} D={{ .expiresAt }} E={{ .user }} {{ token }} ${x} $&" };
  expect([...render(template, words)]).toEqual([
    ["env", "A=t0k3n B=https://q.example C=n-r1 D=2027-01-02T00:00:00Z E=Data Ingest {{ token }} ${x} $&"],
    ["token", "t0k3n"],
  ]);
});

test("a value that looks like a template is not rendered again", () => {
  expect(render({ token: "{{ .token }}" }, { ...words, token: new SecretValue("{{ .url }}") }).get("token")).toBe("{{ .url }}");
});

test("a token that never expires has an empty date", () => {
  expect(render({ at: "[{{ .expiresAt }}]" }, { ...words, expires: null }).get("at")).toBe("[]");
});

test("words that nobody fills are named once, sorted", () => {
  expect(unknownWords({ a: "{{ .token }} {{ .secret }}", b: "{{ .env }} {{ .secret }}" })).toEqual(["env", "secret"]);
});

test("the fingerprint depends on keys and values, not on their order, and cannot be shifted between them", () => {
  const one = fingerprint(new Map([["a", "1"], ["b", "2"]]));
  expect(fingerprint(new Map([["b", "2"], ["a", "1"]]))).toBe(one);
  expect(fingerprint(new Map([["a", "1b"], ["", "2"]]))).not.toBe(one);
});

test("the look changes with type, template, labels and annotations, and not with the order they are written in", () => {
  const spec = { type: "Opaque", template: { token: "{{ .token }}", url: "{{ .url }}" }, labels: { a: "1", b: "2" } };
  const look = lookOf(spec);
  expect(lookOf({ ...spec, labels: { b: "2", a: "1" }, template: { url: "{{ .url }}", token: "{{ .token }}" } })).toBe(look);
  for (const other of [{ ...spec, type: "x/y" }, { ...spec, labels: { a: "1" } }, { ...spec, annotations: { c: "3" } }, { ...spec, template: { token: "{{ .token }}" } }]) {
    expect(lookOf(other)).not.toBe(look);
  }
});
