import { expect, it } from 'vitest'
import { databaseEnvironment } from '../../../../src/data/databases/environment.ts'
import { passwordHash } from '../../../../src/data/databases/password-hash.ts'
import { grantedDatabase, identifier } from '../../../../src/data/databases/admin.ts'

const account = { name: 'demo_abc123', password: 'pw' }

it('names the socket of the server that the platform runs', () => {
  expect(databaseEnvironment({ host: 'localhost', port: null, socket: '/run/mysqld/mysqld.sock' }, account)).toEqual({
    DATABASE_URL: 'mysql://demo_abc123:pw@localhost/demo_abc123?unix_socket=/run/mysqld/mysqld.sock',
    DB_HOST: 'localhost',
    DB_NAME: 'demo_abc123',
    DB_USER: 'demo_abc123',
    DB_PASSWORD: 'pw',
    DB_SOCKET: '/run/mysqld/mysqld.sock',
  })
})

it('names host and port of an existing one', () => {
  expect(databaseEnvironment({ host: 'db.example.org', port: 3307, socket: null }, account)).toEqual({
    DATABASE_URL: 'mysql://demo_abc123:pw@db.example.org:3307/demo_abc123',
    DB_HOST: 'db.example.org',
    DB_PORT: '3307',
    DB_NAME: 'demo_abc123',
    DB_USER: 'demo_abc123',
    DB_PASSWORD: 'pw',
  })
})

it('sends the server a hash of a password as MariaDB makes it', () => {
  // SELECT PASSWORD('secret')
  expect(passwordHash('secret')).toBe('*14E65567ABDB5135D0CFD9A70B3032C179A49EE7')
})

it('quotes names whatever is in them', () => {
  expect(identifier('a`b; DROP DATABASE mysql')).toBe('`a``b; DROP DATABASE mysql`')
  // The attack: rights on `demo_x` would be rights on `demoax` as well.
  expect(grantedDatabase('demo_x%')).toBe('`demo\\_x\\%`')
})
