// Keys and requests of certificates: ECDSA P-256, as every client has it and handshakes are cheapest with.
import acme from 'acme-client'

export async function createKey(): Promise<string> {
  return (await acme.crypto.createPrivateEcdsaKey('P-256')).toString()
}

/** @param names the first is the common name only where it fits (64 characters, X.520) */
export async function createRequest(names: readonly string[], key: string): Promise<Buffer> {
  const common = names.find((name) => name.length <= 64)
  const [, csr] = await acme.crypto.createCsr(
    { altNames: [...names], ...(common === undefined ? {} : { commonName: common }) },
    key,
  )
  return csr
}
