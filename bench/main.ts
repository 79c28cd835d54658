// Runs benchmarks: node bench/main.ts [NAME…]; each file beside this one is one. Prints a table, writes bench/results/NAME.json.
import { readdir } from 'node:fs/promises'
import { type Bench, renderResults, writeResults } from './lib/result.ts'

const names = (await readdir(import.meta.dirname))
  .filter((file) => file.endsWith('.ts') && file !== 'main.ts')
  .map((file) => file.slice(0, -'.ts'.length))
  .sort()

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !names.includes(name))
if (unknown.length > 0) {
  process.stderr.write(`There is no benchmark ${unknown.join(', ')}. There are: ${names.join(', ')}\n`)
  process.exit(2)
}

for (const name of wanted.length === 0 ? names : wanted) {
  process.stderr.write(`${name} …\n`)
  const bench = (await import(`./${name}.ts`)) as Bench
  const results = await bench.run()
  await writeResults(bench.name, results)
  process.stdout.write(`\n${bench.name}\n${renderResults(results)}\n`)
}
