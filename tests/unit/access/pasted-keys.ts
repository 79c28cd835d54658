// Key pairs as ssh-keygen makes them. The private ones open nothing.
import ssh2 from 'ssh2'

export interface Pair {
  readonly public: string
  readonly private: string
}

export function makeKey(comment: string, kind: 'ed25519' | 'ecdsa' = 'ed25519'): Pair {
  // One Ed25519 key in 250 that ssh2 makes can't be read again.
  for (;;) {
    const pair = generate(comment, kind)
    if (!(ssh2.utils.parseKey(pair.private) instanceof Error)) return pair
  }
}

function generate(comment: string, kind: 'ed25519' | 'ecdsa'): Pair {
  return kind === 'ed25519'
    ? ssh2.utils.generateKeyPairSync('ed25519', { comment })
    : ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256, comment })
}

export function makeRsaKey(bits: number): Pair {
  return ssh2.utils.generateKeyPairSync('rsa', { bits, comment: 'rsa' })
}

/** From ssh-keygen -t dsa, which newer versions refuse to run. */
export const dsaKey =
  'ssh-dss AAAAB3NzaC1kc3MAAACBANU3Cq5iBSL7+Z07N/hS+aU7oS887Yk5PmtCclia1cTeNnagyT1ccvFG2k4b2MuE853zYV2agCJFGebINKBVnvCc2OazRzDvcomBR2hFHrRjczO1eYZdqfJ+YY0MLNDHyd2zNcBYl2H6B1biYTeHLdRrJ4+smlcIE6Q5ZtL0T0XdAAAAFQDj4I5sS7qXYTzGTVkIzW9yhKKNXwAAAIABbkLgzQpVGI8lpoTM+1r+nx/SSxf5H3GbZGBstqd93xAlnX45LiNuQNz4WR1kL5B8Tu9PQ4KwrMirpcTqlYRGPiRQQ4bpL2ZxEFm4CuA6VydN5GGDoeD4uswOWDjfbTzOeYm0Ksj+JuntTtL3rDqLazi1t13nCDm/l4Cg0lOO8AAAAIEAxdSXctPaveLZVwoOQKNe+bFEI7VsPuXcspWtkzaRt+eXiDWmNDGOa/bi/IftRYbX/n3BP7Mv7C4MT8zGjEGRQV2beMVSHbylSa8+TM3rfRiwcG1juqDz96PL/NaMXtQst8zDactA7n14WAPZB8uji33WxtqE5c0tCsmUi9FI1kc= old'
