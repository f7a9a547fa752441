import { HostError } from '../../errors.js';
import type { Host } from '../host.js';
import { install } from '../install.js';

/** What QEMU opens windows with. */
const WINDOWS = ['gtk', 'sdl', 'cocoa'];

/** Why no window can be opened for a guest; undefined where one can. */
export function noWindow(host: Pick<Host, 'screen' | 'qemu' | 'packages'>): HostError | undefined {
  const { screen, qemu } = host;
  if (screen === undefined) {
    return new HostError('There is no display for a window: neither DISPLAY nor WAYLAND_DISPLAY is set.', {
      hint: '--web shows the screen in a browser, --vnc 0 at 127.0.0.1:5900, --headless not at all.',
    });
  }
  const { displays } = qemu ?? {};
  if (!displays || WINDOWS.some((name) => displays.has(name))) return undefined;
  return new HostError('This QEMU was installed without what opens windows (gtk, sdl).', {
    hint: `${install('qemuGui', host)}\nOr --web: the screen in a browser; --vnc 0: at 127.0.0.1:5900.`,
  });
}
