import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { type BuiltIso, buildIso, osxIso } from '../helpers/built-iso.js';
import { makeEfiemuStub } from '../helpers/judges/efiemu-stub.js';
import { GRUB_BOOT_TOOLS, KERNEL_LEFT } from '../helpers/judges/grub-boot.js';
import { needs } from '../helpers/judges/needs.js';
import { run } from '../helpers/judges/tool.js';
import { LONG } from '../helpers/long.js';

// The kernel of the built ISO runs on the very machine that `osx-iso boot` makes: its processor, its AHCI ports, its SMC. The
// loader is not ours: GRUB, on the guest's first disk, reads the kernel from the ISO on the second.

let built: BuiltIso;

beforeAll(async () => {
  if (!LONG) return;
  built = await buildIso({ release: '10.10', scale: 0.0005 });
  writeFileSync(join(built.folder, 'osk'), 'A'.repeat(64), { mode: 0o600 });
}, 300_000);

/** A disk that starts GRUB, which looks for the kernel and starts it. */
async function grubDisk(name: string, nonce: string): Promise<string> {
  const { path } = built.truth.kernel;
  const tree = join(built.folder, `${name}-tree`);
  mkdirSync(join(tree, 'boot/grub'), { recursive: true });
  writeFileSync(join(tree, 'efiemu.o'), makeEfiemuStub(64));
  const script = [
    'serial --unit=0 --speed=115200',
    'terminal_output serial',
    `search --no-floppy --set=osx --file ${path}`,
    'rescue=$root',
    'root=$osx',
    `xnu_kernel64 ${path} nonce=${nonce}`,
    'efiemu_loadcore ($rescue)/efiemu.o',
    'boot',
    'echo "GRUB: did not boot"',
    'reboot',
  ];
  writeFileSync(join(tree, 'boot/grub/grub.cfg'), script.join('\n'));
  const disk = join(built.folder, `${name}.img`);
  const modules =
    'part_apple part_gpt part_msdos hfsplus xnu efiemu vbe normal search search_fs_file serial terminal echo boot reboot biosdisk iso9660';
  const words = ['-d', '/usr/lib/grub/i386-pc', `--install-modules=${modules}`, '--fonts=', '--locales=', '--themes='];
  const made = await run('grub-mkrescue', [...words, '-o', disk, tree]);
  expect({ status: made.status, stderr: made.status === 0 ? '' : made.stderr }).toEqual({ status: 0, stderr: '' });
  return disk;
}

test.runIf(LONG).for(['q35', 'pc'])('the kernel of the ISO runs on %s', async (chipset, context) => {
  needs(context, ...GRUB_BOOT_TOOLS, 'qemu-img');
  const disk = await grubDisk(chipset, `run-${chipset}`);
  // A guest's disks may be written to.
  const iso = join(built.folder, `${chipset}-installer.img`);
  copyFileSync(built.iso, iso);
  const serial = join(built.folder, `${chipset}.log`);
  const { status, stdout } = await osxIso(
    [
      ...['boot', '--disk', disk, '--disk', iso, '--disk-format', 'raw', '--machine', chipset, '--smp', '2'],
      ...['--osk-file', 'osk', '--accel', 'tcg', '--headless', '--serial', serial, '--stop-after', '280', '--json'],
      ...['--qemu-arg=-no-reboot', '--qemu-arg=-device', '--qemu-arg=isa-debug-exit,iobase=0xf4,iosize=0x04'],
    ],
    built.folder,
  );
  const said = readFileSync(serial, 'latin1');
  expect(said).toContain(`OSX-ISO KERNEL nonce=${built.truth.kernel.nonce} bits=64`);
  expect(said).toContain(`args=nonce=run-${chipset}`);
  const end = stdout.split('\n').find((line) => line.includes('"guest"'));
  expect(JSON.parse(end!)).toMatchObject({ by: 'guest', status: KERNEL_LEFT, accelerator: 'tcg' });
  expect(status).toBe(1);
});
