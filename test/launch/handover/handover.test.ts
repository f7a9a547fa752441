import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packerTemplate } from '../../../src/launch/handover/packer.js';
import { proxmoxGuest } from '../../../src/launch/handover/proxmox.js';
import { vagrantfile } from '../../../src/launch/handover/vagrant.js';
import { type Choice, type Machine, makeMachine } from '../../../src/launch/machine.js';
import { qemuParts } from '../../../src/launch/qemu.js';
import { needs } from '../../helpers/judges/needs.js';
import { times } from '../../helpers/long.js';
import { fakeQemu } from '../fake-qemu.js';
import { nastyName } from '../nasty.js';
import { qmCalls, readConf, readHcl, readXmlValues, rendered, shellwords, vagrantCalls } from './readers.js';

const qemu = fakeQemu('8.2.0');
const SMC = '/etc/smc.cfg';
const SIZE = 60 * 2 ** 30;
const choice: Choice = {
  name: 'yosemite',
  firmware: { kind: 'bios', loader: '/boot', append: 'timeout=5' },
  iso: '/iso/Install OS X Yosemite.iso',
  disks: [{ file: '/guests/mac.qcow2', format: 'qcow2' }],
  processors: 4,
  memory: 4096,
  mac: '52:54:00:12:34:56',
  uuid: '6f1b6b2e-6a0e-4a1c-8f4e-0123456789ab',
};
const uefi: Choice = {
  ...choice,
  release: '10.15',
  firmware: { kind: 'uefi', code: '/OVMF/CODE.fd', vars: '/OVMF/VARS.fd', varsReadOnly: false },
  loaderDisk: { file: '/oc.img', format: 'raw' },
};
const bare: Choice = {
  disks: [{ file: '/a', format: 'raw' }],
  network: 'none',
  smc: false,
  accelerator: 'tcg',
  chipset: 'pc',
};

const MACHINES: readonly (readonly [string, Choice])[] = [
  ['yosemite', choice],
  ['uefi', uefi],
  ['bare', bare],
];
const printed = (machine: Machine) => ({
  proxmox: proxmoxGuest(machine, qemu, SMC),
  packer: packerTemplate(machine, qemu, { smcConfig: SMC, diskSize: SIZE }),
  vagrant: vagrantfile(machine, qemu, SMC),
});

test.each(MACHINES)('%s, whole', async (name, given) => {
  const { proxmox, packer, vagrant } = printed(makeMachine(given));
  const golden = (file: string) => join(import.meta.dirname, '..', 'golden', `${name}.${file}`);
  await expect(proxmox.conf).toMatchFileSnapshot(golden('proxmox.conf'));
  await expect(proxmox.commands).toMatchFileSnapshot(golden('proxmox.sh'));
  await expect(packer).toMatchFileSnapshot(golden('pkr.hcl'));
  await expect(vagrant).toMatchFileSnapshot(golden('Vagrantfile'));
});

test('the key is a file’s name', () => {
  expect(JSON.stringify(printed(makeMachine(choice)))).not.toMatch(/osk/i);
});

describe('Proxmox', () => {
  test('has its own words for what it knows, and args for the rest', (context) => {
    needs(context, 'perl');
    const settings = readConf(printed(makeMachine(choice)).proxmox.conf);
    expect(Object.fromEntries([...settings].filter(([key]) => key !== 'args'))).toEqual({
      balloon: '0',
      bios: 'seabios',
      boot: 'order=sata2;sata0',
      cores: '2',
      localtime: '1',
      machine: 'q35',
      memory: '4096',
      name: 'yosemite',
      net0: 'e1000-82545em=52:54:00:12:34:56,bridge=vmbr0',
      ostype: 'other',
      sata0: '/iso/Install OS X Yosemite.iso,format=raw,snapshot=1',
      sata2: '/guests/mac.qcow2,format=qcow2',
      smbios1: 'uuid=6f1b6b2e-6a0e-4a1c-8f4e-0123456789ab',
      sockets: '2',
      tablet: '1',
      vga: 'std',
    });
    const [argv] = shellwords([settings.get('args')!]);
    expect(argv!.join(' ')).toContain(`-readconfig ${SMC}`);
    expect(argv!.join(' ')).toContain('-cpu core2duo,vendor=GenuineIntel');
    expect(argv!.join(' ')).toContain('-kernel /boot -append timeout=5');
  });

  test('the commands say the same', () => {
    for (const [, given] of MACHINES) {
      const { conf, commands } = printed(makeMachine(given)).proxmox;
      const [call] = qmCalls([commands]);
      const options = [...readConf(conf)].flatMap(([key, value]) => [`--${key}`, value]);
      expect(call).toEqual(['create', '100', ...options]);
    }
  });

  test('a machine without an address keeps the one it is given', () => {
    const { mac: _, ...without } = choice;
    const net0 = () => readConf(printed(makeMachine(without)).proxmox.conf).get('net0');
    expect(net0()).toMatch(/^e1000-82545em=02(:[0-9A-F]{2}){5},bridge=vmbr0$/);
    expect(net0()).toBe(net0());
  });

  test('a line cannot hold a line break', () => {
    for (const file of ['/a\nb', '/a\rb', '/a\u0007b', '/a\u0085b']) {
      expect(() => printed(makeMachine({ ...choice, iso: file })).proxmox).toThrow(
        /cannot be written for Proxmox: "args" is one line, without U\+00/,
      );
    }
  });
});

