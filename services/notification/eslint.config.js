// How the sources are linted: typescript-eslint's strict rules, with types.
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["node_modules"] },
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      // `while (true)` is how a worker that runs until its signal is written.
      "@typescript-eslint/no-unnecessary-condition": ["error", { allowConstantLoopConditions: "only-allowed-literals" }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      // It takes a function over a port for one over the class behind the port, and objects.
      "@typescript-eslint/no-unsafe-class-instance-assignment": "off",
      // As TypeScript itself asks for it, where a name comes from an index and not from a type.
      "@typescript-eslint/dot-notation": ["error", { allowIndexSignaturePropertyAccess: true }],
      "max-len": ["error", { code: 120, ignoreUrls: true }],
      "max-lines": ["error", 250],
      "eqeqeq": "error",
    },
  },
  {
    files: ["tests/**/*.ts"],
    rules: {
      // node:test's own promises are awaited by the runner.
      "@typescript-eslint/no-floating-promises": ["error", { allowForKnownSafeCalls: [
        { from: "package", name: ["test", "suite", "before", "after", "describe", "it"], package: "node:test" },
      ] }],
    },
  },
);
