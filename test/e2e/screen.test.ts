import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { UserError } from '../../src/errors.js';
import { boot, planBoot } from '../../src/index.js';
import { withControl } from '../../src/launch/control.js';
import type { RunState } from '../../src/launch/run-state.js';
import { takeScreenshot } from '../../src/launch/running/screenshot.js';
import { expectTypable, typeText } from '../../src/launch/running/type-text.js';
import { openPage, type Page } from '../helpers/judges/browser.js';
import { needs } from '../helpers/judges/needs.js';
import { scratch } from '../helpers/judges/tool.js';
import { LONG } from '../helpers/long.js';
import { readPng } from '../helpers/png.js';
import { makeTypingDisk } from '../web/typing-disk.js';

// A guest that paints and types, in a real QEMU, looked at by a real browser.

const folder = scratch('screen');
const serial = join(folder, 'serial');
const stop = new AbortController();
/** Every printable character of ASCII. */
const ALL = String.fromCharCode(...Array.from({ length: 95 }, (_, i) => 32 + i));
let qmp: string;
let tunnel: Tunnel;
let page: Page;
let ended: Promise<unknown>;
let opening: Promise<void> | undefined;

interface Tunnel {
  readonly port: number;
  cut(): Promise<void>;
  mend(): Promise<void>;
}

/** What `ssh -L` is between the browser and the server: another port, and it can be cut. */
async function openTunnel(to: number): Promise<Tunnel> {
  const ends = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(to, '127.0.0.1');
    for (const end of [near, far]) {
      ends.add(end);
      end.on('error', () => undefined);
      end.on('close', () => ends.delete(end));
    }
    near.pipe(far).pipe(near);
  });
  const listen = (port: number) => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const cut = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      for (const end of ends) end.destroy();
    });
  return { port, cut, mend: () => listen(port) };
}

/** Starts the guest and opens its page, once. */
function open(): Promise<void> {
  opening ??= start();
  return opening;
}

async function start(): Promise<void> {
  const disk = join(folder, 'disk.img');
  writeFileSync(disk, makeTypingDisk());
  const plan = await planBoot(
    {
      ...{
        disks: [disk],
        diskFormat: 'raw',
        firmware: 'bios',
        accelerator: 'tcg',
        memory: 512,
        processors: 1,
        network: 'none',
      },
      ...{ smc: false, monitor: false, qemuArgs: [], force: false, dryRun: false, serial, display: { kind: 'web' } },
    },
    { signal: stop.signal },
  );
  let url = '';
  const running = new Promise<void>((resolve) => {
    ended = boot(plan, {
      signal: stop.signal,
      grace: 0,
      note: () => undefined,
      onWeb: async (screen) => {
        tunnel = await openTunnel(screen.port);
        url = screen.url.replace(`127.0.0.1:${screen.port}`, `localhost:${tunnel.port}`);
      },
      onRunning: (told) => {
        qmp = told.qmp;
        resolve();
      },
    });
  });
  await Promise.race([running, ended!]);
  page = await openPage();
  await page.resize(1200, 800);
  await page.go(url);
  await page.until('the connection', `document.querySelector('#state').dataset.state === 'connected'`);
}

/** What the guest was typed, as soon as it is so long. */
async function typed(length: number): Promise<string> {
  for (let tries = 0; tries < 1000; tries++) {
    const text = existsSync(serial) ? readFileSync(serial, 'latin1') : '';
    if (text.length >= length) return text;
    await sleep(50);
  }
  throw new Error(`the guest was not typed ${length} characters: ${JSON.stringify(readFileSync(serial, 'latin1'))}`);
}

async function screendump() {
  const filename = join(folder, 'screen.png');
  await withControl({ qmp }, (control) => control.command('screendump', { filename, format: 'png' }));
  return readPng(readFileSync(filename));
}

/** The canvas's pixels, RGB. */
async function canvas(): Promise<{ width: number; height: number; rgb: Buffer }> {
  const { width, height, text } = await page.ask<{ width: number; height: number; text: string }>(`(() => {
    const canvas = document.querySelector('#screen canvas');
    const { width, height } = canvas;
    const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
    let text = '';
    for (let i = 0; i < data.length; i += 4) text += String.fromCharCode(data[i], data[i + 1], data[i + 2]);
    return { width, height, text: btoa(text) };
  })()`);
  return { width, height, rgb: Buffer.from(text, 'base64') };
}

