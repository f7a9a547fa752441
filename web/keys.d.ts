/** What src/web/assets.ts makes of src/launch/us-keyboard.ts: by character, the key (KeyboardEvent.code), and whether Shift is held. */
export const KEYS: Readonly<Record<string, { readonly code: string; readonly shift: boolean }>>;
