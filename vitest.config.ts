// Three kinds of tests. Only those that need containers wait for the base images.
import { defineConfig } from 'vitest/config'

const withImages = { globalSetup: ['tests/helpers/images.ts'], testTimeout: 60_000, hookTimeout: 120_000 }

export default defineConfig({
  cacheDir: '/tmp/hosting-vitest',
  test: {
    reporters: ['default'],
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'unit', include: ['tests/unit/**/*.test.ts'], testTimeout: 30_000 } },
      { extends: true, test: { name: 'script', include: ['tests/script/**/*.test.ts'], ...withImages } },
      { extends: true, test: { name: 'system', include: ['tests/system/**/*.test.ts'], ...withImages } },
    ],
  },
})
