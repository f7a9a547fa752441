/** What screen.js uses of noVNC (its docs/API.md). */
export default class RFB extends EventTarget {
  constructor(target: HTMLElement, channel: WebSocket, options?: { readonly shared?: boolean });
  scaleViewport: boolean;
  background: string;
  showDotCursor: boolean;
  disconnect(): void;
  focus(): void;
  sendKey(keysym: number, code: string, down?: boolean): void;
}
