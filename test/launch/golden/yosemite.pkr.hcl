# packer init . && packer build .
# The installer is clicked through by VNC, whose address packer tells; Remote Login must be switched on: packer waits for ssh.
packer {
  required_plugins {
    qemu = {
      version = ">= 1.0.0"
      source  = "github.com/hashicorp/qemu"
    }
  }
}

variable "ssh_username" {
  type    = string
  default = "packer"
}

variable "ssh_password" {
  type      = string
  default   = ""
  sensitive = true
}

source "qemu" "osx" {
  vm_name          = "yosemite.qcow2"
  output_directory = "output-yosemite"
  qemu_binary      = "qemu-system-x86_64"
  accelerator      = "kvm"
  iso_url          = "file:///iso/Install%20OS%20X%20Yosemite.iso"
  iso_checksum     = "none"
  disk_image       = false
  disk_size        = "61440M"
  format           = "qcow2"
  net_device       = "e1000-82545em"
  headless         = true
  communicator     = "ssh"
  ssh_username     = var.ssh_username
  ssh_password     = var.ssh_password
  ssh_timeout      = "6h"
  shutdown_command = "sudo -n shutdown -h now"
  qemuargs = [
    ["-no-user-config"],
    ["-nodefaults"],
    ["-machine", "q35,accel=kvm,smbios-entry-point-type=32,vmport=off"],
    ["-m", "4096"],
    ["-cpu", "core2duo,vendor=GenuineIntel"],
    ["-smp", "4,sockets=2,cores=2,threads=1"],
    ["-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off"],
    ["-vga", "std"],
    ["-usb"],
    ["-device", "usb-kbd"],
    ["-device", "usb-tablet"],
    ["-readconfig", "/etc/smc.cfg"],
    ["-smbios", "type=2"],
    ["-uuid", "6f1b6b2e-6a0e-4a1c-8f4e-0123456789ab"],
    ["-kernel", "/boot"],
    ["-append", "timeout=5"],
    ["-drive", "id=MacHDD,if=none,format=qcow2,file={{ .OutputDir }}/{{ .Name }}"],
    ["-device", "ide-hd,bus=ide.2,drive=MacHDD"],
    ["-drive", "id=MacDVD,if=none,format=raw,snapshot=on,file=/iso/Install OS X Yosemite.iso"],
    ["-device", "ide-hd,bus=ide.0,drive=MacDVD"],
    ["-rtc", "base=localtime"],
    ["-netdev", "user,id=net0,hostfwd=tcp:127.0.0.1:{{ .SSHHostPort }}-:22"],
    ["-device", "e1000-82545em,netdev=net0,id=mac_vnet0,mac=52:54:00:12:34:56"],
  ]
}

build {
  sources = ["source.qemu.osx"]
}
