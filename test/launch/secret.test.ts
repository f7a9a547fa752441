import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { Secret } from '../../src/launch/secret.js';

test('a secret is told only by reveal()', () => {
  const text = 'A'.repeat(64);
  const secret = new Secret(text);
  expect(secret.reveal()).toBe(text);
  const shown = [
    String(secret),
    `${secret}`,
    JSON.stringify({ secret }),
    inspect(secret),
    inspect({ deep: [secret] }, { depth: 9, showHidden: true }),
    JSON.stringify(Object.entries(secret)),
    String(new Error(`with ${secret}`).stack),
  ];
  for (const line of shown) expect(line).not.toContain('AAAA');
  expect(String(secret)).toBe('[secret]');
  expect(JSON.stringify(secret)).toBe('"[secret]"');
});
