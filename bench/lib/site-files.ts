// What the sites of the benchmarks consist of.
import { randomBytes } from 'node:crypto'
import type { Files } from '../../tests/helpers/working-copy.ts'

/** A small site: 40 pages, a style sheet, a script, 7 pictures, and the index.html that the caller adds. */
export function smallSite(): Files {
  return {
    ...several(40, (n) => [`pages/${n}.html`, page(n, 4)]),
    ...several(7, (n) => [`pictures/${n}.jpg`, randomBytes(30_000)]),
    'style.css': 'body { margin: 0; padding: 1em }\n'.repeat(150),
    'script.js': 'document.body.dataset.ready = "yes"\n'.repeat(100),
  }
}

/** 19,999 files of 10 kB in 200 directories, as a site with many pictures has them, one in forty a page. */
export function largeSite(): Files {
  return several(19_999, (n) =>
    n % 40 === 0 ? [`d${n % 200}/${n}.html`, page(n, 10)] : [`d${n % 200}/${n}.jpg`, randomBytes(10_240)],
  )
}

/** 2,999 files in 250 directories, two in three of them programs of 12 kB, as WordPress has them. */
export function wordPressSized(): Files {
  return several(2999, (n) =>
    n % 3 === 0
      ? [`includes/d${n % 250}/${n}.${n % 2 === 0 ? 'js' : 'css'}`, randomBytes(9000).toString('base64')]
      : [`includes/d${n % 250}/${n}.php`, `<?php // ${randomBytes(9000).toString('base64')}\n`],
  )
}

function page(n: number, kilobytes: number): string {
  const words = randomBytes(kilobytes * 384).toString('base64')
  return `<!doctype html><title>Page ${n}</title><p>${words}</p>\n`
}

function several(count: number, make: (n: number) => readonly [string, string | Uint8Array]): Files {
  return Object.fromEntries(Array.from({ length: count }, (_, n) => make(n)))
}
