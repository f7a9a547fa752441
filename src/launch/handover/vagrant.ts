import type { Capabilities } from '../capabilities.js';
import type { Machine } from '../machine.js';
import { machineOptions, pointerOf, qemuParts } from '../qemu.js';
import { hostName } from './host-name.js';
import { escapeXml } from './xml.js';

/**
 * A Vagrantfile for the provider vagrant-libvirt (0.11 and later), without a box: its disks are the machine's own files. The SMC's key is
 * read by QEMU from `smcConfig`, an absolute path.
 */
export function vagrantfile(machine: Machine, capabilities: Capabilities, smcConfig: string): string {
  const { smp, network } = machine;
  const parts = qemuParts(machine, capabilities, { smcConfig });
  const rest = [
    // libvirt has no word for the vendor that vagrant-libvirt would give it; the last -cpu counts.
    ...[...parts.cpu, ...parts.differences, ...parts.smc, ...parts.baseBoard, ...parts.sata, ...parts.disks],
    ...[...machineOptions(machine, capabilities).flatMap((option) => ['-machine', option])],
    ...[...parts.firmware, ...parts.serial, ...parts.clock, ...parts.extra],
  ];
  const card = { 'virtio-net-pci': 'virtio', none: undefined }[network as string] ?? network;
  return [
    '# vagrant up --provider=libvirt',
    '# The files lie where they are, outside of libvirt: its session may read what you may.',
    "# The session's network is libvirt's own bridge, which /etc/qemu/bridge.conf must allow: allow virbr0",
    '# The first start is the installer; vagrant ssh needs Remote Login, and a user of this name, in the guest.',
    'Vagrant.configure("2") do |config|',
    `  config.vm.define ${ruby(hostName(machine.name))} do |node|`,
    '    node.vm.synced_folder ".", "/vagrant", disabled: true',
    '    node.vm.guest = :darwin',
    '    node.vm.boot_timeout = 3600',
    '    node.ssh.username = ENV.fetch("OSX_USER", "vagrant")',
    '    node.ssh.insert_key = false',
    '    # What ssh servers of OS X sign with.',
    '    node.ssh.extra_args = ["-o", "HostKeyAlgorithms=+ssh-rsa", "-o", "PubkeyAcceptedAlgorithms=+ssh-rsa"]',
    '    node.vm.provider :libvirt do |libvirt|',
    ...[
      'qemu_use_session = true',
      `driver = ${ruby(machine.accelerator === 'kvm' ? 'kvm' : 'qemu')}`,
      ...(capabilities.program.startsWith('/') ? [`emulator_path = ${rubyXml(capabilities.program)}`] : []),
      ...(machine.uuid === undefined ? [] : [`uuid = ${ruby(machine.uuid)}`]),
      `machine_type = ${ruby(machine.chipset)}`,
      `memory = ${machine.memory}`,
      `cpus = ${smp.sockets * smp.cores * smp.threads}`,
      `cputopology sockets: ${ruby(String(smp.sockets))}, cores: ${ruby(String(smp.cores))}, threads: ${ruby(String(smp.threads))}`,
      'cpu_mode = "custom"',
      `cpu_model = ${ruby(machine.cpu.model)}`,
      'cpu_fallback = "forbid"',
      'graphics_type = "vnc"',
      'graphics_ip = "127.0.0.1"',
      'video_type = "vga"',
      'memballoon_enabled = false',
      `usb_controller model: ${ruby(machine.usb.controller === 'piix' ? 'piix3-uhci' : 'ich9-ehci1')}`,
      'input type: "keyboard", bus: "usb"',
      `input type: ${ruby(pointerOf(machine, capabilities))}, bus: "usb"`,
      ...(card === 'none' ? ['mgmt_attach = false'] : [`nic_model_type = ${ruby(card)}`]),
      ...(machine.mac === undefined || card === 'none' ? [] : [`management_network_mac = ${ruby(machine.mac)}`]),
    ].map((line) => `      libvirt.${line}`),
    '      # As they stand in libvirt’s XML: vagrant-libvirt writes them there without a change.',
    ...rest.map((word) => `      libvirt.qemuargs value: ${rubyXml(word)}`),
    '    end',
    '  end',
    'end',
    '',
  ].join('\n');
}

/** A word that vagrant-libvirt puts between single quotes of an XML attribute. */
function rubyXml(word: string): string {
  return ruby(escapeXml(word).replaceAll("'", '&apos;'));
}

/** A string literal between single quotes, in which only they and the backslash mean something. */
function ruby(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
