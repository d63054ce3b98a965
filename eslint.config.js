// The rules a reviewer would otherwise have to repeat. The import map is data:
// a folder may import itself and what its line names, nothing else.
import tseslint from "typescript-eslint";

/** Which top-level folders each folder may import (besides itself). */
export const importMap = {
  core: [],
  http1: [],
  tokenapi: ["core", "http1"],
  server: ["core"],
  provider: ["core", "tokenapi"],
  controller: ["core", "http1", "tokenapi", "crds"],
  crds: ["core"],
  cli: ["core", "tokenapi", "server", "provider", "controller"],
  test: ["core", "http1", "tokenapi", "server", "provider", "controller", "crds", "cli"],
};

const folders = Object.keys(importMap);

/** One restriction a folder: relative paths that climb into a folder it may not know. */
const layering = folders.map((folder) => {
  const banned = folders.filter((other) => other !== folder && !importMap[folder].includes(other));
  const patterns = [
    {
      regex: `^(\\.\\./)+(${banned.join("|")})/`,
      message: `${folder}/ may import only ${[folder, ...importMap[folder]].join(", ")} (import map in eslint.config.js).`,
    },
  ];
  if (folder === "core") {
    // createHash is the one pure function core needs that JavaScript lacks.
    patterns.push({ regex: "^(?!\\.{1,2}/|node:crypto$)", message: "core/ is pure: it imports nothing outside core/." });
  }
  return {
    files: [`${folder}/**/*.{ts,tsx}`, `test/lint/fixtures/${folder}/**/*.ts`],
    ...(folder === "test" ? { ignores: ["test/lint/fixtures/**"] } : {}),
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns,
          ...(folder === "core"
            ? { paths: [{ name: "node:crypto", allowImportNames: ["createHash"], message: "core/ is pure: only createHash." }] }
            : {}),
        },
      ],
    },
  };
});

/** controller/runtime knows no token: outside itself it imports only http1/, which knows nothing at all and goes with it. */
const runtimeAlone = {
  files: ["controller/runtime/**/*.ts", "test/lint/fixtures/controller/runtime/**/*.ts"],
  rules: {
    "no-restricted-imports": [
      "error",
      { patterns: [{ regex: `^(\\.\\./)+(${folders.filter((folder) => folder !== "http1").join("|")}|[^/.]+\\.ts)`, message: "controller/runtime/ knows no token: it imports only itself and http1/." }] },
    ],
  },
};

const impure = ["fetch", "process", "setTimeout", "setInterval", "setImmediate", "queueMicrotask", "performance", "console", "crypto", "Temporal"];
const purity = {
  files: ["core/**/*.ts", "test/lint/fixtures/core/**/*.ts"],
  rules: {
    "no-restricted-globals": ["error", ...impure.map((name) => ({ name, message: "core/ is pure: pass it in as data." }))],
    "no-restricted-properties": [
      "error",
      { object: "Date", property: "now", message: "core/ has no clock: now is an argument." },
      { object: "Math", property: "random", message: "core/ has no randomness." },
    ],
    "no-restricted-syntax": [
      "error",
      { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: "core/ has no clock: now is an argument." },
    ],
  },
};

const typed = {
  files: ["core/**/*.ts", "http1/**/*.ts", "tokenapi/**/*.ts", "server/**/*.{ts,tsx}", "provider/**/*.ts", "controller/**/*.ts", "cli/**/*.ts", "crds/**/*.ts"],
  languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
  plugins: { "@typescript-eslint": tseslint.plugin },
  rules: {
    "@typescript-eslint/no-floating-promises": "error",
    "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { arguments: false } }],
    "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
    "@typescript-eslint/only-throw-error": "error",
  },
};

export default [
  { ignores: ["dist/", "node_modules/", ".tools/", "bin/", "coverage/", "**/*.d.ts", "test/lint/fixtures/", "examples/"] },
  {
    files: ["**/*.{ts,tsx}", "**/*.js"],
    languageOptions: { parser: tseslint.parser },
    plugins: { "@typescript-eslint": tseslint.plugin },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-non-null-assertion": "error",
      complexity: ["error", 18],
      "max-depth": ["error", 3],
      "max-params": ["error", 4],
      "max-lines-per-function": ["error", { max: 70, skipBlankLines: true, skipComments: true }],
      "max-lines": ["error", { max: 300, skipBlankLines: true, skipComments: true }],
      eqeqeq: ["error", "always"],
      "no-console": "error",
    },
  },
  { files: ["test/**/*.ts", "*.js", "*.ts"], rules: { "max-lines-per-function": "off", "max-lines": ["error", 500], "no-console": "off" } },
  typed,
  ...layering,
  runtimeAlone,
  purity,
];
