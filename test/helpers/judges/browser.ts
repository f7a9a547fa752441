import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { find } from './needs.js';
import { HANG, kept, scratch } from './tool.js';

// Chromium without a window, spoken to by the Chrome DevTools Protocol on a pipe: JSON texts, each ended by a zero byte.

type Params = Readonly<Record<string, unknown>>;

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Params;
  readonly result?: Params;
  readonly error?: { readonly message: string };
}

/** One page in a browser of its own. */
export interface Page {
  /** What the page, or the browser about it, has complained of. */
  readonly complaints: readonly string[];
  go(url: string): Promise<void>;
  /** The value of an expression in the page, awaited. Throws what it throws. */
  ask<T>(expression: string): Promise<T>;
  /** Waits until the expression is true; throws after some time, with `what` and what the page says then. */
  until(what: string, expression: string): Promise<void>;
  /** Presses and releases one key: KeyboardEvent's `key` and `code`, and its Windows virtual key code. */
  press(key: string, code: string, keyCode: number): Promise<void>;
  /** CSS pixels. */
  resize(width: number, height: number): Promise<void>;
  /** PNG. */
  picture(): Promise<Buffer>;
  close(): Promise<void>;
}

export async function openPage(): Promise<Page> {
  const chromium = find('chromium');
  if (chromium === undefined) throw new Error('chromium is not on this machine: call needs() first');
  const child = kept(
    spawn(
      chromium,
      [
        ...['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run'],
        ...['--disable-extensions', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
        ...[`--user-data-dir=${scratch('chromium')}`, '--remote-debugging-pipe', 'about:blank'],
      ],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] },
    ),
  );
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const waiting = new Map<number, (message: Message) => void>();
  const complaints: string[] = [];
  void gone.then(() => {
    for (const answer of waiting.values()) answer({ error: { message: 'Chromium has ended' } });
  });
  let rest = '';
  const from = child.stdio[4] as Readable;
  from.setEncoding('utf8').on('data', (text: string) => {
    const messages = (rest + text).split('\0');
    rest = messages.pop()!;
    for (const message of messages) hear(JSON.parse(message) as Message);
  });
  const to = child.stdio[3] as Writable;
  to.on('error', () => undefined);

  function hear({ id, method, params = {}, ...answer }: Message): void {
    if (id !== undefined) waiting.get(id)?.(answer);
    if (method === 'Log.entryAdded') {
      const { level, text } = (params as { entry: { level: string; text: string } }).entry;
      // Others are advice.
      if (level === 'error') complaints.push(text);
    }
    if (method === 'Runtime.exceptionThrown') complaints.push(JSON.stringify(params['exceptionDetails']));
  }
  let next = 1;
  let session: string | undefined;
  async function command<T = Params>(method: string, params: Params = {}): Promise<T> {
    const id = next++;
    const answer = await new Promise<Message>((resolve) => {
      waiting.set(id, resolve);
      to.write(`${JSON.stringify({ id, method, params, ...(session !== undefined && { sessionId: session }) })}\0`);
    });
    waiting.delete(id);
    if (answer.error) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result as T;
  }

  const { targetId } = await command<{ targetId: string }>('Target.createTarget', { url: 'about:blank' });
  const attached = await command<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true });
  session = attached.sessionId;
  for (const domain of ['Page', 'Runtime', 'Log']) await command(`${domain}.enable`);

  async function ask<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await command<{ result: { value: T }; exceptionDetails?: unknown }>(
      'Runtime.evaluate',
      { expression, awaitPromise: true, returnByValue: true },
    );
    if (exceptionDetails) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
    return result.value;
  }

  async function until(what: string, expression: string): Promise<void> {
    for (const start = Date.now(); !(await ask<boolean>(`Boolean(${expression})`)); await sleep(50)) {
      if (Date.now() - start < HANG / 3) continue;
      const words = [await ask('document.body.innerText'), ...complaints].join('\n');
      throw new Error(`${what} did not come; the page says: ${words}`);
    }
  }

  return {
    complaints,
    ask,
    until,
    async go(url) {
      await command('Page.navigate', { url });
      await until('the page', `location.href === ${JSON.stringify(url)} && document.readyState === 'complete'`);
    },
    async press(key, code, keyCode) {
      const event = { key, code, windowsVirtualKeyCode: keyCode, ...(key.length === 1 && { text: key }) };
      await command('Input.dispatchKeyEvent', { type: 'keyDown', ...event });
      await command('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
    },
    async resize(width, height) {
      await command('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 600 });
    },
    async picture() {
      return Buffer.from((await command<{ data: string }>('Page.captureScreenshot', {})).data, 'base64');
    },
    async close() {
      session = undefined;
      await command('Browser.close').catch(() => undefined);
      await gone;
    },
  };
}
