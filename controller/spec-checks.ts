// The schemas of specs as functions. In the operator's bundle the code that they are compiled to stands here instead, and
// the compiler is not there (tools/operator-bundle.ts): its names and types have to stay as they are.
import { Ajv, type ValidateFunction } from "ajv";
import { SHAPE_OPTIONS, SHAPES } from "./spec-shapes.ts";

export type KindName = keyof typeof SHAPES;

const ajv = new Ajv(SHAPE_OPTIONS);
const compiled = new Map<KindName, ValidateFunction>();

export function checkOf(kind: KindName): ValidateFunction {
  const known = compiled.get(kind) ?? ajv.compile(SHAPES[kind]);
  compiled.set(kind, known);
  return known;
}
