/** The rules of the page, for the tests of the page; its packages bring the linter. */
import page from '../../frontend/eslint.config.js';

export default [
  ...page,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { tsconfigRootDir: import.meta.dirname } },
    rules: {
      // Playwright's `use` hands a fixture to a test; it is no hook of React.
      'react-hooks/rules-of-hooks': 'off',
      // Playwright wants to see which fixtures a fixture needs, also when it needs none.
      'no-empty-pattern': 'off',
    },
  },
];