describe('Packer', () => {
  test('makes the disk, and knows the ISO only as a hard disk', () => {
    const text = printed(makeMachine(choice)).packer;
    const { qemuargs, ...source } = readHcl(text).source.qemu.osx[0];
    expect(source).toMatchObject({
      iso_url: 'file:///iso/Install%20OS%20X%20Yosemite.iso',
      iso_checksum: 'none',
      disk_image: false,
      disk_size: '61440M',
      format: 'qcow2',
      communicator: 'ssh',
      headless: true,
    });
    const argv = qemuargs.map((words) => words.map(rendered));
    expect(argv).toContainEqual(['-drive', 'id=MacHDD,if=none,format=qcow2,file=OUT/NAME']);
    expect(argv).toContainEqual([
      '-drive',
      'id=MacDVD,if=none,format=raw,snapshot=on,file=/iso/Install OS X Yosemite.iso',
    ]);
    expect(argv).toContainEqual(['-netdev', 'user,id=net0,hostfwd=tcp:127.0.0.1:2222-:22']);
    expect(argv.join()).not.toContain('cdrom');
    // Its own cards would be added where none has this name.
    expect(argv.flat().some((word) => word.startsWith(`${String(source['net_device'])},`))).toBe(true);
    // An option alone, or with one value: the builder joins more without a blank.
    expect(Math.max(...argv.map((words) => words.length))).toBe(2);
  });

  test('copies a disk that is there, and needs one or an ISO', () => {
    const { iso: _, ...installed } = choice;
    const [source] = readHcl(printed(makeMachine(installed)).packer).source.qemu.osx;
    expect(source).toMatchObject({ iso_url: 'file:///guests/mac.qcow2', disk_image: true, skip_resize_disk: true });
    const { disks: __, ...fresh } = choice;
    expect(printed(makeMachine(fresh)).packer).toContain('format=qcow2,file={{ .OutputDir }}/{{ .Name }}"');
    const nothing = makeMachine({ ...installed, disks: [] });
    expect(() => packerTemplate(nothing, qemu, { smcConfig: SMC, diskSize: SIZE })).toThrow(
      /needs an installer or a disk/,
    );
  });

  test('HCL composes accents, so that other names are refused', () => {
    expect(readHcl('source = "a\u0308"')).toEqual({ source: '\u00e4' });
    expect(() => printed(makeMachine({ ...choice, iso: '/a\u0308' })).packer).toThrow(/would be another file/);
    expect(printed(makeMachine({ ...choice, iso: '/\u00e4' })).packer).toContain('/\u00e4');
  });
});

test('Vagrant’s machine', (context) => {
  needs(context, 'ruby');
  const [calls] = vagrantCalls([printed(makeMachine(choice)).vagrant]);
  const set = Object.fromEntries(
    calls!.filter(({ name }) => name.endsWith('=')).map(({ name, args }) => [name, args[0]]),
  );
  expect(set).toMatchObject({
    'machine_type=': 'q35',
    'memory=': 4096,
    'cpus=': 4,
    'cpu_model=': 'core2duo',
    'nic_model_type=': 'e1000-82545em',
    'management_network_mac=': '52:54:00:12:34:56',
    'memballoon_enabled=': false,
  });
  expect(calls!.filter(({ name }) => name === 'input').map(({ options }) => options)).toEqual([
    { type: 'keyboard', bus: 'usb' },
    { type: 'tablet', bus: 'usb' },
  ]);
});

