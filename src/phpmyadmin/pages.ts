// What a visitor of phpMyAdmin's address sees before the door opens, or instead. Pure.

export interface Page {
  readonly title: string
  readonly text: readonly string[]
  /** Shown as what is to be typed. */
  readonly command?: string
  /** Where the browser goes on to, by itself. */
  readonly next?: string
}

const style = `body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 1.0625rem/1.6 system-ui, sans-serif; color: #1f2933; background: #f6f7f9; }
main { max-width: 34rem; padding: 2rem; }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; }
p, pre { margin: .5rem 0; overflow-wrap: anywhere; white-space: pre-wrap; }
@media (prefers-color-scheme: dark) { body { color: #e4e7eb; background: #16191d; } a { color: #9cc4ff; } }`

export function renderPage({ title, text, command, next }: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
${next === undefined ? '' : `<meta http-equiv="refresh" content="0; url=${escapeHtml(next)}">\n`}<title>${escapeHtml(title)}</title>
<style>
${style}
</style>
</head>
<body>
<main>
<h1>${escapeHtml(title)}</h1>
${text.map((line) => `<p>${escapeHtml(line)}</p>`).join('\n')}
${command === undefined ? '' : `<pre><code>${escapeHtml(command)}</code></pre>`}
${next === undefined ? '' : `<p><a href="${escapeHtml(next)}">Go on</a></p>`}
</main>
</body>
</html>
`
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

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}
