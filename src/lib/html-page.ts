// The pages that the platform itself shows in a browser: one look, nothing loaded from anywhere, readable in the dark.

export interface HtmlPage {
  /** HTML of the head: the title, and what else this page needs. */
  readonly head: string
  /** HTML of what is read. */
  readonly main: string
}

const style = `body { margin: 0; min-height: 100vh; display: grid; place-items: center; font: 1.0625rem/1.6 system-ui, sans-serif; color: #1f2933; background: #f6f7f9; }
main { max-width: 34rem; padding: 2rem; }
h1 { margin: 0 0 .75rem; font-size: 1.5rem; line-height: 1.25; }
p, pre { margin: .5rem 0; overflow-wrap: anywhere; white-space: pre-wrap; }
.host { color: #52606d; }
@media (prefers-color-scheme: dark) { body { color: #e4e7eb; background: #16191d; } a { color: #9cc4ff; } .host { color: #9aa5b1; } }`

export function renderHtmlPage({ head, main }: HtmlPage): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
${head.trim()}
<style>
${style}
</style>
</head>
<body>
<main>
${main.trim()}
</main>
</body>
</html>
`
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)
}
