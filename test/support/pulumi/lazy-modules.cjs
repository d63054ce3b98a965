// Preloaded (node --require) into what the CLI of a test starts: the SDK loads npm's Arborist and the TypeScript compiler
// with every process, half of its start, and needs them only to serialise code or to compile a program. Here they are
// loaded when they are first used. Nothing else is touched, and nobody but the SDK's own two files sees it.
"use strict";

const Module = require("node:module");

/** What is asked for, and which file of the SDK asks. */
const LAZY = new Map([
  ["@npmcli/arborist", "/@pulumi/pulumi/runtime/closure/codePaths.js"],
  ["typescript", "/@pulumi/pulumi/typescript-shim.js"],
]);

const load = Module._load;

Module._load = function (request, parent, isMain) {
  const asker = LAZY.get(request);
  if (asker === undefined || parent?.filename?.endsWith(asker) !== true) return load.call(this, request, parent, isMain);
  let loaded;
  const real = () => (loaded ??= load.call(Module, request, parent, isMain));
  return new Proxy(
    {},
    {
      get(_, name) {
        // As TypeScript's importStar() asks: it would look at every name otherwise.
        if (name === "__esModule") return true;
        return name === "default" ? real() : real()[name];
      },
      has: (_, name) => name in real(),
    },
  );
};
