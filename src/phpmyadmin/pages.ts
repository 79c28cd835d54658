// What a visitor of phpMyAdmin's address sees before the door opens, or instead. Pure.
import { escapeHtml, renderHtmlPage } from '../lib/html-page.ts'

export interface Page {
  readonly title: string
  readonly text: readonly string[]
  /** Shown as what is to be typed. */
  readonly command?: string
  /** Where the browser goes on to, by itself. */
  readonly next?: string
}

export function renderPage({ title, text, command, next }: Page): string {
  const shown = escapeHtml(title)
  const refresh = next === undefined ? '' : `<meta http-equiv="refresh" content="0; url=${escapeHtml(next)}">`
  const main = [
    `<h1>${shown}</h1>`,
    ...text.map((line) => `<p>${escapeHtml(line)}</p>`),
    ...(command === undefined ? [] : [`<pre><code>${escapeHtml(command)}</code></pre>`]),
    ...(next === undefined ? [] : [`<p><a href="${escapeHtml(next)}">Go on</a></p>`]),
  ]
  return renderHtmlPage({ head: `<title>${shown}</title>\n${refresh}`, main: main.join('\n') })
}

export function noVisit(site: string | undefined): Page {
  return {
    title: 'Databases are opened by a command',
    text: ['Whoever may change a site can open its database here. This command prints an address that logs in, once:'],
    command: `ssh hosting db:admin ${site ?? 'SITE'}`,
  }
}

export function spentTicket(site: string): Page {
  return {
    title: 'This address has been used, or is too old',
    text: ['It works once, and for two minutes. The command that made it makes another:'],
    command: `ssh hosting db:admin ${site}`,
  }
}

export const welcome: Page = { title: 'Opening the database …', text: [], next: './' }

/** Another site of this server may have made the browser ask: it must not get at the database that way. */
export const fromElsewhere: Page = {
  title: 'Another page led here',
  text: ['The database is opened only from its own pages.'],
}

export const noAnswer: Page = {
  title: 'phpMyAdmin did not answer',
  text: ['It is started again with the next request: reload this page in a moment.'],
}
