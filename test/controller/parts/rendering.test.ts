// Templates, and what is made of them.
import { expect, test } from "vitest";
import { fingerprint, lookOf, render, templateProblems } from "../../../controller/rendering.ts";
import { SecretValue } from "../../../core/secret-value.ts";

const words = { token: new SecretValue("t0k3n"), url: "https://q.example", name: "n-r1", expires: Date.UTC(2027, 0, 2), user: "Data Ingest" };

test("every word is filled, spaces do not matter, and everything else stays as it is", () => {
  const template = { token: "{{ .token }}", env: "A={{.token}} B={{- .url -}} C={{ .name }} D={{ .expiresAt }} E={{ .user }} ${x} $&" };
  expect([...render(template, words)]).toEqual([
    ["env", "A=t0k3n B=https://q.exampleC=n-r1 D=2027-01-02T00:00:00Z E=Data Ingest ${x} $&"],
    ["token", "t0k3n"],
  ]);
});

test("a value that looks like a template is not rendered again", () => {
  expect(render({ token: "{{ .token }}" }, { ...words, token: new SecretValue("{{ .url }}") }).get("token")).toBe("{{ .url }}");
});

test("a token that never expires has an empty date", () => {
  expect(render({ at: "[{{ .expiresAt }}]" }, { ...words, expires: null }).get("at")).toBe("[]");
});

test("functions apply from left to right to words and texts written one after the other", () => {
  const shown = (template: string): string | undefined => render({ x: template }, { ...words, user: `D'Arcy & "Co"`, url: "https://q.example:8443/base" }).get("x");
  expect(shown('{{ .name ":" .token | base64 }}')).toBe(Buffer.from("n-r1:t0k3n").toString("base64"));
  expect(shown("{{ .user | json }}")).toBe('"D\'Arcy & \\"Co\\""');
  expect(shown("{{ .user | url }}")).toBe("D'Arcy%20%26%20%22Co%22");
  expect(shown("{{ .url | host }}")).toBe("q.example:8443");
  expect(shown("export U={{ .user | shell }}")).toBe(`export U='D'\\''Arcy & "Co"'`);
  expect(shown("{{ .token | base64 | json }}")).toBe(JSON.stringify(Buffer.from("t0k3n").toString("base64")));
  expect(shown('{{ "{{" }} .Values {{ "}}" }}')).toBe("{{ .Values }}");
  expect(shown("a  {{- .name -}}  b")).toBe("an-r1b");
  expect(shown('{"t":{ "v": {{ .token | json }}}}')).toBe('{"t":{ "v": "t0k3n"}}');
});

test.each([
  ["{{ .secret }}", ".secret is not known: the words are .token, .url, .name, .expiresAt, .user"],
  ["{{ .token | sha256 }}", "sha256 is not known: the functions are base64, json, url, host, shell"],
  ["{{ .token | }}", "after | a function is missing"],
  ["{{ .token base64 }}", '"base64" cannot stand there'],
  ["{{ | base64 }}", '"|" cannot stand there'],
  ["{{ }}", "an expression is empty"],
  ["{{ range .token }}", '"range" cannot stand there'],
  ["{{ .token }} {{ .url", "does not end: close it with }}"],
  ["{{ 'x' }}", `"'" cannot stand there`],
  ['{{ "\\q" }}', "is no text"],
  ["{{ .token }", "does not end"],
])("%s is refused, and told what to write", (template, problem) => {
  expect(templateProblems({ ok: "{{ .token }}", x: template })).toEqual([expect.stringContaining(problem)]);
  expect(() => render({ x: template }, words)).toThrow(expect.objectContaining({ kind: "invalid", code: "TEMPLATE_INVALID" }) as Error);
});

test("a template without the token, and a key that no Secret can have, are refused", () => {
  expect(templateProblems({ url: "{{ .url }}" })).toEqual([expect.stringContaining("no key holds the token")]);
  expect(templateProblems({ "a b": "{{ .token }}", "..": "x" })).toHaveLength(2);
  expect(templateProblems({ token: "{{ .token | base64 }}" })).toEqual([]);
});

test("a long template is read in no time, whatever stands in it", () => {
  for (const piece of [" ", "{", "}", "{{ ", '"', "{{-", "{{ .token | base64 }}"]) templateProblems({ x: piece.repeat(4096 / piece.length) });
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
