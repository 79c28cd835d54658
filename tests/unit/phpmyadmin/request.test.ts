import { describe, expect, it } from 'vitest'
import { noVisit, renderPage } from '../../../src/phpmyadmin/pages.ts'
import { isFromElsewhere, parseRequest, renderVisitCookie } from '../../../src/phpmyadmin/request.ts'

const parse = (url: string, { cookie, method = 'GET' }: { cookie?: string; method?: string } = {}) =>
  parseRequest({ url, method, headers: cookie === undefined ? {} : { cookie } })

describe('a request', () => {
  it('names a site, and what is asked of its phpMyAdmin', () => {
    expect(parse('/a.example.org/index.php?route=/sql&db=x')).toMatchObject({
      site: 'a.example.org',
      path: '/index.php?route=/sql&db=x',
      ticket: undefined,
    })
    expect(parse('/a.example.org')).toMatchObject({ site: 'a.example.org', path: '' })
    expect(parse('/a.example.org/?x=/../y')).toMatchObject({ path: '/?x=/../y' })
  })

  it.each(['/', '', '//a.example.org/', '/a/', '/..', '/%61.example.org/', '/A.example.org/', 'http://a.example.org/'])(
    'that is %j names none',
    (url) => expect(parse(url)).toBeUndefined(),
  )

  it('has a ticket only where one is given', () => {
    expect(parse('/a.example.org/?ticket=abc')?.ticket).toBe('abc')
    expect(parse('/a.example.org?ticket=abc')?.ticket).toBe('abc')
    expect(parse('/a.example.org/index.php?ticket=abc')?.ticket).toBeUndefined()
    expect(parse('/a.example.org/?ticket=abc', { method: 'HEAD' })?.ticket).toBeUndefined()
  })

  it('keeps what it is let in by from phpMyAdmin', () => {
    const asked = parse('/a.example.org/', { cookie: 'pma_lang=de; hosting-database=secret; phpMyAdmin=1' })
    expect(asked).toMatchObject({ visit: 'secret', otherCookies: 'pma_lang=de; phpMyAdmin=1' })
    const twice = parse('/a.example.org/', { cookie: 'hosting-database=a;hosting-database=b' })
    expect(twice).toMatchObject({ visit: 'a', otherCookies: '' })
  })

  it('is from elsewhere unless the browser says that it is not', () => {
    const host = 'db.example.org'
    expect(isFromElsewhere({ host })).toBe(false)
    expect(isFromElsewhere({ host, 'sec-fetch-site': 'none' })).toBe(false)
    expect(isFromElsewhere({ host, 'sec-fetch-site': 'same-origin', origin: 'null' })).toBe(false)
    expect(isFromElsewhere({ host, 'sec-fetch-site': 'same-site' })).toBe(true)
    expect(isFromElsewhere({ host, origin: 'http://db.example.org' })).toBe(false)
    for (const origin of ['null', 'http://a.example.org', 'http://db.example.org:81'])
      expect(isFromElsewhere({ host, origin }), origin).toBe(true)
  })
})

it('gives a secret to the browser for one site, and in secret where it can', () => {
  const wish = { site: 'a.example.org', maxAgeMs: 60_000 }
  const plain = 'hosting-database=s; Path=/a.example.org/; Max-Age=60; HttpOnly; SameSite=Strict'
  expect(renderVisitCookie('s', { ...wish, secure: false })).toBe(plain)
  expect(renderVisitCookie('s', { ...wish, secure: true })).toBe(`${plain}; Secure`)
})

it('shows what came with a request as text', () => {
  expect(renderPage(noVisit('<b>"x"'))).toContain('db:admin &#60;b&#62;&#34;x&#34;')
})
