// Pages of twenty years ago: what counts as PHP between <? and ?>, and what a build makes of it.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { build } from '../../../../src/buildpacks/build.ts'
import { findTags } from '../../../../src/buildpacks/php/short-tags.ts'
import { buildRequest, type Tree, writeTree } from '../../../helpers/static-site.ts'

describe('short tags', () => {
  it.each([
    '<? echo 1 ?>',
    'a<?\necho 1;',
    '<html><?php echo 1 ?><? } ?>',
    '<?include("a")?>',
    '<?$a=1?>',
    "<?php // it's ?> <? echo 1 ?>",
    '<?php /* " */ ?> <? echo 1 ?>',
    "<?php $a = <<<X\nit's\nX;\n?> <? echo 1 ?>",
    '<?="?>"?><? echo 1 ?>',
  ])('%j has one', (text) => expect(findTags(text)).toEqual({ short: true, xml: false }))

  it.each([
    '<?php echo 1 ?>',
    '<?= 1 ?>',
    '<?PHP\n$a = "?> <? echo";',
    "<?php $a = 'it\\'s ?> <? x'",
    '<?php # <? x\n/* ?> <? x */ // <? x',
    "<?php $a = <<<'X'\n?> <? x\nX;",
    '<?mso-application progid="Excel.Sheet"?>',
    '<?php echo \'<?xml version="1.0"?>\'; ?>',
    'no PHP',
    '',
  ])('%j has none', (text) => expect(findTags(text)).toEqual({ short: false, xml: false }))

  it('stand beside XML', () => {
    expect(findTags('<?xml version="1.0"?><? echo 1 ?>')).toEqual({ short: true, xml: true })
    expect(findTags('<?php echo 1 ?><?xml version="1.0"?>')).toEqual({ short: false, xml: true })
  })

  it.each(["'\\'", '<?php "', '/*', '<<<X\n', "\\'"])('are found in no time in a file full of %j', (piece) => {
    const began = performance.now()
    findTags(`<?php ${piece.repeat(65_536 / piece.length)}`)
    expect(performance.now() - began).toBeLessThan(500)
  })
})

describe('a site with short tags', () => {
  let home: string
  let count = 0
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'short-tags-'))
  })
  afterAll(() => rm(home, { recursive: true }))

  async function pushed(tree: Tree) {
    const directory = join(home, `release${count++}`)
    await writeTree(join(directory, 'tree'), tree)
    const told: string[] = []
    await build(buildRequest(directory, { print: (line) => told.push(line) }))
    return { told: told.join('\n'), ini: await readFile(join(directory, 'php/site.ini'), 'utf8') }
  }
  const old = { 'index.php': '<?php include "lib/a.inc";', 'lib/a.inc': '<? echo 1 ?>' }

  it('has them turned on, and is told why', async () => {
    const { told, ini } = await pushed(old)
    expect(ini).toBe('short_open_tag = On\n')
    expect(told).toContain('lib/a.inc begins PHP with "<?"')
    expect(told).toContain('short_open_tag = "Off"')
  })

  it.each(['counter.php', 'pages'])('has them found in %s, which is storage', async (path) => {
    const held = { 'index.php': '<?php', 'counter.php': '<? echo 1 ?>', 'pages/a.php': '<? echo 2 ?>' }
    const { ini } = await pushed({ ...held, 'hosting.toml': `storage = ["${path}"]` })
    expect(ini).toBe('short_open_tag = On\n')
  })

  it.each<[string, Tree, string]>([
    ['says otherwise', { 'hosting.toml': '[php]\nini = { short_open_tag = "Off" }' }, 'short_open_tag = "Off"\n'],
    ['says so in its .user.ini', { '.user.ini': 'short_open_tag = 0' }, ''],
    ['is of this time', { 'composer.json': '{}' }, ''],
  ])('is left alone when it %s', async (_, more, ini) => {
    const result = await pushed({ ...old, ...more })
    expect(result.ini).toBe(ini)
    expect(result.told).not.toContain('<?')
  })

  it('is only warned when XML in it would break', async () => {
    const { told, ini } = await pushed({ ...old, 'feed.php': '<?xml version="1.0"?><rss><?php echo 1 ?></rss>' })
    expect(ini).toBe('')
    expect(told).toMatch(/Warning: lib\/a\.inc begins .* feed\.php has "<\?xml"/)
  })
})
