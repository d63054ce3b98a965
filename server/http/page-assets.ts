// The page's files. Decides where they come from: the built package holds them, a service
// that runs from its sources has them bundled when it is first asked; must not know who asks.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { extname, join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";

export type Encoding = "br" | "gzip" | "identity";

export interface Asset {
  readonly type: string;
  readonly bodies: Readonly<Partial<Record<Encoding, Buffer>>> & { readonly identity: Buffer };
}

export type Assets = ReadonlyMap<string, Asset>;

const types: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".woff2": "font/woff2",
  ".txt": "text/plain; charset=utf-8",
};

let loaded: Assets | undefined;

export function pageAssets(): Assets {
  return (loaded ??= import.meta.filename.endsWith(".ts") ? bundledAssets() : builtAssets(join(import.meta.dirname, "../page")));
}

/** The one file of the bundle whose name begins and ends so. */
export function assetName(assets: Assets, stem: string, extension: string): string {
  const found = [...assets.keys()].find((name) => name.startsWith(`${stem}-`) && name.endsWith(extension));
  if (found === undefined) throw new Error(`The page's ${stem}${extension} is missing from this installation: run make build, or install the package again.`);
  return found;
}

function builtAssets(folder: string): Assets {
  const assets = new Map<string, Asset>();
  for (const name of readdirSync(folder)) {
    const type = types[extname(name)];
    if (type === undefined) continue;
    const plain = { identity: readFileSync(join(folder, name)) };
    const squeezed = extname(name) === ".js" || extname(name) === ".css";
    assets.set(name, { type, bodies: squeezed ? { ...plain, br: readFileSync(join(folder, `${name}.br`)), gzip: readFileSync(join(folder, `${name}.gz`)) } : plain });
  }
  return assets;
}

/** The bundler is for development: the package comes without it, so nothing imports it. */
function bundledAssets(): Assets {
  const { bundlePage } = createRequire(import.meta.url)("../../tools/page-bundle.ts") as { bundlePage(): Map<string, Buffer> };
  const assets = new Map<string, Asset>();
  for (const [name, identity] of bundlePage()) {
    const type = types[extname(name)] ?? "application/octet-stream";
    const squeezed = extname(name) !== ".woff2";
    assets.set(name, { type, bodies: squeezed ? { identity, br: brotliCompressSync(identity), gzip: gzipSync(identity) } : { identity } });
  }
  return assets;
}
