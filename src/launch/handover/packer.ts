import { UsageError } from '../../errors.js';
import type { Capabilities } from '../capabilities.js';
import { type Disk, FIRST_DISK_PORT, type Machine } from '../machine.js';
import { diskOptions, qemuParts } from '../qemu.js';
import { hostName } from './host-name.js';

/** Where Packer has the disk that it makes, or the copy of the one it is given. Its own fields of qemuargs. */
const OWN_DISK = { folder: '{{ .OutputDir }}', name: '{{ .Name }}', port: '{{ .SSHHostPort }}' };
/** Stands for the disk in an option, until the option is a template; no path has a zero byte. */
const MARK = '\0';

/**
 * A template (HCL2) for Packer's builder "qemu". Its ISO would be a CD, on which loaders see nothing: everything goes through qemuargs,
 * which replace what the builder would say by the same option. The disk is Packer's own; `diskSize` is in bytes. The SMC's key is read
 * by QEMU from `smcConfig`, an absolute path.
 */
export function packerTemplate(
  machine: Machine,
  capabilities: Capabilities,
  { smcConfig, diskSize }: { readonly smcConfig: string; readonly diskSize: number },
): string {
  const iso = machine.disks.find(({ id }) => id === 'MacDVD');
  const hdd = machine.disks.find(({ id }) => id === 'MacHDD');
  const parts = qemuParts(machine, capabilities, { smcConfig });
  const disks = withOwnDisk(machine).flatMap((disk) => diskOptions(disk, machine.chipset, capabilities));
  const argv = [
    ...[...parts.alone, ...parts.machine, ...parts.memory, ...parts.cpu, ...parts.smp, ...parts.differences],
    ...['-vga', 'std', ...parts.usb, ...parts.smc, ...parts.baseBoard, ...parts.uuid, ...parts.firmware, ...parts.sata],
    ...[...disks, ...parts.serial, ...parts.clock, ...parts.extra],
  ];
  // Packer's connection to the guest's ssh is a port that it finds.
  const hasNetwork = parts.network.length > 0;
  const netdev = `user,id=net0,hostfwd=tcp:127.0.0.1:${OWN_DISK.port}-:22`;
  const card = parts.network[3];
  const source = iso ?? hdd;
  if (source === undefined) {
    throw new UsageError('Packer needs an installer or a disk to begin with.', 'Give an ISO, or --disk FILE.');
  }
  return [
    '# packer init . && packer build .',
    '# The installer is clicked through by VNC, whose address packer tells; Remote Login must be switched on: packer waits for ssh.',
    'packer {',
    '  required_plugins {',
    '    qemu = {',
    '      version = ">= 1.0.0"',
    '      source  = "github.com/hashicorp/qemu"',
    '    }',
    '  }',
    '}',
    '',
    'variable "ssh_username" {',
    '  type    = string',
    '  default = "packer"',
    '}',
    '',
    'variable "ssh_password" {',
    '  type      = string',
    '  default   = ""',
    '  sensitive = true',
    '}',
    '',
    'source "qemu" "osx" {',
    ...[
      ['vm_name', hcl(`${hostName(machine.name)}.qcow2`)],
      ['output_directory', hcl(`output-${hostName(machine.name)}`)],
      ['qemu_binary', hcl(template(capabilities.program))],
      ['accelerator', hcl(machine.accelerator)],
      // A URL: what go-getter reads as more than a path is escaped in it.
      ['iso_url', hcl(fileUrl(source.file))],
      ['iso_checksum', hcl('none')],
      ['disk_image', String(iso === undefined)],
      ...(iso === undefined
        ? [['skip_resize_disk', 'true']]
        : [['disk_size', hcl(`${Math.ceil(diskSize / 2 ** 20)}M`)]]),
      ['format', hcl('qcow2')],
      ['net_device', hcl(card === undefined ? 'e1000-82545em' : card.split(',')[0]!)],
      ['headless', 'true'],
      ['communicator', hcl(hasNetwork ? 'ssh' : 'none')],
      ...(hasNetwork
        ? [
            ['ssh_username', 'var.ssh_username'],
            ['ssh_password', 'var.ssh_password'],
            ['ssh_timeout', hcl('6h')],
            // For a user who may do that without a password.
            ['shutdown_command', hcl('sudo -n shutdown -h now')],
          ]
        : []),
    ].map(([name, value]) => `  ${name!.padEnd(16)} = ${value}`),
    '  qemuargs = [',
    ...pairs(argv).map((words) => `    [${words.map((word) => hcl(ownTemplate(word))).join(', ')}],`),
    ...(hasNetwork
      ? [`    [${[hcl('-netdev'), hcl(netdev)].join(', ')}],`, `    [${hcl('-device')}, ${hcl(template(card!))}],`]
      : []),
    '  ]',
    '}',
    '',
    'build {',
    '  sources = ["source.qemu.osx"]',
    '}',
    '',
  ].join('\n');
}

/** The first disk is the one that Packer makes, or the copy that it makes of it; without one there is one all the same. Always qcow2. */
function withOwnDisk({ disks, firmware }: Machine): Disk[] {
  const own = { file: MARK, format: 'qcow2' };
  if (disks.some(({ id }) => id === 'MacHDD'))
    return disks.map((disk) => (disk.id === 'MacHDD' ? { ...disk, ...own } : disk));
  const bootIndex = firmware.kind === 'uefi' ? { bootIndex: disks.length } : {};
  return [...disks, { id: 'MacHDD', ...own, port: FIRST_DISK_PORT, snapshot: false, ...bootIndex }];
}

/** An option and its value. */
function pairs(argv: readonly string[]): string[][] {
  const found: string[][] = [];
  for (const [i, word] of argv.entries()) {
    const isValue = i > 0 && !word.startsWith('-') && argv[i - 1]!.startsWith('-') && found.at(-1)!.length === 1;
    if (isValue) found.at(-1)!.push(word);
    else found.push([word]);
  }
  return found;
}

function ownTemplate(word: string): string {
  return word.split(MARK).map(template).join(`${OWN_DISK.folder}/${OWN_DISK.name}`);
}

/** Node's pathToFileURL loses control characters at the end of a name. */
function fileUrl(path: string): string {
  return `file://${path.split('/').map(encodeURIComponent).join('/')}`;
}

/** A text in which Packer's own templates (Go's text/template) find nothing to replace. */
function template(text: string): string {
  return text.replaceAll('{{', '{{ `{{` }}');
}

/** What a string of HCL2 has to be written for; hclsyntax's specification, "Quoted Template Expressions". */
const ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '"': '\\"', '\\': '\\\\' };

/** UsageError for a text that HCL2 would change: its strings are in Unicode's form NFC (measured with its own parser). */
function hcl(text: string): string {
  if (text !== text.normalize('NFC')) {
    throw new UsageError(
      `${JSON.stringify(text)} cannot be written in HCL, which would compose its accents: it would be another file.`,
      'Give the file a name in composed form (NFC), or take --format shell.',
    );
  }
  const written = text
    .replace(/["\\\n\r\t]/g, (character) => ESCAPES[character]!)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is escaped.
    .replace(/[\u0000-\u001f\u007f]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(/[$%](?=\{)/g, '$&$&');
  return `"${written}"`;
}
