// What may be negotiated: modern algorithms only, and for each kind one that older clients know. docs/why/010-ssh2.md has the reasons.
import type { Algorithms } from 'ssh2'

/** ssh2 adds strict key exchange (kex-strict-s-v00@openssh.com) by itself. Compression is off: it would let a client send a bomb. */
export const algorithms: Algorithms = {
  // No ECDH over the NIST curves and no SHA-1 (ssh-audit fails them); group16 is for libssh2 on Windows, which lacks Curve25519.
  kex: ['curve25519-sha256', 'curve25519-sha256@libssh.org', 'diffie-hellman-group16-sha512'],
  serverHostKey: ['ssh-ed25519', 'rsa-sha2-512', 'rsa-sha2-256'],
  // GCM first: two to three times as fast as CTR here. CTR is for libssh2 before 1.11 (Debian 12), which lacks GCM.
  cipher: [
    'aes128-gcm@openssh.com',
    'aes256-gcm@openssh.com',
    'chacha20-poly1305@openssh.com',
    'aes256-ctr',
    'aes192-ctr',
    'aes128-ctr',
  ],
  // The last one is for libssh2 before 1.11 too: it knows no encrypt-then-MAC.
  hmac: ['hmac-sha2-256-etm@openssh.com', 'hmac-sha2-512-etm@openssh.com', 'hmac-sha2-256'],
  compress: ['none'],
}
