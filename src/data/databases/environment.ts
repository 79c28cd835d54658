// What an application is told of its database: the variables that most read, and the URL that frameworks read. Pure.
import type { Address } from './server.ts'

export function databaseEnvironment(
  { host, port, socket }: Address,
  { name, password }: { name: string; password: string },
): Record<string, string> {
  const place = port === null ? host : `${host}:${port}`
  // Symfony, Laravel and Drupal read unix_socket; names and passwords are of letters and digits (names.ts), nothing has to be escaped.
  const query = socket === null ? '' : `?unix_socket=${socket}`
  return {
    DATABASE_URL: `mysql://${name}:${password}@${place}/${name}${query}`,
    DB_HOST: host,
    DB_NAME: name,
    DB_USER: name,
    DB_PASSWORD: password,
    ...(port === null ? {} : { DB_PORT: String(port) }),
    ...(socket === null ? {} : { DB_SOCKET: socket }),
  }
}
