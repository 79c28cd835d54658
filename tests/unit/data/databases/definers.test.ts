import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DefinerFilter } from '../../../../src/data/databases/definers.ts'

function filtered(sql: string, pieces: readonly number[] = []): string {
  const filter = new DefinerFilter()
  const bytes = Buffer.from(sql)
  const out: Buffer[] = []
  let at = 0
  for (const size of pieces) {
    out.push(filter.push(bytes.subarray(at, at + size)))
    at += size
  }
  return Buffer.concat([...out, filter.push(bytes.subarray(at)), filter.end()]).toString('utf8')
}

describe('definers', () => {
  it.each([
    ['CREATE DEFINER=`root`@`localhost` PROCEDURE p() SELECT 1;', 'CREATE  PROCEDURE p() SELECT 1;'],
    ['/*!50017 DEFINER=`a``b`@`%`*/ x', '/*!50017 */ x'],
    ['/*!50013 DEFINER=`a`@`%` SQL SECURITY DEFINER */', '/*!50013  SQL SECURITY DEFINER */'],
    ["create definer = 'o''brien'@'10.0.0.%' view v as select 1", 'create  view v as select 1'],
    ['CREATE DEFINER=root@localhost FUNCTION f()', 'CREATE  FUNCTION f()'],
    ['CREATE DEFINER=CURRENT_USER() VIEW v', 'CREATE  VIEW v'],
    ['CREATE DEFINER=CURRENT_USER VIEW v', 'CREATE  VIEW v'],
    ['/*M!100500 DEFINER=`a`@`b`*/', '/*M!100500 */'],
  ])('go: %s', (sql, expected) => {
    expect(filtered(sql)).toBe(expected)
  })

  it.each([
    "INSERT INTO t VALUES ('CREATE DEFINER=`root`@`localhost` VIEW v');",
    "INSERT INTO t VALUES ('it\\'s DEFINER=`root`@`localhost`');",
    "INSERT INTO t VALUES ('it''s DEFINER=`root`@`localhost`');",
    'INSERT INTO t VALUES ("a \\" DEFINER=`root`@`localhost`");',
    'SELECT `DEFINER=root@localhost` FROM t',
    '-- DEFINER=`root`@`localhost`\nSELECT 1',
    '# DEFINER=`root`@`localhost`\nSELECT 1',
    "/* it's DEFINER=`root`@`localhost` */ SELECT 1",
    'SELECT UNDEFINER=`root`@`localhost`',
    'SQL SECURITY DEFINER',
    "SELECT 5--1, 'x'",
  ])('stay where they are text: %s', (sql) => {
    expect(filtered(sql)).toBe(sql)
  })

  it('are found again behind what looked like the beginning of something', () => {
    expect(filtered("SELECT 5--1; CREATE DEFINER=`a`@`b` VIEW v AS SELECT '--'")).toBe(
      "SELECT 5--1; CREATE  VIEW v AS SELECT '--'",
    )
    expect(filtered("-- it's\nCREATE DEFINER=`a`@`b` VIEW v")).toBe("-- it's\nCREATE  VIEW v")
  })

  it('are the same however the dump is cut into pieces', () => {
    const token = fc.constantFrom(
      ...["'", '"', '`', '\\', '\n', ' ', '--', '#', '/*', '*/', '/*!50013 ', ';', 'é', '😀', 'UN', 'x'.repeat(700)],
      ...['DEFINER=`root`@`localhost`', 'DEFINER', "definer = 'a'@'b'", 'DEFINER=CURRENT_USER'],
    )
    const sql = fc.array(token, { maxLength: 40 }).map((tokens) => tokens.join(''))
    fc.assert(
      fc.property(sql, fc.array(fc.nat(900), { maxLength: 20 }), (text, pieces) => {
        expect(filtered(text, pieces)).toBe(filtered(text))
      }),
    )
  })

  it('leave nothing but themselves out', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        fc.pre(!/definer/i.test(text))
        const bytes = Buffer.from(text)
        expect(Buffer.from(filtered(text)).equals(bytes)).toBe(true)
      }),
    )
  })
})
