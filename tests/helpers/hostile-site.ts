// A site whose owner wants more than is theirs: runs in its instance whatever it is told, as PHP or as a shell command.
import type { Platform } from './platform.ts'
import { WorkingCopy } from './working-copy.ts'

export interface HostileSite {
  readonly copy: WorkingCopy
  /** Runs PHP inside; resolves with what it printed. */
  php(code: string): Promise<string>
  /** Runs a shell command inside; resolves with both its streams and, in a last line, its exit status. */
  sh(command: string): Promise<string>
}

const page = `<?php
// Answers as long as nothing is asked: that is its health check.
$code = file_get_contents('php://input');
if ($code === '') exit('idle');
ini_set('display_errors', '1');
ini_set('html_errors', '0');
mysqli_report(MYSQLI_REPORT_OFF);
set_time_limit(40);
function sh($command) { exec("{ $command\\n} 2>&1; echo status $?", $lines); return implode("\\n", $lines); }
eval($code);
`

export async function pushHostileSite(platform: Platform, name: string): Promise<HostileSite> {
  const copy = await WorkingCopy.create(platform.admin, name, {
    'index.php': page,
    'hosting.toml': 'buildpack = "php-db"\nstorage = ["data/"]\n',
    'data/kept.txt': `kept by ${name}`,
  })
  await copy.pushOk(['main'], { timeoutMs: 900_000 })
  const php = async (code: string) => (await platform.get(name, '/', { method: 'POST', body: code })).text
  return { copy, php, sh: (command) => php(`echo sh(base64_decode('${btoa(command)}'));`) }
}
