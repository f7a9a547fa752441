import type { Capabilities } from '../capabilities.js';
import { MACHINE_OPTIONS, OPTIONS } from '../differences.js';
import type { Disk, Machine } from '../machine.js';
import { pointerOf } from '../qemu.js';
import { escapeXml } from './xml.js';

/** An XML element: attributes, then children or a text. */
interface Element {
  readonly name: string;
  readonly attributes?: Readonly<Record<string, string | number | undefined>>;
  readonly children?: readonly (Element | undefined)[];
  readonly text?: string;
}

const element = (name: string, attributes?: Element['attributes'], ...children: (Element | undefined)[]): Element => ({
  name,
  ...(attributes && { attributes }),
  children,
});
const text = (name: string, value: string, attributes: Element['attributes'] = {}): Element => ({
  name,
  attributes,
  text: value,
});

/**
 * The machine as a libvirt domain, for `virsh define`. The SMC's key is read by QEMU from `smcConfig`, an absolute path; it is never
 * in the XML. A host with AppArmor or SELinux must allow that path.
 */
export function libvirtXml(machine: Machine, capabilities: Capabilities, smcConfig: string): string {
  const { sockets, cores, threads } = machine.smp;
  const domain = element(
    'domain',
    {
      type: { kvm: 'kvm', hvf: 'hvf', tcg: 'qemu' }[machine.accelerator],
      'xmlns:qemu': 'http://libvirt.org/schemas/domain/qemu/1.0',
    },
    text('name', machine.name),
    machine.uuid === undefined ? undefined : text('uuid', machine.uuid),
    text('memory', String(machine.memory), { unit: 'MiB' }),
    text('vcpu', String(sockets * cores * threads)),
    machine.baseBoard ? sysinfo() : undefined,
    os(machine),
    element('features', {}, element('acpi'), element('apic'), element('vmport', { state: 'off' })),
    element(
      'cpu',
      { mode: 'custom', match: 'exact', check: 'none' },
      text('model', machine.cpu.model, { fallback: 'forbid', vendor_id: machine.cpu.vendor }),
      element('topology', { sockets, dies: 1, cores, threads }),
      ...machine.cpu.flags.flatMap(feature),
    ),
    // With a date of its own (below) the offset counts for nothing.
    element('clock', { offset: machine.clock === undefined ? 'localtime' : 'utc' }),
    text('on_poweroff', 'destroy'),
    text('on_reboot', 'restart'),
    text('on_crash', 'destroy'),
    devices(machine, capabilities),
    commandLine(machine, capabilities, smcConfig),
  );
  return `${print(domain, 0)}\n`;
}

/** What `-smbios type=2` gives: a base board that is there. */
function sysinfo(): Element {
  return element(
    'sysinfo',
    { type: 'smbios' },
    element('baseBoard', {}, text('entry', 'QEMU', { name: 'manufacturer' })),
  );
}

function os({ firmware, chipset, baseBoard }: Machine): Element {
  const uefi = firmware.kind === 'uefi' ? firmware : undefined;
  const bios = firmware.kind === 'bios' ? firmware : undefined;
  return element(
    'os',
    {},
    text('type', 'hvm', { arch: 'x86_64', machine: chipset }),
    uefi && text('loader', uefi.code, { readonly: 'yes', type: 'pflash' }),
    // libvirt keeps a copy of its own.
    uefi && element('nvram', { template: uefi.vars }),
    bios?.loader === undefined ? undefined : text('kernel', bios.loader),
    bios?.loader === undefined || bios.append === undefined ? undefined : text('cmdline', bios.append),
    uefi || bios?.loader !== undefined ? undefined : element('boot', { dev: 'hd' }),
    baseBoard ? element('smbios', { mode: 'sysinfo' }) : undefined,
  );
}

/** "+sse4.2": libvirt has a name of its own for some. Words that are no features are QEMU's business. */
function feature(flag: string): Element[] {
  const found = /^([+-])([\w.]+)$/.exec(flag);
  if (!found) return [];
  return [element('feature', { policy: found[1] === '+' ? 'force' : 'disable', name: found[2] })];
}

