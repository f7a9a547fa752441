import { connect } from 'node:net';
import type { WebSocket } from 'ws';

/** Why a viewer's connection ends; web/screen.js reads them. RFC 6455 leaves 4000 to 4999 to programs. */
export const CLOSED = {
  /** The guest is off, and `boot` has ended. */
  off: 4000,
  /** QEMU shows nothing now: it starts, or starts again. */
  noScreen: 4001,
  /** More viewers than MOST_VIEWERS. */
  crowded: 4002,
} as const;

/** Bytes for a viewer that it has not taken yet: then QEMU has to wait. */
const MOST_WAITING = 1 << 20;
/** Milliseconds: QEMU's end is most often the guest's, and then `boot` says so within this time. */
const LINGER = 1000;

/**
 * Carries bytes between a viewer and QEMU's VNC server on a UNIX socket, until one of them is gone. Neither is read faster than the
 * other takes it.
 */
export function relay(viewer: WebSocket, socket: string): void {
  const screen = connect(socket);
  viewer.on('message', (data) => {
    if (screen.writable && !screen.write(data as Buffer)) viewer.pause();
  });
  screen.on('drain', () => viewer.resume());
  screen.on('data', (chunk) => {
    viewer.send(chunk, () => {
      if (viewer.bufferedAmount < MOST_WAITING / 2) screen.resume();
    });
    if (viewer.bufferedAmount > MOST_WAITING) screen.pause();
  });
  // Its close tells the viewer, whatever the reason is.
  screen.on('error', () => undefined);
  screen.on('close', () => {
    // Or it would not hear the viewer's goodbye.
    viewer.resume();
    const timer = setTimeout(() => viewer.close(CLOSED.noScreen), LINGER);
    viewer.on('close', () => clearTimeout(timer));
  });
  viewer.on('close', () => screen.destroy());
}
