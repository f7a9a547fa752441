import RFB from './novnc/core/rfb.js';
import { watchTyping } from './typing.js';

// The page that `osx-iso boot --web` serves: connects to the guest's screen, and again when the connection is lost.

/** As src/web/relay.ts closes a viewer's connection. */
const CLOSED = { off: 4000, noScreen: 4001, crowded: 4002 };
/** Seconds until the next try, the last one from then on: a guest that starts again is back soon. */
const PAUSES = [1, 2, 4, 8];
/** X keysyms (XK_Super_L, XK_Alt_L, XK_Control_L) of the keys that buttons hold. */
const KEYSYMS = /** @type {Record<string, number>} */ ({ MetaLeft: 0xffeb, AltLeft: 0xffe9, ControlLeft: 0xffe3 });
const ESCAPE = 0xff1b;

/** @template {HTMLElement} Kind @param {string} id @param {new () => Kind} kind @returns {Kind} */
function find(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`The page has no #${id}.`);
  return found;
}

const state = find('state', HTMLElement);
const screen = find('screen', HTMLElement);
const nothing = find('nothing', HTMLElement);
const keys = find('keys', HTMLElement);

/** @type {RFB | undefined} The connection, as long as it is good. */
let guest;
let tries = 0;

/** @param {'connecting' | 'connected' | 'lost' | 'off'} name @param {string} words @param {string} [more] */
function say(name, words, more) {
  state.dataset.state = name;
  state.textContent = words;
  nothing.textContent = more ?? words;
  nothing.hidden = name === 'connected';
  for (const button of keys.querySelectorAll('button')) button.disabled = name !== 'connected' && button.id !== 'full';
}

function connect() {
  say('connecting', 'Connecting…');
  const address = new URL('screen', location.href);
  address.protocol = 'ws:';
  const channel = new WebSocket(address);
  const rfb = new RFB(screen, channel, { shared: true });
  rfb.scaleViewport = true;
  rfb.background = '#000000';
  // Until the guest draws its own.
  rfb.showDotCursor = true;
  rfb.addEventListener('connect', () => {
    guest = rfb;
    tries = 0;
    say('connected', 'Connected');
    rfb.focus();
  });
  rfb.addEventListener('desktopname', (event) => {
    // QEMU calls itself "QEMU (name)".
    const name = /** @type {CustomEvent<{ name: string }>} */ (event).detail.name.replace(/^QEMU \((.*)\)$/s, '$1');
    find('name', HTMLElement).textContent = name;
    document.title = `${name} – osx-iso`;
  });
  channel.addEventListener('close', ({ code }) => {
    guest = undefined;
    letGo();
    ended(code);
  });
}

/** @param {number} code Why the connection ended. */
function ended(code) {
  if (code === CLOSED.off)
    return say('off', 'The guest is off', 'The guest is off. Start it again with osx-iso boot --web.');
  const pause = PAUSES[Math.min(tries++, PAUSES.length - 1)] ?? 1;
  const reason =
    code === CLOSED.crowded
      ? 'Too many people look at this guest already'
      : code === CLOSED.noScreen
        ? 'The guest has no screen yet'
        : 'The connection is lost, or osx-iso has ended';
  countdown(pause, reason);
}

/** @param {number} seconds @param {string} reason */
function countdown(seconds, reason) {
  if (seconds <= 0) return connect();
  say('lost', `${reason}; trying again in ${seconds} s`);
  setTimeout(() => countdown(seconds - 1, reason), 1000);
}

/** @param {HTMLButtonElement} button @param {boolean} down */
function hold(button, down) {
  const code = button.dataset.hold ?? '';
  button.setAttribute('aria-pressed', String(down));
  guest?.sendKey(KEYSYMS[code] ?? 0, code, down);
}

const holders = [...keys.querySelectorAll('button')].filter((button) => button.dataset.hold !== undefined);
const isHeld = (/** @type {HTMLButtonElement} */ button) => button.getAttribute('aria-pressed') === 'true';

function letGo() {
  for (const button of holders.filter(isHeld)) hold(button, false);
}

for (const button of holders) {
  button.addEventListener('click', () => {
    hold(button, !isHeld(button));
    guest?.focus();
  });
}
// Held for one key only. Before noVNC, which lets nothing through, but after the key itself.
screen.addEventListener('keyup', () => setTimeout(letGo, 0), true);

find('escape', HTMLButtonElement).addEventListener('click', () => {
  guest?.sendKey(ESCAPE, 'Escape');
  letGo();
  guest?.focus();
});

const full = find('full', HTMLButtonElement);
full.hidden = !document.fullscreenEnabled;
full.addEventListener('click', () => {
  screen.requestFullscreen().then(
    () => guest?.focus(),
    () => undefined,
  );
});

watchTyping({
  open: find('type', HTMLButtonElement),
  dialog: find('typing', HTMLDialogElement),
  text: find('text', HTMLTextAreaElement),
  send: find('send', HTMLButtonElement),
  state: find('typed', HTMLElement),
  guest: () => guest,
});
connect();
