import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { renderDocs } from '../../../scripts/docs.ts'

it.each(Object.entries(renderDocs()))('%s is current (npm run docs)', async (path, content) => {
  expect(await readFile(new URL(`../../../${path}`, import.meta.url), 'utf8')).toBe(content)
})
