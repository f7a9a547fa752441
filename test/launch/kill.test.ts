import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { needs } from '../helpers/judges/needs.js';
import { scratch } from '../helpers/judges/tool.js';
import { KilledUser, killTimes } from '../helpers/killed.js';
import { LONG } from '../helpers/long.js';

const KEY = 'Not the key, and as long as one: '.padEnd(64, 'k');

it.runIf(LONG)(
  'a boot that is killed at any time leaves nothing that clean does not give back, and the key nowhere',
  {
    timeout: 3_600_000,
  },
  async (context) => {
    needs(context, 'qemu-img', 'qemu-system-x86_64');
    const folder = scratch('kill-boot');
    const osk = join(folder, 'osk');
    const disk = join(folder, 'disk.img');
    writeFileSync(osk, KEY, { mode: 0o600 });
    writeFileSync(disk, new Uint8Array(1 << 20));
    const machine = [
      '--disk',
      disk,
      '--disk-format',
      'raw',
      '--osk-file',
      osk,
      '--accel',
      'tcg',
      '--headless',
      '--net',
      'none',
    ];
    for (const after of killTimes(300, 4000)) {
      const user = new KilledUser();
      const made = join(user.temporary, `made-${after}.qcow2`);
      await user.kill(['boot', '--disk', made, '--create-disk', '1M', ...machine], after);
      expect(user.holding(KEY), `killed after ${after} ms`).toEqual([]);
      const said = user.clean();
      // The disk that was asked for is the user's.
      expect(
        user.left().filter((path) => path !== made),
        `killed after ${after} ms: ${said}`,
      ).toEqual([]);
    }
  },
);
