// Passwords of a site's visitors, as crypt(3) knows them, which nginx asks (auth_basic_user_file).
import { HostingError } from '../../errors/hosting-error.ts'
import { execOk } from '../../lib/exec.ts'

const longest = 200

/** SHA-512, by openssl: by its standard input, so that the password is in no list of processes. @throws HostingError usage */
export async function hashPassword(password: string): Promise<string> {
  if (password.length > longest || /[\0-\x1f\x7f]/.test(password))
    throw new HostingError('usage', `A password has at most ${longest} characters, and no control characters`)
  return (await execOk('openssl', ['passwd', '-6', '-stdin'], { input: `${password}\n`, timeoutMs: 10_000 })).trim()
}