test('files of any name, read back by Perl, sh, HashiCorp’s parser, Ruby and an XML parser', (context) => {
  needs(context, 'perl', 'ruby');
  const names = fc.uniqueArray(nastyName, { minLength: 3, maxLength: 3, selector: (name) => name.normalize() });
  const examples: [string, string, string][] = [
    [" ' ", '"', '`$(touch hit)`'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: HCL's, not ours.
    ['$', '%', '${x}%{y}$${'],
    ['{{ .Name }}', '{{{', '{{`'],
    ['a,b', 'c,,d', 'e=f'],
    ["#{x}\\'", '&amp;', "'><"],
  ];
  // One at least that all of them can hold, whatever chance gives.
  const held = names.filter((three) => three.every((name) => !/\p{Cc}/u.test(name) && name === name.normalize('NFC')));
  const drawn = [...fc.sample(names, times(60, 3)), ...fc.sample(held, 1)] as [string, string, string][];
  const machines = [...examples, ...drawn].map((given) => {
    const [iso, hdd, loader] = given.map((name) => `/${name}`) as [string, string, string];
    return makeMachine({
      ...choice,
      firmware: { kind: 'bios', loader },
      iso,
      disks: [
        { file: hdd, format: 'raw' },
        { file: `${hdd}2`, format: 'raw' },
      ],
    });
  });
  const written = (print: (machine: Machine) => string, refused: (text: string) => boolean) =>
    machines.flatMap((machine) => {
      try {
        return [{ machine, text: print(machine) }];
      } catch (error) {
        // Only what the format cannot hold is refused.
        expect(error).toMatchObject({ exitCode: 2 });
        expect(refused(JSON.stringify(machine.disks) + JSON.stringify(machine.firmware))).toBe(true);
        return [];
      }
    });
  /** Each option and its value. */
  const options = (argv: readonly string[]) =>
    argv.flatMap((word, i) => (['-drive', '-kernel', '-device'].includes(word) ? [`${word} ${argv[i + 1]}`] : []));
  const wanted = (machine: Machine) => {
    const { disks, firmware } = qemuParts(machine, qemu);
    return options([...disks, ...firmware]);
  };

  const control = (text: string) => /\\[nrtbf]|\\u00[01]|\u007f/.test(text);
  const proxmox = written((machine) => proxmoxGuest(machine, qemu, SMC).conf, control);
  const calls = qmCalls(proxmox.slice(0, 20).map(({ machine }) => proxmoxGuest(machine, qemu, SMC).commands));
  const args = shellwords(proxmox.map(({ text }) => readConf(text).get('args')!));
  proxmox.forEach(({ machine, text }, i) => {
    const settings = readConf(text);
    const found = options(args[i]!);
    for (const { file, port, format, snapshot } of machine.disks) {
      const drive = settings.get(`sata${port}`);
      if (drive === undefined) continue;
      expect(drive).toBe(`${file},format=${format}${snapshot ? ',snapshot=1' : ''}`);
      expect(file).not.toMatch(/[,=]/);
    }
    const left = machine.disks.filter(({ port }) => !settings.has(`sata${port}`)).map(({ id }) => id);
    const expected = wanted(machine).filter(
      (option) => option.startsWith('-kernel') || left.some((id) => new RegExp(`(id|drive)=${id}(,|$)`).test(option)),
    );
    expect(found).toEqual(expect.arrayContaining(expected));
    if (calls[i]) expect(calls[i]!.slice(2)).toEqual([...settings].flatMap(([key, value]) => [`--${key}`, value]));
  });

  const packer = written(
    (machine) => packerTemplate(machine, qemu, { smcConfig: SMC, diskSize: SIZE }),
    (text) => text !== text.normalize('NFC'),
  );
  for (const { machine, text } of packer) {
    const [{ qemuargs, iso_url: url }] = readHcl(text).source.qemu.osx;
    const own = machine.disks.find(({ id }) => id === 'MacHDD')!;
    const made = {
      ...machine,
      disks: machine.disks.map((disk) => (disk === own ? { ...disk, file: 'OUT/NAME', format: 'qcow2' } : disk)),
    };
    expect(options(qemuargs.flat().map(rendered))).toEqual(expect.arrayContaining(wanted(made)));
    expect(decodeURIComponent(new URL(rendered(String(url))).pathname)).toBe(
      machine.disks.find(({ id }) => id === 'MacDVD')!.file,
    );
  }

  const vagrant = written((machine) => vagrantfile(machine, qemu, SMC), control);
  vagrantCalls(vagrant.map(({ text }) => text)).forEach((seen, i) => {
    const words = seen.filter(({ name }) => name === 'qemuargs').map(({ options: { value } }) => String(value));
    expect(options(readXmlValues(words))).toEqual(expect.arrayContaining(wanted(vagrant[i]!.machine)));
  });
  expect(Math.min(proxmox.length, packer.length, vagrant.length)).toBeGreaterThan(examples.length);
});
