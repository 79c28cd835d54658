// Types are checked by tsc; these rules catch what a type checker lets pass: promises nobody awaits, shell strings, modules that reach past their door.
import tseslint from 'typescript-eslint'

const restrictedImports = {
  'no-restricted-imports': [
    'error',
    {
      paths: [
        { name: 'node:child_process', message: 'Only src/lib/exec.ts starts processes.' },
        { name: 'dockerode', message: 'Only src/runtime/docker/ talks to Docker.' },
        { name: 'better-sqlite3', message: 'Only src/store/ contains SQL.' },
        { name: 'kysely', message: 'Only src/store/ contains SQL.' },
      ],
    },
  ],
}

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.hosting/', 'docs/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'max-params': ['error', 3],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'Property[key.name="shell"][method=false][value.type!="ArrayExpression"]',
          message: 'No shell: pass an argument array.',
        },
      ],
    },
  },
  { files: ['src/**/*.ts'], rules: restrictedImports },
  { files: ['src/lib/exec.ts', 'src/runtime/docker/**', 'src/store/**'], rules: { 'no-restricted-imports': 'off' } },
  {
    files: ['tests/**/*.ts', 'bench/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off', '@typescript-eslint/require-await': 'off' },
  },
)
