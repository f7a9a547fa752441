import { KEYS } from './keys.js';

// Text for the guest, typed key by key: an installer has no clipboard.

/** Milliseconds between two characters: a USB keyboard is asked every 8, and keeps 16 presses and releases. */
const PACE = 40;
/** X keysyms: a printable one is its character's number. */
const SHIFT = 0xffe1;
const KEYSYMS = /** @type {Record<string, number>} */ ({ '\n': 0xff0d, '\t': 0xff09 });

/**
 * @typedef {{ sendKey(keysym: number, code: string, down?: boolean): void }} Keyboard
 * @typedef {{
 *   readonly open: HTMLButtonElement,
 *   readonly dialog: HTMLDialogElement,
 *   readonly text: HTMLTextAreaElement,
 *   readonly send: HTMLButtonElement,
 *   readonly state: HTMLElement,
 *   guest(): (Keyboard & { focus(): void }) | undefined,
 * }} Parts
 */

/** @param {string} character @param {Keyboard} keyboard */
function press(character, keyboard) {
  const key = KEYS[character];
  if (!key) return;
  if (key.shift) keyboard.sendKey(SHIFT, 'ShiftLeft', true);
  keyboard.sendKey(KEYSYMS[character] ?? character.codePointAt(0) ?? 0, key.code);
  if (key.shift) keyboard.sendKey(SHIFT, 'ShiftLeft', false);
}

/** @param {Parts} parts */
export function watchTyping({ open, dialog, text, send, state, guest }) {
  /** @type {AbortController | undefined} */
  let running;

  const check = () => {
    const missing = [...new Set(text.value)].filter((character) => !(character in KEYS));
    state.textContent = missing.length === 0 ? '' : `A US keyboard has no ${missing.slice(0, 10).join(' ')}`;
    send.disabled = text.value === '' || missing.length > 0;
  };

  const type = async () => {
    running = new AbortController();
    const { signal } = running;
    const characters = [...text.value];
    let done = 0;
    send.textContent = 'Stop';
    text.disabled = true;
    for (const character of characters) {
      const keyboard = guest();
      if (!keyboard || signal.aborted) break;
      press(character, keyboard);
      done++;
      state.textContent = `${done} of ${characters.length}`;
      await new Promise((resolve) => setTimeout(resolve, PACE));
    }
    running = undefined;
    send.textContent = 'Type it';
    text.disabled = false;
    // What is left can be sent once more.
    text.value = characters.slice(done).join('');
    if (text.value === '') dialog.close();
    else check();
  };

  open.addEventListener('click', () => {
    check();
    dialog.showModal();
    text.focus();
  });
  text.addEventListener('input', check);
  send.addEventListener('click', () => {
    if (running) running.abort();
    else void type();
  });
  dialog.addEventListener('close', () => {
    running?.abort();
    guest()?.focus();
  });
}