function devices(machine: Machine, capabilities: Capabilities): Element {
  const { network, display, chipset, mac } = machine;
  const { program } = capabilities;
  return element(
    'devices',
    {},
    // libvirt wants a path; a bare name is left to its own choice.
    program.startsWith('/') ? text('emulator', program) : undefined,
    ...machine.disks.map((disk) => diskElement(disk)),
    element('controller', { type: 'sata', index: 0 }),
    ...usbControllers(machine),
    element('input', { type: 'keyboard', bus: 'usb' }),
    element('input', { type: pointerOf(machine, capabilities), bus: 'usb' }),
    network === 'none'
      ? undefined
      : element(
          'interface',
          { type: 'user' },
          mac === undefined ? undefined : element('mac', { address: mac }),
          element('model', { type: network === 'virtio-net-pci' ? 'virtio' : network }),
          // As on the command line: on PIIX a slot with an interrupt of its own.
          chipset === 'pc'
            ? element('address', { type: 'pci', domain: '0x0000', bus: '0x00', slot: '0x05', function: '0x0' })
            : undefined,
        ),
    machine.serial === undefined
      ? undefined
      : element(
          'serial',
          { type: 'file' },
          element('source', { path: machine.serial }),
          element('target', { port: 0 }),
        ),
    display.kind === 'none'
      ? undefined
      : element('graphics', {
          type: 'vnc',
          port: display.kind === 'vnc' ? 5900 + display.number : -1,
          autoport: display.kind === 'vnc' ? 'no' : 'yes',
          listen: '127.0.0.1',
        }),
    element('video', {}, element('model', { type: 'vga' })),
    element('memballoon', { model: 'none' }),
  );
}

function usbControllers({ usb: { controller }, chipset }: Machine): Element[] {
  if (controller === 'ehci') {
    const slot = chipset === 'q35' ? '0x1d' : '0x07';
    const address = { type: 'pci', domain: '0x0000', bus: '0x00', slot, function: '0x0' };
    return [element('controller', { type: 'usb', index: 0, model: 'ich9-ehci1' }, element('address', address))];
  }
  if (controller === 'piix') return [element('controller', { type: 'usb', index: 0, model: 'piix3-uhci' })];
  const address = (fn: number, first = false) =>
    element('address', {
      type: 'pci',
      domain: '0x0000',
      bus: '0x00',
      slot: '0x1d',
      function: `0x${fn}`,
      multifunction: first ? 'on' : undefined,
    });
  return [
    element('controller', { type: 'usb', index: 0, model: 'ich9-ehci1' }, address(7)),
    ...[0, 1, 2].map((i) =>
      element(
        'controller',
        { type: 'usb', index: 0, model: `ich9-uhci${i + 1}` },
        element('master', { startport: 2 * i }),
        address(i, i === 0),
      ),
    ),
  ];
}

function diskElement(disk: Disk): Element {
  const boot = disk.bootIndex === undefined ? undefined : element('boot', { order: disk.bootIndex + 1 });
  if (disk.format === 'folder') {
    return element(
      'disk',
      { type: 'dir', device: 'disk' },
      element('driver', { name: 'qemu', type: 'fat' }),
      element('source', { dir: disk.file }),
      element('target', { dev: `sdz${disk.id === 'fatdrive' ? 'a' : 'b'}`, bus: 'usb' }),
      element('readonly'),
      boot,
    );
  }
  const port = Number(disk.port);
  return element(
    'disk',
    { type: 'file', device: 'disk' },
    element('driver', { name: 'qemu', type: disk.format }),
    element('source', { file: disk.file }),
    element('target', { dev: `sd${'abcdef'[port]}`, bus: 'sata' }),
    disk.snapshot ? element('transient') : undefined,
    boot,
    element('address', { type: 'drive', controller: 0, bus: 0, target: 0, unit: port }),
  );
}

/** What libvirt has no words for. */
function commandLine(machine: Machine, capabilities: Capabilities, smcConfig: string): Element | undefined {
  const { chipset } = machine;
  const rows = MACHINE_OPTIONS.filter((row) => row.applies(capabilities, chipset) && !row.option.startsWith('vmport'));
  const words = [
    ...rows.flatMap(({ option }) => ['-machine', option]),
    ...OPTIONS.filter((row) => row.applies(capabilities, chipset)).flatMap(({ option }) => option),
    ...(machine.smc ? ['-readconfig', smcConfig] : []),
    ...(machine.clock === undefined ? [] : ['-rtc', `base=${machine.clock}`]),
    ...machine.extra,
  ];
  if (words.length === 0) return undefined;
  return element('qemu:commandline', {}, ...words.map((value) => element('qemu:arg', { value })));
}

function print({ name, attributes = {}, children = [], text: content }: Element, depth: number): string {
  const indent = '  '.repeat(depth);
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${escapeXml(String(value))}"`)
    .join('');
  if (content !== undefined) return `${indent}<${name}${written}>${escapeXml(content)}</${name}>`;
  const inside = children.filter((child) => child !== undefined).map((child) => print(child, depth + 1));
  if (inside.length === 0) return `${indent}<${name}${written}/>`;
  return [`${indent}<${name}${written}>`, ...inside, `${indent}</${name}>`].join('\n');
}
