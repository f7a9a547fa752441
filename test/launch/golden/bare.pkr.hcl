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
  vm_name          = "osx.qcow2"
  output_directory = "output-osx"
  qemu_binary      = "qemu-system-x86_64"
  accelerator      = "tcg"
  iso_url          = "file:///a"
  iso_checksum     = "none"
  disk_image       = true
  skip_resize_disk = true
  format           = "qcow2"
  net_device       = "e1000-82545em"
  headless         = true
  communicator     = "none"
  qemuargs = [
    ["-no-user-config"],
    ["-nodefaults"],
    ["-machine", "pc,accel=tcg,smbios-entry-point-type=32,vmport=off"],
    ["-m", "2048"],
    ["-cpu", "core2duo,vendor=GenuineIntel"],
    ["-vga", "std"],
    ["-usb"],
    ["-device", "usb-kbd"],
    ["-device", "usb-mouse"],
    ["-smbios", "type=2"],
    ["-device", "ahci,id=sata"],
    ["-drive", "id=MacHDD,if=none,format=qcow2,file={{ .OutputDir }}/{{ .Name }}"],
    ["-device", "ide-hd,bus=sata.2,drive=MacHDD"],
    ["-rtc", "base=localtime"],
  ]
}

build {
  sources = ["source.qemu.osx"]
}
