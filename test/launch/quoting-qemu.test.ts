import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { capabilitiesOf } from '../../src/launch/capabilities.js';
import { type Firmware, makeMachine } from '../../src/launch/machine.js';
import { smcSection } from '../../src/launch/osk.js';
import { qemuArgs } from '../../src/launch/qemu.js';
import { Qmp } from '../../src/launch/qmp.js';
import { find, needs } from '../helpers/judges/needs.js';
import { kept, scratch } from '../helpers/judges/tool.js';
import { LONG } from '../helpers/long.js';
import { makeMultibootStub } from './multiboot-stub.js';
import { nastyName } from './nasty.js';

// QEMU itself says which files it took from our options.

const KEY = 'K'.repeat(64);
const RUNS = LONG ? 50 : 4;

interface Block {
  readonly device: string;
  readonly inserted: {
    readonly image: { readonly filename: string; readonly 'backing-image'?: { readonly filename: string } };
  };
}

/** A name as QEMU shows it: some only as the options they were opened by. */
function fileOf({ inserted: { image } }: Block): string {
  const { filename } = image['backing-image'] ?? image;
  if (!filename.startsWith('json:')) return filename;
  const options = JSON.parse(filename.slice('json:'.length)) as {
    dir?: string;
    filename?: string;
    file?: { dir?: string; filename?: string };
  };
  return options.dir ?? options.file?.dir ?? options.filename ?? options.file?.filename ?? filename;
}

test('files of any name: disks, folder, firmware, loader, serial port, configuration, socket', async (context) => {
  needs(context, 'qemu-system-x86_64');
  const capabilities = (await capabilitiesOf(find('qemu-system-x86_64')!))!;
  const names = fc.uniqueArray(nastyName, {
    minLength: 9,
    maxLength: 9,
    selector: (name) => name.toLowerCase().normalize(),
  });
  await fc.assert(
    fc.asyncProperty(names, fc.boolean(), async (given, uefi) => {
      const folder = scratch('q');
      const [iso, hdd, second, shared, code, vars, serial, config, socket] = given.map((name) =>
        join(folder, name),
      ) as [string, string, string, string, string, string, string, string, string];
      for (const file of [iso, hdd, second]) writeFileSync(file, new Uint8Array(1 << 16));
      mkdirSync(shared);
      writeFileSync(join(shared, 'x'), 'x');
      writeFileSync(code, uefi ? new Uint8Array(1 << 16) : makeMultibootStub('x'));
      if (uefi) writeFileSync(vars, new Uint8Array(1 << 16));
      writeFileSync(config, smcSection(KEY));
      const firmware: Firmware = uefi
        ? { kind: 'uefi', code, vars, varsReadOnly: false }
        : { kind: 'bios', loader: code };
      const machine = makeMachine({
        name: given[0]!,
        accelerator: 'tcg',
        display: { kind: 'none' },
        network: 'none',
        firmware,
        iso,
        disks: [
          { file: hdd, format: 'raw' },
          { file: second, format: 'raw' },
        ],
        folder: shared,
        serial,
        extra: ['-S'],
      });
      const argv = qemuArgs(machine, capabilities, { smcConfig: config, qmp: socket });
      const child = kept(spawn(capabilities.program, argv, { stdio: ['ignore', 'ignore', 'pipe'] }));
      let words = '';
      child.stderr!.on('data', (chunk) => {
        words += String(chunk);
      });
      const ended = new AbortController();
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve(ended.abort())));
      const qmp = await Qmp.connect(socket, ended.signal).catch(() => expect.unreachable(`QEMU ended: ${words}`));
      const blocks = await qmp.command<Block[]>('query-block');
      const taken = Object.fromEntries(
        blocks.filter(({ inserted }) => inserted).map((block) => [block.device, fileOf(block)]),
      );
      expect(taken).toEqual({
        MacDVD: iso,
        MacHDD: hdd,
        MacHDD2: second,
        fatdrive: shared,
        ...(uefi && { pflash0: code, pflash1: vars }),
      });
      const property = (path: string, name: string) => qmp.command('qom-get', { path, property: name });
      expect(await property('/machine/peripheral/smc', 'osk')).toBe(KEY);
      if (!uefi) expect(await property('/machine', 'kernel')).toBe(code);
      expect(await qmp.command('query-name')).toEqual({ name: given[0] });
      expect(existsSync(serial)).toBe(true);
      // Nothing else was made by mistake.
      expect(readdirSync(folder).length).toBe(uefi ? 9 : 8);
      qmp.command('quit').catch(() => undefined);
      await gone;
    }),
    {
      numRuns: RUNS,
      examples: [
        [['i,so', 'h=d', 'json:{}', 'fat:x', 'c,,d', 'v=', 'a,b.log', '-cfg', 'path=q,mp'], false],
        [['i=,', ',', '\n', 'd,i\nr', 'c=d', 'v,s', 's=,,', 'c,f', 'q\n=,'], true],
      ],
    },
  );
});
