// The pages that visitors see when there is no site to show: files in nginx/pages/ with one placeholder and no other logic.
import { readFile } from 'node:fs/promises'

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
  return await readFile(new URL(`../../nginx/pages/${name}.html`, import.meta.url), 'utf8')
}

/** The page with a host name in it; whatever the name holds, it stays text. */
export function renderPage(page: string, host: string): string {
  return page.replaceAll('{{host}}', () => escapeHtml(host))
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}
