// The pages that visitors see when there is no site to show: files in nginx/pages/ with one placeholder and no other logic, their head first.
import { readFile } from 'node:fs/promises'
import { escapeHtml, renderHtmlPage } from '../lib/html-page.ts'

export type PageName =
  | 'no-such-site'
  | 'starting'
  | 'down'
  | 'stopped'
  | 'not-deployed'
  | 'failed'
  | 'no-answer'
  | 'maintenance'
export type Pages = Readonly<Record<PageName, string>>

export async function readPages(): Promise<Pages> {
  return {
    'no-such-site': await readPage('no-such-site'),
    starting: await readPage('starting'),
    down: await readPage('down'),
    stopped: await readPage('stopped'),
    'not-deployed': await readPage('not-deployed'),
    failed: await readPage('failed'),
    'no-answer': await readPage('no-answer'),
    maintenance: await readPage('maintenance'),
  }
}

async function readPage(name: PageName): Promise<string> {
  const text = await readFile(new URL(`../../nginx/pages/${name}.html`, import.meta.url), 'utf8')
  const start = text.indexOf('<h1>')
  return renderHtmlPage({ head: text.slice(0, start), main: text.slice(start) })
}

/** The page with a host name in it; whatever the name holds, it stays text. */
export function renderPage(page: string, host: string): string {
  return page.replaceAll('{{host}}', () => escapeHtml(host))
}
