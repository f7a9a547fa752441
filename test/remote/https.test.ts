import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fromBytes } from '../../src/formats/bytes.js';
import { osxIso } from '../helpers/built-iso.js';
import { startServer, type TestServer } from '../helpers/http-server.js';
import { find, needs } from '../helpers/judges/needs.js';
import { scratch } from '../helpers/judges/tool.js';

// A server with a certificate of its own, known to the command by NODE_EXTRA_CA_CERTS, which sends on to where the path says.

const TEXT = 'Not an installer. '.repeat(100);
let folder: string;
let secure: Server;
let plain: TestServer;
let origin: string;

beforeAll(async () => {
  folder = scratch('https');
  const openssl = find('openssl');
  if (!openssl) return;
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const named = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  execFileSync(openssl, [...made, ...named, '-keyout', key, '-out', certificate], { stdio: 'pipe' });
  plain = await startServer([['/file.bin', fromBytes(Buffer.from(TEXT), 'file.bin')]]);
  secure = createServer({ key: readFileSync(key), cert: readFileSync(certificate) }, ({ url, headers }, response) => {
    if (url === '/on') response.writeHead(302, { location: `${origin}/file.bin` }).end();
    else if (url === '/down') response.writeHead(302, { location: plain.url('/file.bin') }).end();
    else {
      const [, from = '0', to] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
      const part = TEXT.slice(Number(from), Number(to ?? TEXT.length - 1) + 1);
      const range = `bytes ${from}-${Number(from) + part.length - 1}/${TEXT.length}`;
      response.writeHead(206, { 'content-range': range, etag: '"1"', 'content-length': part.length }).end(part);
    }
  });
  await new Promise<void>((resolve) => secure.listen(0, 'localhost', resolve));
  origin = `https://localhost:${(secure.address() as AddressInfo).port}`;
});
afterAll(async () => {
  secure?.closeAllConnections();
  secure?.close();
  await plain?.close();
});

async function download(path: string, name: string, trusted = true) {
  process.env.NODE_EXTRA_CA_CERTS = trusted ? join(folder, 'certificate.pem') : '';
  return osxIso(['download', `${origin}${path}`, '-o', join(folder, name)], folder);
}

test('a redirect within https is followed', async (context) => {
  needs(context, 'openssl');
  const { status, stderr } = await download('/on', 'on');
  expect({ status, stderr }).toMatchObject({ status: 0 });
  expect(readFileSync(join(folder, 'on', 'on'), 'utf8')).toBe(TEXT);
});

test('one from https to http is refused, with both addresses; nothing was asked there', async (context) => {
  needs(context, 'openssl');
  const { status, stderr } = await download('/down', 'down');
  expect({ status, stderr }).toMatchObject({
    status: 4,
    stderr: expect.stringContaining('expected to stay with https'),
  });
  expect(stderr).toContain(plain.url('/file.bin'));
  expect(plain.asked).toEqual([]);
});

test('a certificate nobody vouches for: exit code 4, and what to do about a proxy’s', async (context) => {
  needs(context, 'openssl');
  const { status, stderr } = await download('/on', 'stranger', false);
  expect({ status, stderr }).toMatchObject({ status: 4, stderr: expect.stringContaining('NODE_EXTRA_CA_CERTS') });
});
