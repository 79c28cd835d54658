import { describe, expect, it } from 'vitest'
import { readPages, renderPage } from '../../../src/edge/pages.ts'

describe('the pages', () => {
  it('stand alone: nothing is fetched from anywhere', async () => {
    for (const [name, page] of Object.entries(await readPages())) {
      expect(page, name).not.toMatch(/https?:|<script|<link|<img|url\(|@import/)
      expect(page, name).toMatch(/^<!doctype html>\n<html lang="en">/)
      expect(page.match(/\{\{host\}\}/g), name).toHaveLength(1)
    }
  })

  it('only those that come to an end by themselves ask again', async () => {
    const again = Object.entries(await readPages()).filter(([, page]) => page.includes('http-equiv="refresh"'))
    expect(again.map(([name]) => name)).toEqual(['starting', 'down'])
  })

  it('show a host name as text, whatever it holds', () => {
    expect(renderPage('<p>{{host}}</p>', `<b>"&'$&`)).toBe('<p>&#60;b&#62;&#34;&#38;&#39;$&#38;</p>')
  })
})
