// The operator as one file, in the place of the compiled cli/controller.js: a start resolves and reads one file instead
// of three hundred, and finds its schemas compiled. Decides what goes in, what stays outside, and what is put in other
// words; `node tools/operator-bundle.ts FOLDER` writes it into a folder of compiled sources. From its sources, and from
// the single files, everything runs as well; it only starts later.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { Ajv, type Options } from "ajv";
import { build, type BuildOptions, type BuildResult, type Plugin } from "esbuild";
import * as specs from "../controller/spec-shapes.ts";
import * as answers from "../tokenapi/answer-shapes.ts";

const root = join(import.meta.dirname, "..");
type Standalone = (ajv: Ajv, names: Record<string, string>) => string;
const { default: standalone } = createRequire(import.meta.url)("ajv/dist/standalone") as { default: Standalone };

/** The code that schemas are compiled to, under the names of the file that compiles them when it runs. */
function compiledChecks({ SHAPES, SHAPE_OPTIONS }: { SHAPES: object; SHAPE_OPTIONS: Options }): string {
  const ajv = new Ajv({ ...SHAPE_OPTIONS, code: { source: true, esm: true } });
  const names = Object.keys(SHAPES);
  for (const [name, schema] of Object.entries(SHAPES)) ajv.addSchema(schema as object, name);
  const code = standalone(ajv, Object.fromEntries(names.map((name) => [name, name])));
  return `${code}\nconst checks = { ${names.join(", ")} };\nexport const checkOf = (name) => checks[name];\n`;
}

const checks: Plugin = {
  name: "checks",
  setup(at) {
    at.onLoad({ filter: /[/\\]controller[/\\]spec-checks\.ts$/ }, () => ({ contents: compiledChecks(specs), loader: "js", resolveDir: root }));
    at.onLoad({ filter: /[/\\]tokenapi[/\\]answer-checks\.ts$/ }, () => ({ contents: compiledChecks(answers), loader: "js", resolveDir: root }));
  },
};

/** What the program around it has loaded already: an error has to be of the class that is asked for there. */
const shared: Plugin = {
  name: "shared",
  setup(at) {
    at.onResolve({ filter: /[/\\]error\.ts$/ }, ({ path, resolveDir }) => (resolve(resolveDir, path) === join(root, "core", "error.ts") ? { path: "../core/error.js", external: true } : null));
    at.onResolve({ filter: /^\.\/failure\.ts$/ }, ({ resolveDir }) => (resolveDir === join(root, "cli") ? { path: "./failure.js", external: true } : null));
  },
};

/** Of the metrics' library what the operator uses: the rest of it loads a tracing library and two more of Node's. */
const metrics: Plugin = {
  name: "metrics",
  setup(at) {
    at.onResolve({ filter: /^prom-client$/ }, () => ({ path: "metrics", namespace: "part" }));
    at.onLoad({ filter: /.*/, namespace: "part" }, () => ({
      contents: ["Counter", "Gauge", "Histogram", "Registry"].map((name) => `export { default as ${name} } from "prom-client/lib/${name.toLowerCase()}.js";`).join("\n"),
      loader: "js",
      resolveDir: root,
    }));
  },
};

export const bundling = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node22.19",
  // Only what a proxy, or a kubeconfig with an auth provider, asks for.
  external: ["undici", "@kubernetes/client-node"],
  plugins: [checks, metrics],
  // Packages in the older form ask for Node's own modules by this name.
  banner: { js: 'import { createRequire as requireOf } from "node:module";\nconst require = requireOf(import.meta.url);' },
  legalComments: "none",
  // A trace names our files and lines with node --enable-source-maps, and our functions without; the texts are not needed.
  sourcesContent: false,
  logLevel: "error",
} satisfies BuildOptions;

/** Resolves with the names of the files that are in it. */
export async function writeOperator(folder: string): Promise<string[]> {
  mkdirSync(join(folder, "cli"), { recursive: true });
  const outfile = join(folder, "cli", "controller.js");
  const { metafile } = await build({ ...bundling, plugins: [...bundling.plugins, shared], entryPoints: ["cli/controller.ts"], outfile, sourcemap: true, metafile: true });
  writeFileSync(join(folder, "cli", "controller-licenses.txt"), licences(metafile));
  return Object.keys(metafile.inputs);
}

/** Of every package of which something is in it. */
function licences(metafile: NonNullable<BuildResult["metafile"]>): string {
  const packages = Object.keys(metafile.inputs).flatMap((path) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  return [...new Set(packages)].sort().map(licenceOf).join("\n----\n\n");
}

function licenceOf(path: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(root, path, "package.json"), "utf8")) as { name: string; version: string; license: string };
  const file = readdirSync(join(root, path)).find((each) => /^licen[cs]e/i.test(each));
  const text = file === undefined ? "" : readFileSync(join(root, path, file), "utf8").trim();
  return `${name} ${version}, ${license}\n\n${text}\n`;
}

const [, program, folder] = process.argv;
if (program === import.meta.filename) await writeOperator(resolve(folder ?? join(root, "dist")));
