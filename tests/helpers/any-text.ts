// Text as the worst of tenants would send it: control characters, marks that turn text around, lone surrogates, all of Unicode.
// fast-check's own `unit: 'binary'` takes more than a second to set up in each file that uses it.
import fc from 'fast-check'

const codePoint = fc.oneof(
  fc.integer({ min: 0, max: 0xff }),
  fc.integer({ min: 0x2000, max: 0x206f }),
  fc.integer({ min: 0, max: 0x10ffff }),
)

export function anyText({ minLength = 0 }: { minLength?: number } = {}): fc.Arbitrary<string> {
  return fc.array(codePoint, { minLength }).map((points) => String.fromCodePoint(...points))
}
