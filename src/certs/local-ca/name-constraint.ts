// The extension that keeps a CA to the names below one domain (RFC 5280, 4.2.1.10): who trusts it risks no other site.

/** DER of SEQUENCE { permittedSubtrees [0] { SEQUENCE { dNSName [2] } } }. */
function below(domain: string): Buffer {
  return der(0x30, der(0xa0, der(0x30, der(0x82, Buffer.from(domain, 'latin1')))))
}

/** A domain has at most 253 bytes (RFC 1035): one byte of length, or two with a byte that says so. */
function der(tag: number, content: Buffer): Buffer {
  const size = content.length
  const length = size < 0x80 ? [size] : size < 0x100 ? [0x81, size] : [0x82, size >> 8, size & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), content])
}

export const nameConstraint = { oid: '2.5.29.30', below }
