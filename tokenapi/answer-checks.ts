// The schemas of answers as functions. In the operator's bundle the code that they are compiled to stands here instead,
// and the compiler is not there (tools/operator-bundle.ts): its names and types have to stay as they are.
import { Ajv, type ValidateFunction } from "ajv";
import { SHAPE_OPTIONS, SHAPES, type Shaped } from "./answer-shapes.ts";

const ajv = new Ajv(SHAPE_OPTIONS);
const compiled = new Map<keyof Shaped, ValidateFunction>();

/** Compiled when it is needed first: no process asks everything, and each takes some milliseconds. */
export function checkOf<K extends keyof Shaped>(shape: K): ValidateFunction<Shaped[K]> {
  const known = compiled.get(shape) ?? ajv.compile(SHAPES[shape]);
  compiled.set(shape, known);
  return known as ValidateFunction<Shaped[K]>;
}