/** Until the guest's picture is on both: it goes to viewers some times a second. */
async function samePicture(): Promise<void> {
  for (let tries = 0; ; tries++) {
    const [guest, shown] = [await screendump(), await canvas()];
    const isPainted = guest.width * guest.height > 0 && guest.colours.size > 100;
    if (isPainted && guest.width === shown.width && guest.rgb.equals(shown.rgb)) return;
    if (tries < 100) await sleep(100);
    else {
      const wrong = shown.rgb.filter((byte, i) => byte !== guest.rgb[i]).length;
      expect({ ...shown, rgb: wrong, colours: guest.colours.size }).toEqual({ ...guest, rgb: 0 });
    }
  }
}

afterAll(async () => {
  await page?.close();
  await tunnel?.cut();
  stop.abort();
  await ended?.catch(() => undefined);
});

test.runIf(LONG)('the canvas has the guest’s pixels, each of them', async (context) => {
  needs(context, 'qemu-system-x86_64', 'chromium');
  await open();
  await samePicture();
  expect(page.complaints).toEqual([]);
});

test.runIf(LONG)('a key that is pressed in the browser reaches the guest, which shows it', async (context) => {
  needs(context, 'qemu-system-x86_64', 'chromium');
  await open();
  await page.ask(`document.querySelector('#screen canvas').focus()`);
  await page.press('x', 'KeyX', 88);
  expect(await typed(1)).toBe('x');
  await samePicture();
});

test.runIf(LONG)('text is typed key by key, and what a keyboard has not is said', async (context) => {
  needs(context, 'qemu-system-x86_64', 'chromium');
  await open();
  const before = (await typed(1)).length;
  const fill = (text: string) =>
    page.ask(`(() => {
      document.querySelector('#type').click();
      const text = document.querySelector('#text');
      text.value = ${JSON.stringify(text)};
      text.dispatchEvent(new Event('input'));
    })()`);
  await fill('Grüße');
  expect(await page.ask(`document.querySelector('#typed').textContent`)).toBe('A US keyboard has no ü ß');
  expect(await page.ask(`document.querySelector('#send').disabled`)).toBe(true);
  await fill(ALL);
  await page.ask(`document.querySelector('#send').click()`);
  expect((await typed(before + ALL.length)).slice(before)).toBe(ALL);
  await page.until('its end', `!document.querySelector('#typing').open`);
});

test.runIf(LONG)('guest type and guest screenshot, by the second control socket', async (context) => {
  needs(context, 'qemu-system-x86_64', 'chromium');
  await open();
  const run = { qmp } as RunState;
  const before = existsSync(serial) ? readFileSync(serial).length : 0;
  expect(await typeText(run, expectTypable(ALL), new AbortController().signal)).toBe(ALL.length);
  expect((await typed(before + ALL.length)).slice(before)).toBe(ALL);
  const file = join(folder, 'a picture, "so".png');
  expect(await takeScreenshot(run, file)).toBe(file);
  expect(readPng(readFileSync(file)).rgb.equals((await screendump()).rgb)).toBe(true);
  await expect(takeScreenshot(run, file)).rejects.toMatchObject({ exitCode: 2, message: `${file} is there already.` });
  await expect(takeScreenshot(run, join(folder, 'none', 'x.png'))).rejects.toThrow(UserError);
});

test.runIf(LONG)('a connection that is lost is found again; a guest that is off is said to be', async (context) => {
  needs(context, 'qemu-system-x86_64', 'chromium');
  await open();
  const state = (is: string) => `document.querySelector('#state').dataset.state === '${is}'`;
  await tunnel.cut();
  await page.until('the loss', state('lost'));
  expect(await page.ask(`document.querySelector('#state').textContent`)).toMatch(
    /^The connection is lost.* trying again in \d s$/,
  );
  await tunnel.mend();
  await page.until('the connection', state('connected'));
  await samePicture();
  stop.abort();
  await ended;
  await page.until('the end', state('off'));
  expect(await page.ask(`document.querySelector('#nothing').innerText`)).toMatch(/^The guest is off\. /);
});
