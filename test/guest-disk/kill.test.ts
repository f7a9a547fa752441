import { execFileSync, spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fromBytes } from '../../src/formats/bytes.js';
import { HfsVolume } from '../../src/formats/hfsplus/volume.js';
import { COMPILED } from '../helpers/compiled.js';
import { fsck, repaired } from '../helpers/fsck.js';
import { find, needs } from '../helpers/judges/needs.js';
import { kept, scratch } from '../helpers/judges/tool.js';
import { KilledUser, killTimes } from '../helpers/killed.js';
import { LONG } from '../helpers/long.js';
import { diskFile, guestVolume, inMap } from './disks.js';

const PLIST = 'org.chameleon.Boot.plist';

/** A hundred kills are no hang, on a busy machine either. */
const HOURS = { timeout: 3_600_000 };

const index = pathToFileURL(join(COMPILED, 'src', 'index.js')).href;

/** Runs an edit in a process of its own that meets this end while its changes are staged. */
async function ended(image: string, temporary: string, end: string) {
  const script = join(temporary, 'edit.mjs');
  writeFileSync(
    script,
    `import { editImage, stagePlist, Scope } from ${JSON.stringify(index)};
     const controller = new AbortController();
     await editImage({ image: ${JSON.stringify(image)} }, { signal: controller.signal, scope: new Scope() }, async (volume) => {
       const changes = await stagePlist(volume, { base: { Timeout: '5' } });
       ${end}
       return changes;
     }).catch((error) => { console.log(error.name); process.exitCode = error.exitCode; });`,
  );
  const child = kept(spawn(process.execPath, [script], { env: { ...process.env, TMPDIR: temporary } }));
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += String(chunk);
  });
  child.stderr.on('data', (chunk) => {
    out += String(chunk);
  });
  const [code, by] = await new Promise<[number | null, string | null]>((resolve) => {
    child.once('close', (...how) => resolve(how));
  });
  return { code, by, out };
}

describe('a qcow2 whose edit', () => {
  it('is killed is what it was, and nobody holds it', async (context) => {
    needs(context, 'qemu-img', 'qemu-nbd', 'fsck.hfsplus');
    const folder = scratch('kill');
    const disk = inMap(await guestVolume(), 'none');
    const image = diskFile(folder, disk, 'qcow2');
    expect(await ended(image, scratch('tmp'), "process.kill(process.pid, 'SIGKILL');")).toMatchObject({
      by: 'SIGKILL',
    });
    // qemu-nbd sees its only client go, and ends by itself; it held a lock.
    const qemuImg = (...args: string[]) => execFileSync(find('qemu-img')!, args, { stdio: 'pipe' });
    await expect.poll(() => qemuImg('info', image).length, { timeout: 240_000 }).toBeGreaterThan(0);
    qemuImg('convert', '-O', 'raw', image, join(folder, 'after.img'));
    expect(readFileSync(join(folder, 'after.img')).equals(disk)).toBe(true);
    expect(fsck(disk)).toMatchObject({ status: 0 });
  });

  it('is interrupted is what it was, and no folder and no server are left', async (context) => {
    needs(context, 'qemu-img', 'qemu-nbd');
    const folder = scratch('kill');
    const disk = inMap(await guestVolume(), 'none');
    const image = diskFile(folder, disk, 'qcow2');
    const before = readFileSync(image);
    const temporary = scratch('tmp');
    expect(await ended(image, temporary, 'controller.abort();')).toMatchObject({ code: 130, out: 'Interrupted\n' });
    expect(readdirSync(temporary)).toEqual(['edit.mjs']);
    execFileSync(find('qemu-img')!, ['info', image], { stdio: 'pipe' });
    expect(readFileSync(image).equals(before)).toBe(true);
  });

  it.runIf(LONG)('fails is what it was, and no folder and no server are left', async (context) => {
    needs(context, 'qemu-img', 'qemu-nbd');
    const image = diskFile(scratch('kill'), inMap(await guestVolume({ freeBlocks: 1 }), 'none'), 'qcow2');
    const before = readFileSync(image);
    const temporary = scratch('tmp');
    expect(await ended(image, temporary, '')).toMatchObject({ code: 1, out: 'StepError\n' });
    expect(readdirSync(temporary)).toEqual(['edit.mjs']);
    expect(readFileSync(image).equals(before)).toBe(true);
  });

  it.runIf(LONG)(
    'is killed at any time is old or new, and clean gives back whatever is left',
    HOURS,
    async (context) => {
      needs(context, 'qemu-img', 'qemu-nbd', 'fsck.hfsplus');
      const disk = inMap(await guestVolume(), 'none');
      for (const after of killTimes(300, 3000)) {
        const folder = scratch('kill');
        const image = diskFile(folder, disk, 'qcow2');
        const user = new KilledUser();
        await user.kill(['plist', '--image', image], after);
        const cleaned = user.clean();
        expect(user.left(), `killed after ${after} ms: ${cleaned}`).toEqual([]);
        const raw = join(folder, 'after.img');
        execFileSync(find('qemu-img')!, ['convert', '-f', 'qcow2', '-O', 'raw', image, raw], { stdio: 'pipe' });
        const volume = readFileSync(raw);
        const { status, output } = fsck(volume);
        if (status === 0) continue;
        // Between the two headers: systems see the old volume, fsck makes it the new one (commit.ts).
        const said = `killed after ${after} ms: ${output}`;
        const header = (of: Buffer, at: number) => of.subarray(at, at + 512).toString('hex');
        expect(header(volume, 1024), said).toBe(header(disk, 1024));
        expect(header(volume, volume.length - 1024), said).not.toBe(header(disk, disk.length - 1024));
        const mended = repaired(volume);
        expect(mended.status, said).toBe(0);
        const plist = await (await HfsVolume.open(fromBytes(mended.volume, 'mended'))).file(['Extra', PLIST]);
        expect(plist?.size, said).toBeGreaterThan(0);
      }
    },
  );
});
